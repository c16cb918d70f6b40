import type { KnownKeys } from "../../auth/accounts.ts";
import type { ScramHash } from "../../auth/scram-keys.ts";
import { escapeAttribute, serialize } from "../../xml/element.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { credentialsElement } from "./credentials.ts";
import type { TransferHost } from "./transfer-host.ts";

/** Accounts read at a time. */
const PAGE = 100;
/** Characters gathered before they are written. */
const BUFFER = 64_000;

type Write = (xml: string) => Promise<void>;

export interface ExportOptions {
  /** This account alone. */
  readonly only?: Jid | undefined;
  /** The keys of the passwords too: they can prove them, and passwords be guessed by them (§7). Default: yes. */
  readonly withCredentials?: boolean;
}

/**
 * Writes everything of the accounts of these hosts, or of the one account, as XEP-0227 1.1 has it; one user after
 * another, so that memory holds no more than a piece of one. Returns how many accounts there were.
 */
export async function exportPie(
  write: Write,
  hosts: Iterable<TransferHost>,
  options: ExportOptions = {},
): Promise<number> {
  let buffered = "";
  const gather: Write = async (xml) => {
    buffered += xml;
    if (buffered.length < BUFFER) return;
    const text = buffered;
    buffered = "";
    await write(text);
  };
  const users = await writeServer(gather, hosts, options);
  await write(buffered);
  return users;
}

async function writeServer(
  write: Write,
  hosts: Iterable<TransferHost>,
  { only, withCredentials = true }: ExportOptions,
): Promise<number> {
  let users = 0;
  await write(`<?xml version="1.0" encoding="UTF-8"?>\n<server-data xmlns="${ns.PIE}">`);
  for (const host of hosts) {
    if (only && only.domain !== host.jid.domain) continue;
    await write(`\n<host jid="${escapeAttribute(host.domain)}">`);
    for await (const user of only ? [only] : usersOf(host)) {
      await writeUser(write, host, user, withCredentials);
      users++;
    }
    await write("\n</host>");
  }
  await write("\n</server-data>\n");
  return users;
}

async function* usersOf(host: TransferHost): AsyncGenerator<Jid, void> {
  for (let after: string | undefined; ; ) {
    const page = await host.accounts.list(
      host.domain,
      after === undefined ? { limit: PAGE } : { limit: PAGE, after },
    );
    yield* page;
    if (page.length < PAGE) return;
    after = page.at(-1)?.toString();
  }
}

async function writeUser(
  write: Write,
  host: TransferHost,
  user: Jid,
  withCredentials: boolean,
): Promise<void> {
  await write(`\n<user name="${escapeAttribute(user.local)}">`);
  if (withCredentials) {
    for (const [hash, keys] of await keysOf(host, user))
      await write(serialize(credentialsElement(hash, keys)));
  }
  await host.emit("user:export", { user, write });
  await write("</user>");
}

async function keysOf({ accounts }: TransferHost, user: Jid): Promise<[ScramHash, KnownKeys][]> {
  const keys: [ScramHash, KnownKeys][] = [];
  for (const hash of await accounts.hashesOf(user)) {
    const { genuine, ...found } = await accounts.credentials(user, hash);
    if (genuine) keys.push([hash, found]);
  }
  return keys;
}
