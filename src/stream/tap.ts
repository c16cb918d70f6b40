import { escapeAttribute } from "../xml/element.ts";
import type { StreamTag, XmlElement } from "../xml/parser.ts";
import { ns } from "../xmpp/ns.ts";
import type { XmlStream } from "./xml-stream.ts";

/** "taken": it is the tap's now, to drop it, or to hand it back later. */
export type TapOutcome = "taken" | undefined | void;

/**
 * Hears everything that a server's streams carry, secrets included, and may take of it what it wants: inspectors and
 * test rigs hang here. A server without one asks once for each element whether it has one, and no more.
 */
export interface Tap {
  /** A peer's stream header, before it is looked at. What is taken is gone. */
  opened?(stream: XmlStream, tag: StreamTag): TapOutcome;
  /** A peer's stanza or nonza, before it is dealt with; `stream.deal` takes it back. */
  received?(stream: XmlStream, element: XmlElement): TapOutcome;
  /** A stream header, a stanza, a nonza or the end tag, as text, before it is on its way; `stream.put` takes it back. */
  sent?(stream: XmlStream, text: string): TapOutcome;
  /** The connection is gone. */
  closed?(stream: XmlStream): void;
}

/** One for several: each hears what those before it did not take. */
export function joinTaps(taps: readonly Tap[]): Tap | undefined {
  if (taps.length < 2) return taps[0];
  const offer = (ask: (tap: Tap) => TapOutcome) =>
    taps.some((tap) => ask(tap) === "taken") ? "taken" : undefined;
  return {
    opened: (stream, tag) => offer((tap) => tap.opened?.(stream, tag)),
    received: (stream, element) => offer((tap) => tap.received?.(stream, element)),
    sent: (stream, text) => offer((tap) => tap.sent?.(stream, text)),
    closed: (stream) => taps.forEach((tap) => tap.closed?.(stream)),
  };
}

/** Those that are not in `extraAttributes`. */
const COMMON = ["to", "from", "id", "type", "xml:lang"];

/** A received element as text that means the same within a stream of `jabber:client`. */
export function textOf({ name, ns: namespace, attributes, extraAttributes, inner }: XmlElement): string {
  let tag = `<${name}`;
  if (namespace !== ns.CLIENT) tag += ` xmlns="${escapeAttribute(namespace)}"`;
  for (const key of COMMON) {
    const value = attributes[key];
    if (value !== undefined) tag += ` ${key}="${escapeAttribute(value)}"`;
  }
  tag += extraAttributes;
  return inner === "" ? `${tag}/>` : `${tag}>${inner}</${name}>`;
}
