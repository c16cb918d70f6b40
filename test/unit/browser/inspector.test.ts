import { describe, expect, test } from "vitest";
import { type Filter, filterBy } from "../../../src/browser/inspector/filter.ts";
import { latest, MOST } from "../../../src/browser/inspector/latest.ts";
import { entryOf, KINDS, type Sighting } from "../../../src/browser/inspector/sighting.ts";
import { tokensOf } from "../../../src/browser/inspector/tokens.ts";

function sighting(xml: string, rest: Partial<Sighting> = {}): Sighting {
  return { at: 0, direction: "in", session: "romeo@localhost/orchard", kind: "message", xml, ...rest };
}

const message = sighting(
  `<message to="juliet@localhost" type="chat"><active xmlns="urn:chat"/><body>a &lt;b&gt; &#65;&#x42; "c"</body></message>`,
);
const request = sighting(`<iq from="localhost" type="get"><ping xmlns="urn:xmpp:ping"/></iq>`, {
  direction: "out",
  kind: "iq",
});

describe("what passed", () => {
  test("is read tag by tag, and text is decoded", () => {
    expect([...tokensOf(`<a b="1&quot;2" xmlns="x"><c/>&amp;d</a>`)]).toEqual([
      {
        kind: "open",
        name: "a",
        attributes: [
          ["b", `1"2`],
          ["xmlns", "x"],
        ],
      },
      { kind: "empty", name: "c", attributes: [] },
      { kind: "text", text: "&d" },
      { kind: "close", name: "a", attributes: [] },
    ]);
  });

  test("has a title, whom it is for or from, and what it says", () => {
    expect(entryOf(message, 1)).toMatchObject({
      title: "message chat",
      other: "juliet@localhost",
      gist: `a <b> AB "c"`,
      namespaces: new Set(["urn:chat"]),
    });
    expect(entryOf(request, 2)).toMatchObject({
      title: "iq get",
      other: "localhost",
      gist: "ping urn:xmpp:ping",
    });
    expect(entryOf(sighting(`<r xmlns="urn:xmpp:sm:3"/>`), 3)).toMatchObject({
      title: "r",
      other: "",
      gist: "urn:xmpp:sm:3",
    });
  });
});

describe("a filter", () => {
  const all: Filter = { kinds: new Set(KINDS), session: "", namespace: "", text: "" };
  const entries = [entryOf(message, 1), entryOf(request, 2)];
  test.each<[string, Partial<Filter>, number[]]>([
    ["nothing asked", {}, [1, 2]],
    ["a kind", { kinds: new Set(["iq"] as const) }, [2]],
    ["a session, whatever its case", { session: " ROMEO@" }, [1, 2]],
    ["another session", { session: "juliet" }, []],
    ["a namespace", { namespace: "urn:xmpp" }, [2]],
    ["text as it is read", { text: "A <b>" }, [1]],
    ["text as it is written", { text: 'to="juliet' }, [1]],
    ["all at once", { kinds: new Set(["iq"] as const), text: "juliet" }, []],
  ])("%s", (_, part, numbers) => {
    expect(entries.filter(filterBy({ ...all, ...part })).map(({ number }) => number)).toEqual(numbers);
  });
});

describe("what is kept", () => {
  test("is the last ones", () => {
    const many = Array.from({ length: MOST + 5 }, (_, at) => sighting("<presence/>", { at }));
    expect(latest(many)).toHaveLength(MOST);
    expect(latest(many)[0]?.at).toBe(5);
    expect(latest(many.slice(0, 3))).toHaveLength(3);
  });

  test("is less when it is long, and at least one", () => {
    const long = Array.from({ length: 5 }, () => sighting("x".repeat(4_000_000)));
    expect(latest(long)).toHaveLength(2);
    expect(latest([sighting("x".repeat(20_000_000))])).toHaveLength(1);
  });
});
