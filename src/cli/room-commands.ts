import { type Command, InvalidArgumentError } from "commander";
import {
  affiliate,
  announceInRooms,
  destroyRoom,
  listRooms,
  lockRoom,
  showRoom,
} from "../admin/room-commands.ts";
import { status } from "../admin/service-commands.ts";
import { administration, runningServer } from "./administration.ts";
import type { Environment } from "./environment.ts";
import { CliError } from "./failure.ts";
import { type CommonOptions, domainArgument, examples, withCommonOptions } from "./options.ts";
import { confirm } from "./password.ts";

const AFFILIATIONS = ["owner", "admin", "member", "outcast", "none"] as const;
type Affiliation = (typeof AFFILIATIONS)[number];

/** Rooms of one domain that are shown. */
const MOST = 500;

/** `jackdaw room …`: the rooms of group chats. */
export function addRoomCommands(program: Command, environment: Environment): void {
  const { stdin, stdout, stderr } = environment;
  const room = program
    .command("room")
    .description("list, show, lock and destroy rooms, say who is what in them, and announce");

  withCommonOptions(room.command("list"))
    .description("list the rooms, hidden ones included, one a line")
    .argument("[domain]", "only those of this domain", domainArgument)
    .option("-s, --search <text>", "only those whose name or address contains this", "")
    .addHelpText("after", examples("room list", "room list example.org --search team"))
    .action(
      async (domain: string | undefined, { search, ...options }: CommonOptions & { search: string }) => {
        const call = await administration(options, environment);
        const domains = domain === undefined ? (await call(status, {})).domains : [domain];
        for (const each of domains) {
          const { rooms } = await call(listRooms, { domain: each, search, limit: MOST });
          for (const { jid, name, occupants, public: isPublic, persistent } of rooms) {
            const kind = [isPublic ? "" : "hidden", persistent ? "" : "temporary"].filter(Boolean).join(", ");
            stdout.write(`${[jid, name, `${occupants} there`, kind].filter(Boolean).join("  ")}\n`);
          }
        }
      },
    );

  withCommonOptions(room.command("show"))
    .description("tell what a room is, who is there, and who belongs to it")
    .argument("<room>", "room@conference.domain")
    .addHelpText("after", examples("room show team@conference.example.org"))
    .action(async (address: string, options: CommonOptions) => {
      const call = await administration(options, environment);
      const shown = await call(showRoom, { room: address });
      const lines = [
        `name         ${shown.name}`,
        `subject      ${shown.subject}`,
        `made         ${shown.created.slice(0, 10)}`,
        ...(shown.lockdown ? ["entry        locked down: members only, moderated, no registration"] : []),
        ...shown.present.map(({ nick, user, role }) => `present      ${nick} (${user}, ${role})`),
        ...shown.affiliations.map((entry) => `${entry.affiliation.padEnd(12)} ${entry.address}`),
      ];
      stdout.write(`${lines.map((line) => line.trimEnd()).join("\n")}\n`);
    });

  withCommonOptions(room.command("destroy"))
    .description("end a room; nothing of it is kept")
    .argument("<room>", "room@conference.domain")
    .option("-r, --reason <text>", "what its occupants are told", "")
    .option("-y, --yes", "do not ask")
    .addHelpText("after", examples("room destroy team@conference.example.org"))
    .action(async (address: string, options: CommonOptions & { reason: string; yes?: boolean }) => {
      const call = await administration(options, environment);
      const question = `Destroy ${address} and everything in it?`;
      if (!options.yes && !(await confirm(stdin, stderr, question)))
        throw new CliError("nothing was destroyed");
      await call(destroyRoom, { room: address, reason: options.reason });
      stdout.write(`Destroyed ${address}\n`);
    });

  withCommonOptions(room.command("affiliate"))
    .description("say what somebody is in a room of the running server")
    .argument("<room>", "room@conference.domain")
    .argument("<address>", "user@domain, or a domain for all of its users")
    .argument("<affiliation>", AFFILIATIONS.join(", "), affiliationArgument)
    .addHelpText("after", examples("room affiliate team@conference.example.org bob@example.org owner"))
    .action(async (address: string, user: string, affiliation: Affiliation, options: CommonOptions) => {
      await (await runningServer(options, environment))(affiliate, { room: address, user, affiliation });
      stdout.write(`${user} is ${affiliation} in ${address} now\n`);
    });

  withCommonOptions(room.command("announce"))
    .description("say something to everybody in a room of the running server, or in all of them")
    .argument("<text>", "what is said")
    .option("--room <address>", "in this room only")
    .option("--domain <domain>", "in the rooms of this domain; default: the first one")
    .addHelpText("after", examples('room announce "The service restarts at noon."'))
    .action(async (text: string, options: CommonOptions & { room?: string; domain?: string }) => {
      const call = await runningServer(options, environment);
      const { rooms } = await call(announceInRooms, { text, room: options.room, domain: options.domain });
      stdout.write(`Announced in ${rooms} ${rooms === 1 ? "room" : "rooms"}\n`);
    });

  withCommonOptions(room.command("lock"))
    .description("lock a room of the running server down: members only, moderated, no registration")
    .argument("<room>", "room@conference.domain")
    .addHelpText("after", examples("room lock team@conference.example.org"))
    .action(async (address: string, options: CommonOptions) => {
      await (await runningServer(options, environment))(lockRoom, { room: address, on: true });
      stdout.write(`${address} is locked down\n`);
    });

  withCommonOptions(room.command("unlock"))
    .description("end the lock-down of a room of the running server")
    .argument("<room>", "room@conference.domain")
    .addHelpText("after", examples("room unlock team@conference.example.org"))
    .action(async (address: string, options: CommonOptions) => {
      await (await runningServer(options, environment))(lockRoom, { room: address, on: false });
      stdout.write(`${address} is open as before\n`);
    });
}

function affiliationArgument(text: string): Affiliation {
  const affiliation = AFFILIATIONS.find((each) => each === text);
  if (affiliation) return affiliation;
  throw new InvalidArgumentError(`Expected one of ${AFFILIATIONS.join(", ")}.`);
}
