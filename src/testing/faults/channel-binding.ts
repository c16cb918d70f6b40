import type { Element } from "../../xml/element.ts";
import { ns } from "../../xmpp/ns.ts";
import { type CommonOptions, defineFault } from "./fault.ts";

export interface BindingFault extends CommonOptions {
  readonly fault: "channel-binding";
}

export const channelBinding = defineFault({
  name: "channel-binding",
  doc: "The two ends are not on the same channel (RFC 5929, RFC 9266): somebody sits between them, and SCRAM-…-PLUS and the tokens that are bound to it fail.",
  fields: {},
  start(_, site) {
    return site.seams.passing.add((passing) => {
      if (passing.direction !== "in" || passing.kind !== "nonza") return false;
      const element = passing.copy();
      const holder = messageIn(element);
      const changed = holder && moved(Buffer.from(holder.getText(), "base64"), element);
      if (!holder || !changed || !site.happens(passing.client)) return false;
      holder.children = [changed.toString("base64")];
      passing.passAs(element);
      return true;
    });
  },
});

/** The element with what a mechanism says to the server. */
function messageIn(element: Element): Element | undefined {
  if (element.is("authenticate", ns.SASL2)) return element.getChild("initial-response");
  return [ns.SASL, ns.SASL2].some((each) => element.is("response", each)) ? element : undefined;
}

/** The same message from another channel; undefined where it is bound to none. */
function moved(message: Buffer, { attrs }: Element): Buffer | undefined {
  // Of HT the hash is over the channel as well; nothing is said of that with NONE.
  const mechanism = String(attrs["mechanism"] ?? "");
  if (mechanism.startsWith("HT-")) {
    return mechanism.endsWith("-NONE") ? undefined : flipped(message, message.indexOf(0) + 1);
  }
  // RFC 5802 §7: c= is the header of the first message, which ends with the second comma, and what the channel says.
  const [, bound, rest = ""] = /^c=([^,]*)(.*)$/s.exec(message.toString("latin1")) ?? [];
  if (bound === undefined) return undefined;
  const binding = Buffer.from(bound, "base64");
  const end = binding.indexOf(",", binding.indexOf(",") + 1) + 1;
  if (end === binding.length) return undefined;
  return Buffer.from(`c=${flipped(binding, end).toString("base64")}${rest}`, "latin1");
}

function flipped(bytes: Buffer, from: number): Buffer {
  return Buffer.from(bytes.map((byte, index) => (index < from ? byte : byte ^ 0xff)));
}
