/** XEP-0115 §5 and XEP-0390 §4: what capabilities are hashed to. */
import { describe, expect, test } from "vitest";
import {
  hash,
  hashInput,
  interestsIn,
  interestsOf,
  verificationString,
} from "../../../../src/modules/caps/verification.ts";
import { readXml } from "../../../../src/testing/read-xml.ts";

const INFO = "http://jabber.org/protocol/disco#info";
const query = (content: string) => readXml(`<query xmlns="${INFO}">${content}</query>`);
const feature = (name: string) => `<feature var="${name}"/>`;
const ver = (content: string) => {
  const text = verificationString(query(content));
  return text === undefined ? undefined : hash("sha-1", text);
};

const field = (name: string, ...values: string[]) =>
  `<field var="${name}">${values.map((value) => `<value>${value}</value>`).join("")}</field>`;
const formOf = (type: string, content: string, hidden = true) =>
  `<x xmlns="jabber:x:data" type="result"><field var="FORM_TYPE"${hidden ? ' type="hidden"' : ""}><value>${type}</value></field>${content}</x>`;

describe("XEP-0115", () => {
  const simple = ["caps", "disco#info", "disco#items", "muc"]
    .map((name) => feature(`http://jabber.org/protocol/${name}`))
    .join("");

  test("the simple example (§5.2)", () => {
    expect(ver(`<identity category="client" type="pc" name="Exodus 0.9.1"/>${simple}`)).toBe(
      "QgayPKawpkPSDYmwT/WM94uAlu0=",
    );
  });

  test("the complex example (§5.3), in whatever order", () => {
    const identities = [
      `<identity xml:lang="en" category="client" name="Psi 0.11" type="pc"/>`,
      `<identity xml:lang="el" category="client" name="Ψ 0.11" type="pc"/>`,
    ];
    const software = formOf(
      "urn:xmpp:dataforms:softwareinfo",
      field("software_version", "0.11") +
        field("ip_version", "ipv6", "ipv4") +
        field("os", "Mac") +
        field("os_version", "10.5.1") +
        field("software", "Psi"),
    );
    for (const parts of [
      [...identities, simple, software],
      [software, simple, ...identities.toReversed()],
    ]) {
      expect(ver(parts.join(""))).toBe("q07IKJEyjvHSyhy//CH0CxmKi8w=");
    }
  });

  test.for([
    `<identity category="client" type="pc"/><identity category="client" type="pc"/>`,
    feature("a") + feature("a"),
    formOf("a", "") + formOf("a", ""),
    `<x xmlns="jabber:x:data" type="result"><field var="FORM_TYPE" type="hidden"><value>a</value><value>b</value></field></x>`,
  ])("is ill-formed (§5.4): %s", (content) => {
    expect(verificationString(query(content))).toBeUndefined();
  });

  test("a form that does not say what it is counts for nothing (§5.4)", () => {
    expect(ver(feature("a") + formOf("b", field("c", "d"), false))).toBe(ver(feature("a")));
    expect(ver(feature("a") + `<x xmlns="jabber:x:data" type="result">${field("c", "d")}</x>`)).toBe(
      ver(feature("a")),
    );
  });

  test("sorts by octets (RFC 4790 §9.3), not by UTF-16 units", () => {
    expect(verificationString(query(feature("\u{10000}") + feature("\u{ffee}")))).toBe("\u{ffee}<\u{10000}<");
  });

  test("interests are the same for all answers of one hash, whichever of its parts are features", () => {
    const honest = feature("a+notify") + feature("b") + feature("c+notify");
    const hidden = feature("a+notify") + formOf("b", field("c+notify"));
    const glued = feature("a+notify&lt;b&lt;c+notify");
    const texts = [honest, hidden, glued].map((content) => verificationString(query(content)) ?? "");
    expect(new Set(texts)).toEqual(new Set(["a+notify<b<c+notify<"]));
    expect(interestsIn(texts[0] ?? "")).toEqual(new Set(["a", "c"]));
  });

  test("interests are bounded, however many a client names", () => {
    const names = Array.from({ length: 1000 }, (_, index) => `${index}${"x".repeat(100)}+notify`);
    expect(interestsIn(names.join("<")).size).toBeLessThan(200);
  });
});

