import { type Element, el } from "../../xml/element.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { message, type Stanza } from "../../xmpp/stanza.ts";

/** XEP-0377 Blocking Command Reports, version 0.4.1, §2 and §4. */
export interface Report {
  /** Who is reported. */
  readonly jid: string;
  /** `urn:xmpp:reporting:spam`, `urn:xmpp:reporting:abuse`, or what clients come to use. */
  readonly reason: string;
  readonly text: string;
  /** Archive ids of the messages that are meant. */
  readonly messages: readonly string[];
}

/** Of the user's words, and of the ids, that are passed on. */
const MAX_TEXT_LENGTH = 2000;
const MAX_MESSAGES = 50;
const MAX_ID_LENGTH = 200;

/** The report in an `<item/>` of a block command, if there is one with a reason. */
export function readReport(item: Element): Report | undefined {
  const report = item.getChild("report", ns.REPORTING);
  const reason: unknown = report?.attrs.reason;
  if (!report || typeof reason !== "string") return undefined;
  return {
    jid: String(item.attrs.jid),
    reason: reason.slice(0, MAX_ID_LENGTH),
    text: (report.getChildText("text") ?? "").slice(0, MAX_TEXT_LENGTH),
    messages: report
      .getChildren("stanza-id", ns.STANZA_ID)
      .slice(0, MAX_MESSAGES)
      .map((id) => String(id.attrs.id).slice(0, MAX_ID_LENGTH)),
  };
}

export function reportMessage(
  from: Jid,
  admin: Jid,
  user: Jid,
  { jid, reason, text, messages }: Report,
): Stanza {
  const kind = reason.slice(reason.lastIndexOf(":") + 1);
  const lines = [
    `${user.toString()} reports ${jid} for ${kind}.`,
    ...(text ? [`"${text}"`] : []),
    ...(messages.length > 0 ? [`Messages: ${messages.join(", ")}`] : []),
  ];
  return message(
    { type: "normal", from, to: admin },
    el("subject", {}, `Report: ${kind}`),
    el("body", {}, lines.join("\n")),
  );
}
