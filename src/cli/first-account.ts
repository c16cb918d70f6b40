import { addUser, promoteAdmin } from "../admin/account-commands.ts";
import { hostAt, runCommand } from "../admin/command.ts";
import type { AdminContext } from "../admin/context.ts";
import type { Random } from "../util/random.ts";

/** Without letters and digits that look alike; 32 of them, so that a byte chooses evenly. */
const ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789";

/** `admin@` the first domain, an administrator with a random password, when there is no account at all; else undefined. */
export async function makeFirstAccount(
  context: AdminContext,
  random: Random,
): Promise<{ user: string; password: string } | undefined> {
  for (const { accounts, domain } of context.hosts.values()) {
    if ((await accounts.list(domain, { limit: 1 })).length > 0) return undefined;
  }
  const { domain } = hostAt(context);
  const password = randomPassword(random);
  const { user } = await runCommand(addUser, context, { user: `admin@${domain}`, password });
  // Somebody has to be one, and whoever sees this password has the machine.
  await runCommand(promoteAdmin, context, { user });
  return { user, password };
}

/** 100 bits, in groups that can be read out. */
function randomPassword(random: Random): string {
  const letters = Array.from(random.bytes(20), (byte) => ALPHABET[byte % ALPHABET.length]).join("");
  return (letters.match(/.{5}/g) ?? []).join("-");
}
