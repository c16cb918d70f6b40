/**
 * XEP-0133 Service Administration, version 1.3.1
 * https://xmpp.org/extensions/xep-0133.html
 *
 * Lets administrators do from their client what the command line does: the commands are the same, with forms.
 */
import { type AdminCommand, AdminError, logChange, runCommand } from "../../admin/command.ts";
import type { AdminContext } from "../../admin/context.ts";
import { defineModule } from "../../core/module.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { ns } from "../../xmpp/ns.ts";
import { adhoc, adhocService } from "../adhoc/adhoc.ts";
import type { AdhocCommand, Outcome, Requester } from "../adhoc/command.ts";
import type { Face, Run } from "./face.ts";
import { listFaces } from "./list-faces.ts";
import { roomFaces } from "./room-faces.ts";
import { roomFacesService } from "./room-faces-service.ts";
import { serviceFaces } from "./service-faces.ts";
import { userFaces } from "./user-faces.ts";

const ROOM_NODES = "urn:jackdaw:rooms";

export const admin = defineModule({
  name: "admin",
  implements: ["XEP-0133 1.3.1"],
  omits: {
    "XEP-0133": [
      "The password of a user (§4.6), which XEP-0133 itself withdrew: no password is stored.",
      "Blacklist and whitelist (§4.11, §4.12): there is none for the whole service.",
      "Restart (§4.30): who starts the server again after a shutdown is the operating system's matter.",
      "Rates of stanzas and logins in a user's statistics (§4.10), and e-mail and names of a new user (§4.1).",
    ],
  },
  requires: [adhoc],

  setup(host) {
    if (!host.modules.includes(adhoc)) return;
    const hosts: AdminContext["hosts"] = new Map([[host.domain, host]]);
    const { add, addPrefix } = host.use(adhocService);
    // §5
    addPrefix(`${ns.ADMIN}#`, () => new StanzaError("feature-not-implemented"));
    for (const face of [...userFaces, ...listFaces(host.domain), ...serviceFaces]) {
      add(commandOf(face, ns.ADMIN));
    }
    host.provide(
      roomFacesService,
      roomFaces(host.domain).map((face) => commandOf(face, ROOM_NODES)),
    );

    function commandOf(face: Face, nodes: string): AdhocCommand {
      return {
        node: `${nodes}#${face.node}`,
        name: face.name,
        allowed: isAdmin,
        async run(requester) {
          const run = runnerFor(requester);
          if (!face.form) return done(await face.run(run));
          return {
            form: await face.form(run),
            submit: async (values) => done(await face.run(run, values)),
          };
        },
      };
    }

    /** §6: nobody else; and only where their log-in was checked here. */
    function isAdmin({ session }: Requester): boolean {
      return session !== undefined && !session.anonymous && host.isAdmin(session.jid.bare);
    }

    function runnerFor({ from }: Requester): Run {
      // What the turn's end commits, its answers wait for.
      const context = { by: { name: from.toString() }, hosts, commit: () => {} };
      return async <A, R>(command: AdminCommand<A, R>, args: A): Promise<R> => {
        try {
          const result = await runCommand(command, context, args);
          logChange(host.log, context, command, result);
          return result;
        } catch (error) {
          throw error instanceof AdminError ? new StanzaError(error.condition, error.message) : error;
        }
      };
    }
  },
});

/** Clients show nothing of an answer that says nothing. */
function done(outcome: Outcome): Outcome {
  if (outcome.result || outcome.notes) return outcome;
  return { notes: [{ type: "info", text: "Operation finished successfully" }] };
}
