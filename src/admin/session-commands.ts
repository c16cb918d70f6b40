import type { Session } from "../session/session.ts";
import { t } from "../util/schema.ts";
import { el } from "../xml/element.ts";
import { ns } from "../xmpp/ns.ts";
import { AdminError, addressAt, command, domainArgument, guardAdmins, hostAt } from "./command.ts";

/** Most sessions in one answer. */
const MAX_LISTED = 1000;

/** How long a client may take to say what it is; milliseconds. */
const VERSION_TIMEOUT = 3_000;

/** Of what a client says of itself. */
const MAX_TEXT = 200;

export const listSessions = command({
  name: "session-list",
  description:
    "Lists the sessions of a domain: who is connected from where and how, and what waits to be sent to them.",
  area: "sessions",
  changes: false,
  args: t.object({
    domain: domainArgument(),
    search: t.optional(t.string()).doc("Only those whose address contains this."),
    limit: t.integer(MAX_LISTED, { min: 1, max: MAX_LISTED }).doc("At most so many."),
  }),
  async run(context, { domain, search, limit }) {
    const host = hostAt(context, domain);
    const wanted = search?.toLowerCase();
    const sessions = [];
    for (const session of host.sessions.all()) {
      if (sessions.length === limit) break;
      if (wanted === undefined || session.jid.toString().toLowerCase().includes(wanted))
        sessions.push(shown(session));
    }
    return { sessions, total: host.sessions.size };
  },
});

export const showSession = command({
  name: "session-show",
  description: "Tells all that is known of a session, and asks its client what program it is (XEP-0092).",
  area: "sessions",
  changes: false,
  args: t.object({ address: t.string().doc("The session's address, user@domain/resource.") }),
  async run(context, args) {
    const { jid, host } = addressAt(context, args.address);
    const session = host.sessions.get(jid);
    if (!session) throw new AdminError(`${jid.toString()} is not connected`, "item-not-found");
    const { presence } = session;
    return {
      ...shown(session),
      ...(presence && { show: presence.text("show") ?? "online", status: presence.text("status") ?? "" }),
      software: await softwareOf(session),
    };
  },
});

export const endSession = command({
  name: "session-end",
  description:
    "Ends one session (user@domain/resource) or all of a user (user@domain); they may log in again.",
  area: "sessions",
  changes: true,
  args: t.object({ address: t.string().doc("The session's address, or the account's.") }),
  async run(context, args) {
    const { jid, host } = addressAt(context, args.address);
    guardAdmins(context, jid);
    const ended = host.sessions.of(jid.bare).filter((session) => jid.isBare || session.jid.equals(jid));
    if (ended.length === 0) throw new AdminError(`${jid.toString()} is not connected`, "item-not-found");
    for (const session of ended) session.close("policy-violation", "ended by an administrator");
    return { address: jid.toString(), sessions: ended.length };
  },
});

function shown({ jid, stream, presence, priority, management, lastActive }: Session) {
  const encryption = stream?.transport.encryption?.();
  return {
    jid: jid.toString(),
    // Without a connection it waits for its client (XEP-0198).
    address: stream?.remote ?? "",
    secure: stream?.secure ?? false,
    ...(stream && { transport: stream.transport.kind ?? "other", unsent: stream.transport.unsent }),
    ...(encryption && { tls: encryption.protocol, cipher: encryption.cipher }),
    ...(stream?.mechanism !== undefined && { mechanism: stream.mechanism }),
    lastActive: new Date(lastActive).toISOString(),
    ...(presence && { priority }),
    ...(management && {
      management: {
        resumable: management.resumeId !== undefined,
        received: management.handled,
        sent: management.sent,
        unacknowledged: management.unacked.length,
      },
    }),
  };
}

/** Undefined for a client that does not say. */
async function softwareOf(session: Session): Promise<Readonly<Record<string, string>> | undefined> {
  if (!session.attached) return undefined;
  try {
    const answer = await session.request("get", el("query", { xmlns: ns.VERSION }), VERSION_TIMEOUT);
    const text = (name: string) => (answer?.getChildText(name) ?? "").slice(0, MAX_TEXT);
    return { name: text("name"), version: text("version"), os: text("os") };
  } catch {
    return undefined;
  }
}
