import type { StreamTag, XmlElement } from "../xml/parser.ts";
import { Stream } from "./stream.ts";
import type { Tap, TapOutcome } from "./tap.ts";

/** A `Tap` that knows clients alone. */
interface ClientTap {
  opened?(stream: Stream, tag: StreamTag): TapOutcome;
  received?(stream: Stream, element: XmlElement): TapOutcome;
  sent?(stream: Stream, text: string): TapOutcome;
  closed?(stream: Stream): void;
}

/** Lets everything pass that is not a client's. */
export function ofClients(tap: ClientTap): Tap {
  return {
    opened: (stream, tag) => (stream instanceof Stream ? tap.opened?.(stream, tag) : undefined),
    received: (stream, element) => (stream instanceof Stream ? tap.received?.(stream, element) : undefined),
    sent: (stream, text) => (stream instanceof Stream ? tap.sent?.(stream, text) : undefined),
    closed: (stream) => (stream instanceof Stream ? tap.closed?.(stream) : undefined),
  };
}