describe("XEP-0390", () => {
  // §4.5.1
  const simple = [
    `<identity category="client" name="BombusMod" type="mobile"/>`,
    ...[
      "http://jabber.org/protocol/si",
      "http://jabber.org/protocol/bytestreams",
      "http://jabber.org/protocol/chatstates",
      "http://jabber.org/protocol/disco#info",
      "http://jabber.org/protocol/disco#items",
      "urn:xmpp:ping",
      "jabber:iq:time",
      "jabber:iq:privacy",
      "jabber:iq:version",
      "http://jabber.org/protocol/rosterx",
      "urn:xmpp:time",
      "jabber:x:oob",
      "http://jabber.org/protocol/ibb",
      "http://jabber.org/protocol/si/profile/file-transfer",
      "urn:xmpp:receipts",
      "jabber:iq:roster",
      "jabber:iq:last",
    ].map(feature),
  ].join("");

  test("the simple example (§4.5.1)", () => {
    const input = hashInput(query(simple), undefined) ?? "";
    expect(hash("sha-256", input)).toBe("kzBZbkqJ3ADrj7v08reD1qcWUwNGHaidNUgD7nHpiw8=");
    expect(hash("sha3-256", input)).toBe("79mdYAfU9rEdTOcWDO7UEAt6E56SUzk/g6TnqUeuD9Q=");
  });

  test("the complex example (§4.5.2)", () => {
    const features = `
      games:board
      http://jabber.org/protocol/activity
      http://jabber.org/protocol/activity+notify
      http://jabber.org/protocol/bytestreams
      http://jabber.org/protocol/chatstates
      http://jabber.org/protocol/commands
      http://jabber.org/protocol/disco#info
      http://jabber.org/protocol/disco#items
      http://jabber.org/protocol/evil
      http://jabber.org/protocol/feature-neg
      http://jabber.org/protocol/geoloc
      http://jabber.org/protocol/geoloc+notify
      http://jabber.org/protocol/ibb
      http://jabber.org/protocol/iqibb
      http://jabber.org/protocol/mood
      http://jabber.org/protocol/mood+notify
      http://jabber.org/protocol/rosterx
      http://jabber.org/protocol/si
      http://jabber.org/protocol/si/profile/file-transfer
      http://jabber.org/protocol/tune
      http://www.facebook.com/xmpp/messages
      http://www.xmpp.org/extensions/xep-0084.html#ns-metadata+notify
      jabber:iq:avatar
      jabber:iq:browse
      jabber:iq:dtcp
      jabber:iq:filexfer
      jabber:iq:ibb
      jabber:iq:inband
      jabber:iq:jidlink
      jabber:iq:last
      jabber:iq:oob
      jabber:iq:privacy
      jabber:iq:roster
      jabber:iq:time
      jabber:iq:version
      jabber:x:data
      jabber:x:event
      jabber:x:oob
      urn:xmpp:avatar:metadata+notify
      urn:xmpp:ping
      urn:xmpp:receipts
      urn:xmpp:time`;
    const identities = [
      `<identity category="client" name="Tkabber" type="pc" xml:lang="en"/>`,
      `<identity category="client" name="Ткаббер" type="pc" xml:lang="ru"/>`,
    ];
    const software = formOf(
      "urn:xmpp:dataforms:softwareinfo",
      field("software", "Tkabber") +
        field("software_version", "0.11.1-svn-20111216-mod (Tcl/Tk 8.6b2)") +
        field("os", "Windows") +
        field("os_version", "XP"),
    );
    const content = identities.join("") + features.trim().split(/\s+/).map(feature).join("") + software;
    const input = hashInput(query(content), "de") ?? "";
    expect(hash("sha-256", input)).toBe("u79ZroNJbdSWhdSp311mddz44oHHPsEBntQ5b1jqBSY=");
    expect(hash("sha3-256", input)).toBe("XpUJzLAc93258sMECZ3FJpebkzuyNXDzRNwQog8eycg=");
  });

  test("a language that is inherited counts where none is named", () => {
    const named = `<identity category="client" type="pc" name="A" xml:lang="en"/>`;
    const silent = `<identity category="client" type="pc" name="A"/>`;
    expect(hashInput(query(silent), "en")).toBe(hashInput(query(named), "de"));
    expect(hashInput(query(silent), undefined)).not.toBe(hashInput(query(named), undefined));
  });

  test.for([
    `<other/>`,
    `<x xmlns="jabber:x:data" type="result">${field("a", "b")}</x>`,
    formOf("a", "<reported/>"),
    formOf("a", "<item/>"),
  ])("aborts (§4.1): %s", (content) => {
    expect(hashInput(query(content), undefined)).toBeUndefined();
  });

  test("interests are features alone", () => {
    expect(interestsOf(query(feature("a+notify") + formOf("b+notify", field("c", "d+notify"))))).toEqual(
      new Set(["a"]),
    );
  });
});
