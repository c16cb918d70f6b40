/**
 * XEP-0050 Ad-Hoc Commands, version 1.3.0
 * https://xmpp.org/extensions/xep-0050.html
 *
 * Shows users the commands that they may execute, at the domain and as well at their own account, and leads them
 * through their forms. The commands themselves are other modules' matter.
 */
import { defineModule, defineService } from "../../core/module.ts";
import { t } from "../../util/schema.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { ns } from "../../xmpp/ns.ts";
import { disco, discoService } from "../disco.ts";
import type { AdhocCommand } from "./command.ts";
import { CommandList, type CommandsOf } from "./command-list.ts";
import { CommandSessions } from "./command-sessions.ts";

/** The commands of the domain. */
export interface Adhoc {
  /** @throws Error when the node is taken. */
  add(command: AdhocCommand): void;
  /** What whoever asks for a command that is not there hears, where its node begins so. Default: `<item-not-found/>`. */
  addPrefix(prefix: string, missing: () => StanzaError): void;
  /** Commands of other addresses than the domain's. */
  listOf(commandsOf: CommandsOf): CommandList;
}

export const adhocService = defineService<Adhoc>("adhoc");

export const adhoc = defineModule({
  name: "adhoc",
  implements: ["XEP-0050 1.3.0"],
  omits: {
    "XEP-0050": [
      "The list of commands is not pushed in messages (§2.3), which is optional.",
      "Texts are English. Another language in the stanza or stream header is a wish, and answered in English; one on the `<command/>` itself is refused with `<bad-locale/>` (§3.7).",
    ],
  },
  features: [ns.COMMANDS, ns.DATA_FORMS],
  accountFeatures: [ns.COMMANDS],
  requires: [disco],
  config: t.object({
    sessionsPerUser: t
      .integer(5, { min: 1, max: 100 })
      .doc("Commands that one user may have under way; with one more the oldest is forgotten."),
    sessions: t.integer(1000, { min: 1 }).doc("Commands that all users together may have under way."),
    expires: t.duration("15m", { min: 10_000 }).doc("How long a form waits to be filled in."),
  }),

  setup(host, config) {
    const commands = new Map<string, AdhocCommand>();
    const prefixes = new Map<string, () => StanzaError>();
    const sessions = new CommandSessions(host.clock, host.random, config);
    const list = new CommandList(sessions, () => commands, missing);

    host.provide(adhocService, {
      add(command) {
        if (commands.has(command.node)) throw new Error(`two commands at the node ${command.node}`);
        commands.set(command.node, command);
      },
      addPrefix: (prefix, missing) => void prefixes.set(prefix, missing),
      listOf: (commandsOf) => new CommandList(sessions, commandsOf),
    });
    const service = host.find(discoService);
    service?.addNodes(list);
    service?.addOwnNodes(list);
    for (const at of ["host", "self"] as const)
      host.iq("set", ns.COMMANDS, "command", (request) => list.execute(request), at as "host");
    host.hook("session:close", "observe", ({ session }) => sessions.endAll(session.jid));
    host.every(config.expires, () => sessions.sweep());

    /** §4.4 */
    function missing(node: string): StanzaError {
      for (const [prefix, error] of prefixes) if (node.startsWith(prefix)) return error();
      return new StanzaError("item-not-found");
    }
  },
});
