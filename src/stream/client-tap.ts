import type { StreamTag, XmlElement } from "../xml/parser.ts";
import { ClientStream } from "./client-stream.ts";
import type { Tap, TapOutcome } from "./tap.ts";

/** A `Tap` that knows clients alone. */
interface ClientTap {
  opened?(stream: ClientStream, tag: StreamTag): TapOutcome;
  received?(stream: ClientStream, element: XmlElement): TapOutcome;
  sent?(stream: ClientStream, text: string): TapOutcome;
  closed?(stream: ClientStream): void;
}

/** Lets everything pass that is not a client's. */
export function ofClients(tap: ClientTap): Tap {
  return {
    opened: (stream, tag) => (stream instanceof ClientStream ? tap.opened?.(stream, tag) : undefined),
    received: (stream, element) =>
      stream instanceof ClientStream ? tap.received?.(stream, element) : undefined,
    sent: (stream, text) => (stream instanceof ClientStream ? tap.sent?.(stream, text) : undefined),
    closed: (stream) => (stream instanceof ClientStream ? tap.closed?.(stream) : undefined),
  };
}
