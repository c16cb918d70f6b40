import type { Command } from "commander";
import { renderUnicodeCompact } from "uqr";
import { createInvite, listInvites, revokeInvite } from "../admin/invite-commands.ts";
import { status } from "../admin/service-commands.ts";
import { administration } from "./administration.ts";
import type { Environment } from "./environment.ts";
import {
  type CommonOptions,
  countArgument,
  domainArgument,
  durationArgument,
  examples,
  userArgument,
  withCommonOptions,
} from "./options.ts";

interface InviteOptions extends CommonOptions {
  readonly domain?: string;
  readonly contact?: string;
  readonly username?: string;
  readonly uses: number;
  readonly expires?: number;
  readonly qr?: boolean;
}

/** `jackdaw invite`: links for people who have no account yet, or are to become contacts. */
export function addInviteCommand(program: Command, environment: Environment): void {
  const { stdout, stderr } = environment;
  const invite = program
    .command("invite")
    .description("invite people by a link, list invitations, take them back");

  withCommonOptions(invite.command("create", { isDefault: true }))
    .description("print a link that lets somebody make an account")
    .option("-d, --domain <domain>", "default: the first domain", domainArgument)
    .option("--contact <address>", "whoever comes becomes a contact of this account", userArgument)
    .option("-u, --username <name>", "the name of the new account; default: they choose it")
    .option("-n, --uses <number>", "how many people may take it", countArgument, 1)
    .option("-e, --expires <time>", "how long it holds (default: as configured, 7d)", durationArgument)
    .option("--qr", "print a QR code as well (default at a terminal)")
    .option("--no-qr", "print no QR code")
    .addHelpText(
      "after",
      examples("invite", "invite --contact alice@example.org --expires 2d", "invite --uses 20 --no-qr"),
    )
    .action(async ({ domain, contact, username, uses, expires, qr, ...options }: InviteOptions) => {
      const call = await administration(options, environment);
      const seconds = expires === undefined ? undefined : Math.ceil(expires / 1000);
      const args = { domain, contact, username, uses, expires: seconds };
      const made = await call(createInvite, args);
      // The page is for everybody, the other link for applications.
      for (const link of [made.landingUrl, made.uri]) if (link !== undefined) stdout.write(`${link}\n`);
      if (qr ?? stdout.isTTY)
        stdout.write(`${renderUnicodeCompact(made.landingUrl ?? made.uri, { border: 2 })}\n`);
      const people = uses === 1 ? "one person" : `${uses} people`;
      stderr.write(
        `For ${people}, until ${minutes(made.expires)}. Take it back with: jackdaw invite revoke ${made.id}\n`,
      );
    });

  withCommonOptions(invite.command("list"))
    .description("list the invitations that hold, without their links, which nobody knows but who got them")
    .argument("[domain]", "only those of this domain", domainArgument)
    .addHelpText("after", examples("invite list"))
    .action(async (domain: string | undefined, options: CommonOptions) => {
      const call = await administration(options, environment);
      const domains = domain === undefined ? (await call(status, {})).domains : [domain];
      for (const each of domains) {
        for (const { id, inviter, username, uses, expires } of (await call(listInvites, { domain: each }))
          .invites) {
          const who = username === undefined ? `${uses} left` : `for ${username}`;
          stdout.write(`${id}  ${inviter}  ${who}  until ${minutes(expires)}\n`);
        }
      }
    });

  withCommonOptions(invite.command("revoke"))
    .description("take an invitation back")
    .argument("<id>", "as `invite list` shows it")
    .addHelpText("after", examples("invite revoke 0123456789ab"))
    .action(async (id: string, options: CommonOptions) => {
      await (await administration(options, environment))(revokeInvite, { id });
      stdout.write(`Took back ${id}\n`);
    });
}

/** "2026-01-08 00:00 UTC" */
function minutes(time: string): string {
  return `${time.slice(0, 16).replace("T", " ")} UTC`;
}
