/** Rooms of the test server in the likeness of others, held to what theirs said to the same clients. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { TestServer } from "../../src/testing/index.ts";
import { readXml } from "../../src/testing/read-xml.ts";
import { childElements, Element } from "../../src/xml/element.ts";

const USERS = ["romeo", "juliet", "tybalt"] as const;
type User = (typeof USERS)[number];

/** What was sent in a step, and what everybody heard of it. */
type Step = Readonly<{ sends: string } & Partial<Record<User, string>>>;

function recordingOf(name: string): Readonly<Record<string, Step>> {
  const file = join(import.meta.dirname, "..", "fixtures", "mimicry", `${name}-rooms.json`);
  return JSON.parse(readFileSync(file, "utf8")) as Record<string, Step>;
}

/** Elements one after another, without what is made up and what says the same: ids, occupants, digits of times. */
function canonical(xml: string, asked: string): string[] {
  return childElements(readXml(`<all xmlns="jabber:client">${xml}</all>`)).flatMap((stanza) => {
    const { id } = stanza.attrs;
    if (id !== undefined && !asked.includes(`'${id}'`)) delete stanza.attrs["id"];
    // What a room says of itself with its capabilities is not shown.
    return isRoomsOwn(stanza) ? [] : [write(stanza)];
  });
}

function isRoomsOwn(stanza: Element): boolean {
  return (
    stanza.is("presence") && stanza.attrs["type"] !== "error" && !String(stanza.attrs["from"]).includes("/")
  );
}

function write(node: Element | string): string {
  if (!(node instanceof Element)) return String(node);
  const attributes = Object.entries(node.attrs)
    .filter(([name]) => name !== "xmlns" && !(node.is("occupant-id") && name === "id"))
    .map(
      ([name, value]) =>
        ` ${name}="${name === "stamp" ? String(value).replaceAll(/\d/g, "9") : String(value)}"`,
    )
    .toSorted();
  const content = node.children.map((child) => write(child as Element | string)).join("");
  return `<${node.getName()} {${node.getNS()}}${attributes.join("")}>${content}`;
}

/** Steps in which rooms do different things, whatever they look like; what follows from them is left out as well. */
const DIFFERENT: Readonly<Record<string, readonly string[]>> = {
  prosody: [
    // Labels and texts of forms are ours.
    "form",
    "room-info",
    "service-info",
    // Theirs forgets the nickname of members, the occupant id of who renames itself, and who was a visitor.
    "admin-list",
    "rename",
    // The mark of the room comes before that of the occupant.
    "private",
    "join-with-password",
    "history-none",
    // Ours is in the user's archive, and has a mark of it; theirs names affiliations when all are gone.
    "invite",
    "destroy",
  ],
  ejabberd: [
    "form",
    "room-info",
    "service-info",
    "admin-list",
    // Occupants are in no order.
    "room-items",
    "late-join",
    "join-with-password",
    "history-none",
    // Private messages begin with the mark of the room, invitations have no id, a reserved nickname is an error.
    "private",
    "invite",
    "reserved-nick",
    // Avatars are in errors, where the client that sent the presence had none.
    "conflict",
    "bad-nick",
    // There juliet was let in, and here she comes now; there nobody is refused but by a wrong address.
    "join",
    "join-banned",
    "unban",
    "members-only",
    "join-members-only",
    "password-set",
    "join-password",
    "leave",
    "destroy",
  ],
};

describe.each([
  ["prosody", "prosody-0.12.3"],
  ["ejabberd", "ejabberd-23.01"],
] as const)("%s", (mimic, recorded) => {
  test("rooms say the same in the same order", async () => {
    const server = await TestServer.start({ users: USERS, mimic, port: false, clock: "virtual" });
    onTestFinished(() => server.close());
    const clients = new Map<User, Client>();
    for (const user of USERS) clients.set(user, await server.client(`${user}/r`));
    const clientOf = (user: User) => clients.get(user) as Client;
    let compared = 0;
    for (const [name, step] of Object.entries(recordingOf(recorded))) {
      const lengths = USERS.map((user) => clientOf(user).heard.length);
      const [, speaker = "", xml = ""] = /^(\w+): ([^]*)$/.exec(step.sends) ?? [];
      await clientOf(speaker as User).sends(xml);
      await server.settle();
      if (DIFFERENT[mimic]?.includes(name)) continue;
      compared++;
      for (const [index, user] of USERS.entries()) {
        const heard = canonical(clientOf(user).heard.slice(lengths[index]), step.sends);
        expect(heard, `${name}: what ${user} heard`).toEqual(canonical(step[user] ?? "", step.sends));
      }
    }
    expect(compared).toBeGreaterThan(20);
    expect(server.errors).toEqual([]);
  });
});

describe("openfire", () => {
  const enter = (nick: string) =>
    `<presence to="balcony@conference.localhost/${nick}"><x xmlns="http://jabber.org/protocol/muc"/></presence>`;

  test("rooms say what its source says", async () => {
    const server = await TestServer.start({ users: USERS, mimic: "openfire", port: false, clock: "virtual" });
    onTestFinished(() => server.close());
    const romeo = await server.client("romeo/r");
    await romeo.sends(enter("Romeo"));
    const self = await server.expect({
      to: "romeo",
      kind: "presence",
      child: "x",
      xmlns: "http://jabber.org/protocol/muc#user",
    });
    expect(
      childElements(self.element.getChild("x", "http://jabber.org/protocol/muc#user") as Element).map(write),
    ).toMatchObject([
      expect.stringContaining('jid="romeo@localhost/r"'),
      expect.stringContaining('code="110"'),
      expect.stringContaining('code="201"'),
    ]);
    const subject = await server.expect({ to: "romeo", kind: "message", child: "subject" });
    expect(subject.element.attrs["id"]).toMatch(/^[0-9a-f-]{36}$/);
    await romeo.sends(
      `<message to="nowhere@conference.localhost" type="groupchat" id="m"><body>x</body></message>`,
    );
    const refusal = await server.expect({ to: "romeo", kind: "message", type: "error" });
    expect(refusal).toMatchObject({ xml: expect.stringContaining("recipient-unavailable") as string });
    expect(refusal.element.getChild("error")?.attrs["type"]).toBe("wait");
  });
});
