import { ns } from "../../xmpp/ns.ts";
import type { Stanza } from "../../xmpp/stanza.ts";

/** What somebody wants to hear of: words, also encrypted ones, calls, invitations, requests. Not typing, nor receipts. */
export function isWorthWaking(stanza: Stanza): boolean {
  switch (stanza.kind) {
    case "presence":
      return stanza.type === "subscribe";
    case "iq":
      return stanza.type === "set" && stanza.child("jingle", ns.JINGLE)?.attrs.action === "session-initiate";
    case "message":
      return stanza.type !== "error" && stanza.type !== "headline" && saysSomething(stanza);
  }
}

function saysSomething({ heads }: Stanza): boolean {
  return heads.some(
    ({ name, ns: namespace }) =>
      (name === "body" && namespace === ns.CLIENT) ||
      isEncryption(name, namespace) ||
      (name === "propose" && namespace === ns.JINGLE_MESSAGE) ||
      namespace === ns.CONFERENCE,
  );
}

/** Whether its body is for those who cannot read it. */
export function isEncrypted({ heads }: Stanza): boolean {
  return heads.some((head) => isEncryption(head.name, head.ns));
}

function isEncryption(name: string, namespace: string): boolean {
  return namespace === ns.ENCRYPTION || (name === "encrypted" && OMEMO.has(namespace));
}

/** XEP-0384, the version in use and the newest. */
const OMEMO: ReadonlySet<string> = new Set(["eu.siacs.conversations.axolotl", "urn:xmpp:omemo:2"]);
