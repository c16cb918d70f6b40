import { type Command, InvalidArgumentError } from "commander";
import { status } from "../admin/service-commands.ts";
import { endSession, listSessions } from "../admin/session-commands.ts";
import { Jid } from "../xmpp/jid.ts";
import { runningServer } from "./administration.ts";
import type { Environment } from "./environment.ts";
import { type CommonOptions, domainArgument, examples, withCommonOptions } from "./options.ts";

/** Sessions of one domain that are shown. */
const MOST = 1000;

/** `jackdaw session …`: who is connected to the running server. */
export function addSessionCommands(program: Command, environment: Environment): void {
  const { stdout } = environment;
  const session = program.command("session").description("list and end the sessions of the running server");

  withCommonOptions(session.command("list"))
    .description("list who is connected, from which address and how, one a line")
    .argument("[domain]", "only those of this domain", domainArgument)
    .addHelpText("after", examples("session list", "session list example.org"))
    .action(async (domain: string | undefined, options: CommonOptions) => {
      const call = await runningServer(options, environment);
      const domains = domain === undefined ? (await call(status, {})).domains : [domain];
      for (const each of domains) {
        const { sessions, total } = await call(listSessions, {
          domain: each,
          search: undefined,
          limit: MOST,
        });
        for (const shown of sessions) {
          const { jid, address, transport, secure, tls, mechanism, priority } = shown;
          const encryption = tls ?? (secure ? "encrypted" : "not encrypted");
          const columns = [
            jid,
            transport === undefined ? "(waits to resume)" : address,
            transport && `${transport}, ${encryption}`,
            mechanism,
            priority === undefined ? "unavailable" : `priority ${priority}`,
          ];
          stdout.write(`${columns.filter(Boolean).join("  ")}\n`);
        }
        if (total > sessions.length) stdout.write(`… and ${total - sessions.length} more\n`);
      }
    });

  withCommonOptions(session.command("end"))
    .description("end one session of a user, or all of them; they may log in again")
    .argument("<address>", "user@domain/resource, or user@domain for all", sessionArgument)
    .addHelpText("after", examples("session end alice@example.org", "session end alice@example.org/phone"))
    .action(async (address: string, options: CommonOptions) => {
      const { sessions } = await (await runningServer(options, environment))(endSession, { address });
      stdout.write(`Ended ${sessions === 1 ? "1 session" : `${sessions} sessions`} of ${address}\n`);
    });
}

function sessionArgument(text: string): string {
  try {
    const jid = Jid.parse(text);
    if (jid.local !== "") return jid.toString();
  } catch {
    // Told below, like other text that is no session's address.
  }
  throw new InvalidArgumentError("Expected an address like alice@example.org or alice@example.org/phone.");
}
