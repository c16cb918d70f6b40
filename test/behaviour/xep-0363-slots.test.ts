/** XEP-0363 §3 to §6: the service, and who gets a slot. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import {
  asksForSlot,
  body,
  CAT,
  eventually,
  getsSlot,
  isRefused,
  putsCat,
  test,
  UPLOAD,
  uploading,
} from "./upload-client.ts";

const INFO = "http://jabber.org/protocol/disco#info";
const ITEMS = "http://jabber.org/protocol/disco#items";
const PURPOSE = "urn:xmpp:http:upload:purpose:0";
const tooLarge = (max: number) =>
  `<file-too-large xmlns="${UPLOAD}"><max-file-size>${max}</max-file-size></file-too-large>`;

describe("the service (§3)", () => {
  test.override({ options: uploading({ maxFileSize: "5 MiB" }) });

  test("is among the items of the domain", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<iq type="get" id="d1" to="localhost"><query xmlns="${ITEMS}"/></iq>`);
    const answer = await alice.receives(
      `<iq type="result" id="d1"><query xmlns="${ITEMS}">{...}</query></iq>`,
    );
    const items = answer.getChild("query")?.getChildren("item") ?? [];
    const item = items.find(({ attrs }) => attrs["jid"] === "upload.localhost");
    expect(item?.attrs["name"]).toBe("HTTP File Upload");
  });

  test("says what it is, and how large files may be", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<iq type="get" id="d1" to="upload.localhost"><query xmlns="${INFO}"/></iq>`);
    const answer = await alice.receives(
      `<iq type="result" id="d1" from="upload.localhost"><query xmlns="${INFO}">
        <identity category="store" type="file" name="HTTP File Upload"/>{...}</query></iq>`,
    );
    const query = answer.getChild("query");
    const features = query?.getChildren("feature").map(({ attrs }) => attrs["var"]);
    for (const purpose of ["message", "profile", "ephemeral"])
      expect(features).toContain(`${PURPOSE}#${purpose}`);
    expect(features).toContain(UPLOAD);
    expect(features).not.toContain(`${PURPOSE}#permanent`);
    expect(query?.getChild("x", "jabber:x:data")?.toString()).toBe(
      '<x xmlns="jabber:x:data" type="result"><field var="FORM_TYPE" type="hidden"><value>' +
        `${UPLOAD}</value></field><field var="max-file-size"><value>5242880</value></field></x>`,
    );
  });
});

describe("a server without a web side", () => {
  test.override({ options: { listen: { c2s: false, c2sTls: false } } });

  test("neither offers slots nor gives any", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<iq type="get" id="d1" to="upload.localhost"><query xmlns="${INFO}"/></iq>`);
    expect((await alice.receivesAny()).toString()).not.toContain(`var="${UPLOAD}`);
    await asksForSlot(alice);
    await isRefused(alice, "service-unavailable", "cancel");
  });
});

describe("a slot (§4)", () => {
  test("has a place to put the file, and one where it will be", async ({ connect, server }) => {
    const alice = await connect("alice/phone");
    const { put, get } = await getsSlot(alice, { filename: "très cool.jpg", type: "image/jpeg" });
    const { url } = server.host().http;
    expect(get).toMatch(new RegExp(`^${url}/upload/[0-9a-f]{32}/tr%C3%A8s%20cool\\.jpg$`));
    expect(put).toMatch(/\?token=[\w-]{43}$/);
    expect(put.startsWith(`${get}?`)).toBe(true);
  });

  describe("where files have an address of their own", () => {
    test.override({ options: uploading({ url: "https://files.example.net" }) });

    test("is there", async ({ connect, request }) => {
      const alice = await connect("alice/phone");
      const { put, get } = await putsCat(alice, request);
      for (const url of [put, get]) expect(url).toMatch(/^https:\/\/files\.example\.net\/upload\//);
      expect((await request(get)).status).toBe(200);
    });
  });

  test("is another one each time", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const slots = [await getsSlot(alice), await getsSlot(alice)];
    expect(new Set(slots.map(({ get }) => get)).size).toBe(2);
    expect(new Set(slots.map(({ put }) => put.split("token=")[1])).size).toBe(2);
  });

  test.for([
    ["../../etc/passwd", "passwd"],
    ["", "file"],
    ["..", "file"],
    ["a&#x202E;gpj.exe", "agpj.exe"],
    ["C:\\boot.ini", "boot.ini"],
  ] as const)("for %j is for a harmless name", async ([filename, name], { connect }) => {
    const alice = await connect("alice/phone");
    const { get } = await getsSlot(alice, { filename });
    expect(new URL(get).pathname.split("/").slice(3)).toEqual([name]);
  });

  test.for([
    ["no file name", `size="1"`],
    ["no size", `filename="a"`],
    ["size 0", `filename="a" size="0"`],
    ["a negative size", `filename="a" size="-5"`],
    ["a size that is no number", `filename="a" size="1e3"`],
    ["a size beyond all numbers", `filename="a" size="99999999999999999999"`],
    ["a content type that is none", `filename="a" size="1" content-type="picture"`],
    ["a line break in the content type", `filename="a" size="1" content-type="a/b&#10;c: d"`],
  ] as const)("with %s is refused", async ([, attributes], { connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(
      `<iq type="get" id="u1" to="upload.localhost"><request xmlns="${UPLOAD}" ${attributes}/></iq>`,
    );
    await alice.receives(
      `<iq type="error" id="u1"><request xmlns="${UPLOAD}" ${attributes}/><error type="modify">
        <bad-request xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
    );
  });
});

describe("the purpose (§5)", () => {
  const refused = async (client: Parameters<typeof asksForSlot>[0], condition: string, type: string) =>
    client.receives(
      `<iq type="error" id="u1"><request xmlns="${UPLOAD}" filename="{any}" size="{any}">{...}</request>
        <error type="${type}"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
    );

  test("may be a message, as without any", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await getsSlot(alice, { purpose: "<message/>" });
  });

  test("of an ephemeral file has to say when it ends, in the future", async ({ connect, clock }) => {
    const alice = await connect("alice/phone");
    await asksForSlot(alice, { purpose: "<ephemeral/>" });
    await refused(alice, "bad-request", "modify");
    await asksForSlot(alice, { purpose: `<ephemeral expire-before="tomorrow"/>` });
    await refused(alice, "bad-request", "modify");
    const now = new Date(clock.now()).toISOString();
    await asksForSlot(alice, { purpose: `<ephemeral expire-before="${now}"/>` });
    await refused(alice, "not-acceptable", "modify");
  });

  test("for ever is not offered unless it is configured", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await asksForSlot(alice, { purpose: "<permanent/>" });
    await refused(alice, "feature-not-implemented", "cancel");
  });

  test("is one", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await asksForSlot(alice, { purpose: `<profile/><message xmlns="${PURPOSE}"/>` });
    await refused(alice, "bad-request", "modify");
  });

  test.override({ options: uploading({ profile: "1 KB" }) });
  test("profile has a limit of its own", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await getsSlot(alice, { size: 1001 });
    await getsSlot(alice, { size: 1000, purpose: "<profile/>" });
    await asksForSlot(alice, { size: 1001, purpose: "<profile/>" });
    await alice.receives(
      `<iq type="error" id="u1"><request xmlns="${UPLOAD}" filename="{any}" size="{any}">{...}</request>
        <error type="modify"><not-acceptable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>${tooLarge(1000)}</error></iq>`,
    );
  });
});

describe("files for ever (§5.4)", () => {
  test.override({ options: uploading({ permanent: "40 B", keep: "10m", perAccount: "40 B" }) });

  const asks = (client: Client) => asksForSlot(client, { purpose: "<permanent/>" });

  test("are offered where there is room for them, and stay", async ({ connect, request, clock }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<iq type="get" id="d1" to="upload.localhost"><query xmlns="${INFO}"/></iq>`);
    expect((await alice.receivesAny()).toString()).toContain(`${PURPOSE}#permanent`);
    const { get } = await putsCat(alice, request, { purpose: "<permanent/>" });
    for (let i = 0; i < 4; i++) await putsCat(alice, request);
    await clock.advance(6_000_000);
    expect((await request(get)).status).toBe(200);
    expect((await request(get)).headers.get("cache-control")).toContain("max-age=31536000,");
  });

  test("push no others out: there are no more slots, however many were asked for", async ({
    connect,
    clock,
  }) => {
    const alice = await connect("alice/phone");
    for (let i = 0; i < 4; i++) await asks(alice);
    const types = [];
    for (let i = 0; i < 4; i++) types.push((await alice.receivesAny()).attrs["type"]);
    expect(types).toEqual(["result", "result", "error", "error"]);
    await asks(alice);
    await alice.receives(
      `<iq type="error" id="u1"><request xmlns="${UPLOAD}" filename="{any}" size="{any}">{...}</request>
        <error type="wait"><resource-constraint xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
    );
    // Slots that nobody used make room.
    await clock.advance(360_000);
    const isGiven = async () => {
      await asks(alice);
      return (await alice.receivesAny()).attrs["type"] === "result";
    };
    await eventually(isGiven).toBe(true);
  });
});

describe("errors (§6)", () => {
  test.override({ options: uploading({ maxFileSize: "20 KB" }) });

  test("a file that is too large is told the most", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await getsSlot(alice, { size: 20_000 });
    await asksForSlot(alice, { size: 20_001 });
    await isRefused(alice, "not-acceptable", "modify", tooLarge(20_000));
  });

  test("the size of a file counts, not how it is written", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await asksForSlot(alice, { size: "000000000020001" });
    await isRefused(alice, "not-acceptable", "modify", tooLarge(20_000));
  });
});

describe("what an account may upload in a day", () => {
  test.override({ options: uploading({ perDay: "24 KB", slotTime: "2h" }) });

  const retry = (stamp: number) => `<retry xmlns="${UPLOAD}" stamp="${new Date(stamp).toISOString()}"/>`;

  test("comes back little by little; the error tells when (§6)", async ({ connect, clock }) => {
    const alice = await connect("alice/phone");
    await getsSlot(alice, { size: 24_000 });
    await asksForSlot(alice, { size: 1000 });
    await isRefused(alice, "resource-constraint", "wait", retry(clock.now() + 3_600_000));
    await clock.advance(3_599_999);
    await asksForSlot(alice, { size: 1000 });
    await isRefused(alice, "resource-constraint", "wait", retry(clock.now() + 1));
    await clock.advance(1);
    await getsSlot(alice, { size: 1000 });
  });

  test("is each account's own", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await getsSlot(alice, { size: 24_000 });
    await getsSlot(bob, { size: 24_000 });
  });

  test("holds for all devices, however many ask at once", async ({ connect }) => {
    const clients: Client[] = [];
    for (const name of ["a", "b", "c", "d"]) clients.push(await connect(`alice/${name}`));
    await Promise.all(clients.map((client) => asksForSlot(client, { size: 10_000 })));
    const answers = await Promise.all(clients.map((client) => client.receivesAny()));
    expect(answers.filter(({ attrs }) => attrs["type"] === "result")).toHaveLength(2);
  });

  test("is given back for slots that were not used", async ({ connect, clock }) => {
    const alice = await connect("alice/phone");
    await getsSlot(alice, { size: 24_000 });
    await clock.advance(121 * 60_000);
    const isGiven = async () => {
      await asksForSlot(alice, { size: 24_000 });
      return (await alice.receivesAny()).attrs["type"] === "result";
    };
    await eventually(isGiven).toBe(true);
  });

  test("is what a file may have at most", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await asksForSlot(alice, { size: 24_001 });
    await isRefused(alice, "not-acceptable", "modify", tooLarge(24_000));
  });

  test("is not begun anew by another device, nor by a message that was lost", async ({ connect }) => {
    const phone = await connect("alice/phone");
    await getsSlot(phone, { size: 24_000 });
    await phone.disconnects();
    const laptop = await connect("alice/laptop");
    await asksForSlot(laptop, { size: 1000 });
    await laptop.receives(
      `<iq type="error" id="u1"><request xmlns="${UPLOAD}" filename="{any}" size="{any}"/><error type="wait">
        <resource-constraint xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/><retry xmlns="${UPLOAD}" stamp="{any}"/></error></iq>`,
    );
  });
});

describe("slots in an hour", () => {
  test.override({ options: uploading({ slotsPerHour: 3 }) });

  test("are limited, and come back one by one", async ({ connect, clock }) => {
    const alice = await connect("alice/phone");
    for (let i = 0; i < 3; i++) await getsSlot(alice);
    await asksForSlot(alice);
    const stamp = new Date(clock.now() + 1_200_000).toISOString();
    await isRefused(alice, "resource-constraint", "wait", `<retry xmlns="${UPLOAD}" stamp="${stamp}"/>`);
    await clock.advance(1_200_000);
    await getsSlot(alice);
    await asksForSlot(alice);
    await alice.receivesAny();
  });
});

describe("a full disk", () => {
  test.override({ options: uploading({ keepFree: "1000 TB" }) });

  test("has no slots", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await asksForSlot(alice);
    await isRefused(alice, "resource-constraint", "wait");
  });
});

describe("who has no account at the domain", () => {
  const options = (anonymous: boolean) =>
    uploading({ anonymous }, { domain: ["localhost", "other.org"], auth: { anonymous: true } });

  const guest = async (raw: () => Client) => {
    const client = raw();
    await client.opens({ to: "localhost" });
    await client.receivesAny();
    await client.sends(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="ANONYMOUS">=</auth>`);
    await client.receives(`<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>`);
    await client.opens({ to: "localhost" });
    await client.receivesAny();
    await client.sends(`<iq type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`);
    await client.receivesAny();
    return client;
  };

  describe("as configured first", () => {
    test.override({ options: options(false) });

    test("may not upload, as a user of another domain", async ({ connect }) => {
      const eve = await connect("eve@other.org/desk");
      await asksForSlot(eve);
      await isRefused(eve, "forbidden", "auth");
    });

    test("may not upload, as a guest", async ({ raw }) => {
      const client = await guest(raw);
      await asksForSlot(client);
      await isRefused(client, "forbidden", "auth");
    });

    test("has a service of their own domain", async ({ connect, server }) => {
      const eve = await connect("eve@other.org/desk");
      await asksForSlot(eve, {}, "upload.other.org");
      const answer = await eve.receivesAny();
      expect(answer.getChild("slot")?.getChild("get")?.attrs["url"]).toMatch(
        new RegExp(`^${server.host("other.org").http.url}/upload/`),
      );
    });
  });

  describe("with `anonymous`", () => {
    test.override({ options: options(true) });

    test("may upload as a guest, as long as they stay", async ({ raw, request, clock }) => {
      const client = await guest(raw);
      const { put, get } = await getsSlot(client);
      expect((await request(put, body(CAT))).status).toBe(201);
      expect((await request(get)).status).toBe(200);
      await client.disconnects();
      await clock.advance(0);
      expect((await request(get)).status).toBe(404);
    });
  });
});
