import { expect, test } from "vitest";
import { isByClient, isWithResource } from "../../../../src/modules/mam/matcher.ts";
import { el } from "../../../../src/xml/element.ts";
import { Jid } from "../../../../src/xmpp/jid.ts";
import { ns } from "../../../../src/xmpp/ns.ts";
import { message } from "../../../../src/xmpp/stanza.ts";

test.for([
  ["plain", "bob@localhost/desk"],
  ["that XML writes in other ways", `bob@localhost/<a> & "b's"`],
  ["beyond ASCII", "bob@localhost/Büro 😀"],
] as const)(
  "an address %s is found where it is sender, recipient or author, and nowhere else",
  ([, address]) => {
    const bob = Jid.parse(address);
    const other = Jid.parse("bob@localhost/other");
    const row = (from: Jid, to: Jid, author: Jid) => {
      const item = el("x", { xmlns: ns.MUC_USER }, el("item", { jid: author.toString() }));
      const stanza = message({ from, to }, el("body", {}, `it is about ${address}`), item).toString();
      return { owner: "a@b", id: 1, with: "bob@localhost", number: 0, offset: 0, label: null, stanza };
    };
    const isWith = isWithResource(bob);
    expect(isWith(row(bob, other, other))).toBe(true);
    expect(isWith(row(other, bob, other))).toBe(true);
    expect(isWith(row(other, other, bob))).toBe(false);
    const isBy = isByClient(bob);
    expect(isBy(row(other, other, bob))).toBe(true);
    expect(isBy(row(bob, bob, other))).toBe(false);
  },
);
