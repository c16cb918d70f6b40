import { expect, test } from "vitest";
import { DirectedPresence } from "../../../../src/modules/presence/directed-presence.ts";
import type { Session } from "../../../../src/session/session.ts";
import { Jid } from "../../../../src/xmpp/jid.ts";

const jid = (text: string) => Jid.parse(text);
const phone = {} as Session;

function create(limit = 10): DirectedPresence {
  return new DirectedPresence(
    {
      sessionState: (initial) => {
        const states = new WeakMap<Session, { value: ReturnType<typeof initial> }>();
        return {
          get: (session) => states.get(session)?.value ?? initial(),
          set: (session, value) => void states.set(session, { value }),
        };
      },
    },
    limit,
  );
}

test.each([
  ["room@muc.example/me", "room@muc.example/me", true],
  ["room@muc.example/me", "room@muc.example", true],
  ["room@muc.example/me", "room@muc.example/you", false],
  ["bob@example.org", "bob@example.org/desk", true],
  ["bob@example.org", "carol@example.org/desk", false],
])("shown to %s: %s may ask is %s", (shown, asker, may) => {
  const directed = create();
  directed.add(phone, jid(shown));
  expect(directed.has(phone, jid(asker))).toBe(may);
});

test("those who are taken are forgotten", () => {
  const directed = create();
  for (const peer of ["a@x/1", "a@x/2", "b@x", "b@x"]) directed.add(phone, jid(peer));
  directed.delete(phone, jid("a@x/2"));
  expect(directed.take(phone).map(String)).toEqual(["a@x/1", "b@x"]);
  expect(directed.take(phone)).toEqual([]);
});

test("all resources of an account can be deleted at once", () => {
  const directed = create();
  for (const peer of ["a@x", "a@x/1", "ab@x"]) directed.add(phone, jid(peer));
  directed.deleteAll(phone, jid("a@x"));
  expect(directed.take(phone).map(String)).toEqual(["ab@x"]);
});
