import { ns } from "../../src/xmpp/ns.ts";
import { RawClient } from "./raw-client.ts";

/** One contact in a roster, with what waits for an answer. */
export interface Subscription {
  readonly subscription: string;
  readonly ask: boolean;
  /** Whether the contact's request waits for an answer. */
  readonly pendingIn: boolean;
}

/** An account as a client finds it that logs in. */
export interface Found {
  /** Names by address. */
  readonly names: Readonly<Record<string, string>>;
  /** By the contact's address. */
  subscription(contact: string): Subscription;
  /** Numbers of the messages that waited, by sender. */
  messages(from: string): number[];
}

/** Logs in, takes all that waits, and leaves in good order. */
export async function inspect(port: number, user: string): Promise<Found> {
  const client = await RawClient.logIn(port, user, "secret", "inspector");
  const { children } = await client.ask("get", `<query xmlns="${ns.ROSTER}"/>`);
  const items = children[0]?.getChildElements() ?? [];
  client.send("<presence/>");
  // What waits comes before what is sent now, so this is the last of it.
  const last = `<message type="chat" to="${user}@localhost"><body>the last</body></message>`;
  await client.exchange(last, (element) => bodyOf(element) === "the last");
  // The server forgets what it delivered once it is out, a turn or two later.
  for (let turn = 0; turn < 3; turn++) await client.ping();
  await client.close();
  const requests = new Set(
    client.elements
      .filter(({ name, attributes }) => name === "presence" && attributes["type"] === "subscribe")
      .map(({ attributes }) => attributes["from"]),
  );
  return {
    names: Object.fromEntries(
      items.filter(({ attrs }) => attrs["name"]).map(({ attrs }) => [attrs["jid"], attrs["name"]] as const),
    ),
    subscription: (contact) => {
      const attrs = items.find((item) => item.attrs["jid"] === contact)?.attrs;
      return {
        subscription: String(attrs?.["subscription"] ?? "none"),
        ask: attrs?.["ask"] === "subscribe",
        pendingIn: requests.has(contact),
      };
    },
    messages: (from) => messagesOf(client, from),
  };
}

/** Numbers of the messages that came, by sender, in their order. */
export function messagesOf({ elements }: RawClient, from: string): number[] {
  return elements
    .map(bodyOf)
    .filter((body) => body?.startsWith(`${from} `))
    .map((body) => Number(body?.split(" ")[1]));
}

/** RFC 6121 Appendix A: what one side knows of the other must be what the other knows of it. */
export function isConsistent(a: Subscription, b: Subscription): boolean {
  return seesWhatIsShown(a, b) && seesWhatIsShown(b, a);
}

function seesWhatIsShown(a: Subscription, b: Subscription): boolean {
  const sees = a.subscription === "to" || a.subscription === "both";
  const isShown = b.subscription === "from" || b.subscription === "both";
  return sees === isShown && a.ask === b.pendingIn;
}

function bodyOf({ name, children }: { name: string; children: readonly unknown[] }): string | undefined {
  if (name !== "message") return undefined;
  return (children as RawClient["elements"][number]["children"])
    .find((child) => child.getName() === "body")
    ?.getText();
}
