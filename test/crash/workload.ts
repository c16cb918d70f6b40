import { ns } from "../../src/xmpp/ns.ts";
import { History, Ledger } from "./ledger.ts";
import type { RandomSource } from "./random-source.ts";
import { GoneError, RawClient, RefusedError } from "./raw-client.ts";

/** Users with a password that stays. `away` is mostly not there, `here` always. */
export const USERS = ["sender", "other", "here", "away", "keeper", "pia", "quentin"] as const;

const SENDERS = ["sender", "other"] as const;
const CONTACTS = ["c0", "c1", "c2", "c3"] as const;

/** Names of contacts by their address. */
type Roster = Readonly<Record<string, string>>;

/** What the clients did over all the lives of the server, as far as they know. */
export class Workload {
  readonly ledgers = new Map<string, Ledger>();
  readonly roster = new History<Roster>({});
  readonly password = new History("secret");
  readonly registered = new Set<string>();
  readonly #random: RandomSource;
  #names = 0;
  #passwords = 0;
  #answers = 0;
  #enough = Number.POSITIVE_INFINITY;
  #onEnough = () => {};

  constructor(random: RandomSource) {
    this.#random = random;
    for (const from of SENDERS) {
      for (const to of ["here", "away"]) this.ledgers.set(`${from} ${to}`, new Ledger(`${from} to ${to}`));
    }
  }

  /**
   * Keeps the server busy until it is gone; calls `kill` once after `answers` answers. Settles with the sessions of
   * those who received, when all that came was read.
   */
  async run(port: number, answers: number, kill: () => void): Promise<Map<string, RawClient>> {
    this.#answers = 0;
    this.#enough = answers;
    this.#onEnough = kill;
    const receivers = new Map([["here", await this.#available(port, "here")]]);
    const works = [
      ...SENDERS.map((user) => this.#sendMessages(port, user)),
      this.#changeRoster(port),
      this.#changePassword(port),
      this.#register(port),
      this.#negotiate(port, "pia", "quentin"),
      this.#negotiate(port, "quentin", "pia"),
    ];
    if (this.#random.between(0, 1) === 1) works.push(this.#comeBack(port, answers, receivers));
    await Promise.all(works.map(unlessGone));
    await Promise.all([...receivers.values()].map(({ ended }) => ended));
    return receivers;
  }

  async #available(port: number, user: string): Promise<RawClient> {
    const client = await RawClient.logIn(port, user, "secret");
    client.send("<presence/>");
    return client;
  }

  /** The one who is mostly away is back in the midst of it all, so that the server dies while it delivers. */
  async #comeBack(port: number, answers: number, receivers: Map<string, RawClient>): Promise<void> {
    const start = this.#random.between(1, answers);
    const watcher = await RawClient.logIn(port, "sender", "secret", "watcher");
    while (this.#answers < start) await watcher.ping();
    const client = await RawClient.logIn(port, "away", "secret");
    receivers.set("away", client);
    client.send("<presence/>");
  }

  async #sendMessages(port: number, user: string): Promise<void> {
    const client = await RawClient.logIn(port, user, "secret");
    let unconfirmed: { readonly piece: number; confirm(): void }[] = [];
    for (;;) {
      const entries = Array.from({ length: this.#random.between(1, 6) }, () => {
        const to = this.#random.pick(["here", "away"]);
        const entry = (this.ledgers.get(`${user} ${to}`) as Ledger).next();
        const padding = "x".repeat(this.#random.between(0, 300));
        client.send(
          `<message type="chat" to="${to}@localhost"><body>${user} ${entry.number}</body><x>${padding}</x></message>`,
        );
        return entry;
      });
      await client.ping();
      const { pieces } = client;
      // Two pieces later, for one turn's answer may have come in two.
      for (const { piece, confirm } of unconfirmed) if (piece + 2 <= pieces) confirm();
      unconfirmed = unconfirmed.filter(({ piece }) => piece + 2 > pieces);
      for (const entry of entries) {
        entry.isAnswered = true;
        unconfirmed.push({
          piece: pieces,
          confirm: () => {
            entry.isOut = true;
          },
        });
      }
      this.#answered();
    }
  }

  async #changeRoster(port: number): Promise<void> {
    const client = await RawClient.logIn(port, "keeper", "secret");
    for (;;) {
      const changes = Array.from({ length: this.#random.between(1, 4) }, () => this.#changeContact(client));
      await Promise.all(changes);
      this.#answered();
    }
  }

  async #changeContact(client: RawClient): Promise<void> {
    const contact = `${this.#random.pick(CONTACTS)}@localhost`;
    const { [contact]: known, ...others } = this.roster.latest;
    const isRemoval = known !== undefined && this.#random.between(0, 2) === 0;
    const name = `n${++this.#names}`;
    const confirm = this.roster.change(isRemoval ? others : { ...others, [contact]: name });
    const attributes = isRemoval ? `subscription="remove"` : `name="${name}"`;
    const item = `<item jid="${contact}" ${attributes}/>`;
    const answer = await client.ask("set", `<query xmlns="${ns.ROSTER}">${item}</query>`);
    if (answer.attributes["type"] === "result") confirm();
  }

  async #changePassword(port: number): Promise<void> {
    const client = await RawClient.logIn(port, "changer", this.password.latest);
    for (;;) {
      const password = `secret${++this.#passwords}`;
      const confirm = this.password.change(password);
      const fields = `<username>changer</username><password>${password}</password>`;
      const answer = await client.ask("set", `<query xmlns="${ns.REGISTER}">${fields}</query>`);
      if (answer.attributes["type"] === "result") confirm();
      this.#answered();
    }
  }

  async #register(port: number): Promise<void> {
    for (;;) {
      const name = `new${++this.#names}`;
      await registerAccount(port, name);
      this.registered.add(name);
      this.#answered();
    }
  }

  /** RFC 6121 §3, both at once and against each other. */
  async #negotiate(port: number, user: string, contact: string): Promise<void> {
    const client = await this.#available(port, user);
    for (;;) {
      const type = this.#random.pick([
        "subscribe",
        "subscribe",
        "subscribed",
        "subscribed",
        "unsubscribe",
        "unsubscribed",
        "remove",
      ]);
      if (type === "remove") {
        const item = `<item jid="${contact}@localhost" subscription="remove"/>`;
        await client.ask("set", `<query xmlns="${ns.ROSTER}">${item}</query>`);
      } else {
        client.send(`<presence type="${type}" to="${contact}@localhost"/>`);
        if (this.#random.between(0, 1) === 1) await client.ping();
      }
      this.#answered();
    }
  }

  #answered(): void {
    this.#answers++;
    if (this.#answers === this.#enough) this.#onEnough();
  }
}

/** Makes an account with the password "secret" (XEP-0077 §3.1). @throws Error when it is refused. */
export async function registerAccount(port: number, name: string): Promise<void> {
  const client = await RawClient.connect(port);
  const fields = `<username>${name}</username><password>secret</password>`;
  const answer = await client.ask("set", `<query xmlns="${ns.REGISTER}">${fields}</query>`);
  client.socket.destroy();
  if (answer.attributes["type"] !== "result") throw new Error(`no account for ${name}: ${answer.inner}`);
}

/** Waits for what goes on until the server is gone. */
export async function unlessGone(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof GoneError)) throw error;
  }
}

/** Whether the server takes the password. */
export async function isAccepted(port: number, user: string, password: string): Promise<boolean> {
  try {
    const client = await RawClient.logIn(port, user, password, "check");
    await client.close();
    return true;
  } catch (error) {
    if (error instanceof RefusedError) return false;
    throw error;
  }
}
