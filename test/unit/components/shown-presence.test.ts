import { expect, test } from "vitest";
import { ShownPresence } from "../../../src/components/shown-presence.ts";
import { Jid } from "../../../src/xmpp/jid.ts";
import { presence } from "../../../src/xmpp/stanza.ts";

const shows = (from: string, to: string, type?: string) =>
  presence({ from: Jid.parse(from), to: Jid.parse(to), type });

const left = (shown: ShownPresence) => [...shown.withdraw()].map(String);
const unavailable = (from: string, to: string) => `<presence to="${to}" from="${from}" type="unavailable"/>`;

test("what was shown and not withdrawn is withdrawn, once", () => {
  const shown = new ShownPresence(10);
  shown.note(shows("a@b/1", "x@y"));
  shown.note(shows("a@b/1", "x@y"));
  shown.note(shows("a@b/1", "z@y/r"));
  shown.note(shows("a@b/2", "x@y"));
  shown.note(shows("a@b/2", "x@y", "unavailable"));
  shown.note(shows("c@b", "x@y", "subscribe"));
  shown.note(shows("c@b", "x@y", "probe"));
  expect(left(shown)).toEqual([unavailable("a@b/1", "x@y"), unavailable("a@b/1", "z@y/r")]);
  expect(left(shown)).toEqual([]);
});

test("of more than the limit the oldest is forgotten", () => {
  const shown = new ShownPresence(2);
  for (const [from, to] of [
    ["a@b", "1@y"],
    ["a@b", "2@y"],
    ["c@b", "3@y"],
    ["d@b", "4@y"],
  ] as const) {
    shown.note(shows(from, to));
  }
  expect(left(shown)).toEqual([unavailable("c@b", "3@y"), unavailable("d@b", "4@y")]);
});

test("without room nothing is remembered", () => {
  const shown = new ShownPresence(0);
  shown.note(shows("a@b", "1@y"));
  expect(left(shown)).toEqual([]);
});

test("what is withdrawn makes room again, also half-way", () => {
  const shown = new ShownPresence(2);
  shown.note(shows("a@b", "1@y"));
  shown.note(shows("a@b", "1@y", "unavailable"));
  shown.note(shows("a@b", "2@y"));
  shown.note(shows("a@b", "3@y"));
  expect(shown.withdraw().next().value?.to?.toString()).toBe("2@y");
  shown.note(shows("c@b", "4@y"));
  shown.note(shows("c@b", "5@y"));
  expect(left(shown)).toEqual([unavailable("c@b", "4@y"), unavailable("c@b", "5@y")]);
});
