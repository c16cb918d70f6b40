import type { Awaitable } from "../util/awaitable.ts";
import type { XmlElement } from "../xml/parser.ts";
import type { ClientStream } from "./client-stream.ts";
import type { BindingFeature, InlineFeature } from "./inline-feature.ts";

/** One child of `<stream:features/>` and the elements that negotiate it (RFC 6120 §4.3.2). Shared by all streams of a host. */
export interface StreamFeature {
  readonly ns: string;
  /** The advertisement as XML text, or undefined when the stream cannot use the feature now. */
  offer(stream: ClientStream): string | undefined;
  /** When true and offered, nothing behind it is offered: it must be negotiated first. */
  readonly exclusive?: (stream: ClientStream) => boolean;
  /** An element of the feature's namespace, or, before a session is bound, an IQ with such a child. */
  receive?(stream: ClientStream, element: XmlElement): Awaitable<void>;
  /** The stream ended during negotiation. */
  forget?(stream: ClientStream): void;
  /** What of it goes along with authentication (XEP-0388), if anything. */
  readonly inline?: InlineFeature;
  /** What of it goes along with resource binding (XEP-0386), if anything. */
  readonly binding?: BindingFeature;
}
