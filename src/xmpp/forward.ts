/** XEP-0297: Stanza Forwarding, version 1.0, https://xmpp.org/extensions/xep-0297.html */
import { formatDateTime } from "./datetime.ts";
import { ns } from "./ns.ts";

const TAG = "<message";

/**
 * The text of a `<forwarded/>`: around `message`, which is what `Stanza.toString` made, and with the time when it was
 * received (§3.2), in milliseconds since the epoch. No tree is built.
 */
export function forwarded(message: string, at: number): string {
  if (!message.startsWith(TAG)) throw new Error("only messages are forwarded");
  return (
    `<forwarded xmlns="${ns.FORWARD}"><delay xmlns="${ns.DELAY}" stamp="${formatDateTime(at)}"/>` +
    `${TAG} xmlns="${ns.CLIENT}"${message.slice(TAG.length)}</forwarded>`
  );
}
