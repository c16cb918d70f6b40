import { announce, announceService } from "../modules/announce.ts";
import { t } from "../util/schema.ts";
import { AdminError, command, domainArgument, explained, hostAt, serviceOf } from "./command.ts";
import type { AdminHost } from "./context.ts";

/** Most addresses in one answer. */
const MAX_LISTED = 1000;

const LONGEST_DELAY_S = 86_400;

/** Whose clients all sent nothing for so many milliseconds is idle. */
const IDLE_AFTER = 15 * 60_000;

export const status = command({
  name: "status",
  description: "Tells which domains are served and how many sessions there are.",
  area: "service",
  changes: false,
  args: t.object({}),
  run: async ({ hosts }) => ({
    domains: [...hosts.keys()],
    sessions: [...hosts.values()].reduce((sum, { sessions }) => sum + sessions.size, 0),
  }),
});

export const countUsers = command({
  name: "user-count",
  description:
    "Counts the accounts of a domain, those that are disabled, and the users who are connected: all, active, idle.",
  area: "accounts",
  changes: false,
  args: t.object({ domain: domainArgument() }),
  async run(context, { domain }) {
    const host = hostAt(context, domain);
    return {
      registered: await host.accounts.count(host.domain),
      disabled: await host.accounts.countDisabled(host.domain),
      online: usersOnline(host, "all").size,
      active: usersOnline(host, "active").size,
      idle: usersOnline(host, "idle").size,
    };
  },
});

export const listOnline = command({
  name: "user-list-online",
  description:
    "Lists the users of a domain who are connected; those whose clients sent nothing for 15 minutes are idle.",
  area: "accounts",
  changes: false,
  args: t.object({
    domain: domainArgument(),
    limit: t.integer(MAX_LISTED, { min: 1, max: MAX_LISTED }).doc("At most so many."),
    which: t.oneOf(["all", "active", "idle"], "all").doc("Which of them."),
  }),
  run: async (context, { domain, limit, which }) => ({
    users: [...usersOnline(hostAt(context, domain), which)].toSorted().slice(0, limit),
  }),
});

export const announceText = command({
  name: "announce",
  description: "Sends a message to everybody who is online.",
  area: "service",
  changes: true,
  args: t.object({ domain: domainArgument(), text: t.string().doc("What it says.") }),
  async run(context, { domain, text }) {
    const service = serviceOf(hostAt(context, domain), announce, announceService);
    return { sessions: await explained(() => service.announce(text)) };
  },
});

const kind = () =>
  t.oneOf(["motd", "welcome"]).doc("`motd`: the message of the day. `welcome`: for those who are new.");

export const showMessage = command({
  name: "message-show",
  description: "Tells the message of the day, or what newcomers are welcomed with.",
  area: "service",
  changes: false,
  args: t.object({ domain: domainArgument(), kind: kind() }),
  async run(context, args) {
    return { text: messagesOf(hostAt(context, args.domain)).text(args.kind) };
  },
});

export const setMessage = command({
  name: "message-set",
  description:
    "Sets the message of the day, which every user gets once, or what newcomers are welcomed with.",
  area: "service",
  changes: true,
  args: t.object({
    domain: domainArgument(),
    kind: kind(),
    text: t.string().doc("What it says."),
    again: t.boolean(true).doc("Whether those get it as well who had the one before."),
  }),
  async run(context, args) {
    const messages = messagesOf(hostAt(context, args.domain));
    await explained(() =>
      args.again ? messages.set(args.kind, args.text) : messages.edit(args.kind, args.text),
    );
    return { kind: args.kind };
  },
});

export const removeMessage = command({
  name: "message-remove",
  description: "Removes the message of the day, or the welcome.",
  area: "service",
  changes: true,
  args: t.object({ domain: domainArgument(), kind: kind() }),
  async run(context, args) {
    const removed = await messagesOf(hostAt(context, args.domain)).remove(args.kind);
    if (!removed) throw new AdminError("there is no such message", "item-not-found");
    return { kind: args.kind };
  },
});

export const shutDown = command({
  name: "shutdown",
  description: "Stops the whole server, now or after a delay, and says so to everybody who is online.",
  area: "service",
  changes: true,
  args: t.object({
    delay: t.integer(0, { max: LONGEST_DELAY_S }).doc("Seconds to wait."),
    text: t.optional(t.string()).doc("What everybody is told first."),
  }),
  async run(context, { delay, text }) {
    for (const host of context.hosts.values()) {
      if (text !== undefined) {
        await explained(() => serviceOf(host, announce, announceService).announce(text));
      }
    }
    const host = hostAt(context);
    // The answer goes first.
    if (delay === 0) host.clock.immediate(() => host.shutDown());
    else host.clock.after(delay * 1000, () => host.shutDown());
    return { delay };
  },
});

function messagesOf(host: AdminHost) {
  return serviceOf(host, announce, announceService);
}

function usersOnline({ sessions, clock }: AdminHost, which: "all" | "active" | "idle"): ReadonlySet<string> {
  const [active, all] = [new Set<string>(), new Set<string>()];
  for (const { jid, lastActive } of sessions.all()) {
    const user = jid.bare.toString();
    all.add(user);
    if (clock.now() - lastActive < IDLE_AFTER) active.add(user);
  }
  if (which === "all") return all;
  return which === "active" ? active : new Set([...all].filter((user) => !active.has(user)));
}
