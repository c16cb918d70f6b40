/** RFC 6120 §8.4, §11: what the other side reads is what was written. Read here by saxes, not by the server's parser. */
import { SaxesParser } from "saxes";
import { describe, expect } from "vitest";
import { streamHeader } from "../../src/testing/client.ts";
import type { PipeClient, Rig } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";

/** A tree in words: names and attributes with their namespaces, text merged, nothing of prefixes. */
type Meaning =
  | string
  | { readonly name: string; readonly attributes: Record<string, string>; readonly content: Meaning[] };

/** The first-level elements of a stream as an independent parser sees them. */
function meaningsIn(xml: string): Meaning[] {
  const parser = new SaxesParser({ xmlns: true, fragment: false });
  const root: Meaning[] = [];
  const open: Meaning[][] = [];
  const add = (text: string) => {
    const content = open.at(-1);
    if (content === undefined || open.length === 1) return;
    const last = content.at(-1);
    if (typeof last === "string") content[content.length - 1] = last + text;
    else content.push(text);
  };
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ uri, local, attributes }) => {
    const entries = Object.values(attributes)
      .filter((attribute) => attribute.uri !== "http://www.w3.org/2000/xmlns/")
      .map((attribute) => [`{${attribute.uri}}${attribute.local}`, attribute.value]);
    const content: Meaning[] = [];
    const element = { name: `{${uri}}${local}`, attributes: Object.fromEntries(entries), content };
    (open.at(-1) ?? root).push(element);
    open.push(content);
  });
  parser.on("closetag", () => void open.pop());
  parser.on("text", add);
  parser.on("cdata", add);
  parser.write(xml);
  const [stream] = root;
  return typeof stream === "object" ? stream.content : [];
}

/** All of the last stream that a client heard. */
function lastStream(heard: string): string {
  return heard.slice(heard.lastIndexOf("<?xml"));
}

const payloads: readonly [what: string, xml: string][] = [
  ["an unknown element", `<x xmlns="urn:example:x" a="1"><y b="2">z</y></x>`],
  ["mixed content", `<x xmlns="urn:example:x">one <b>two</b> three <b/> four</x>`],
  ["white space", `<body>  a\n\tb  </body>`],
  ["CDATA", `<body><![CDATA[<a> & ]]>b<![CDATA[]]></body>`],
  ["references", `<body>&lt;&gt;&amp;&quot;&apos;&#65;&#x1F600;</body>`],
  ["references in attributes", `<x xmlns="urn:x" a="&lt;&amp;&quot;&#9;&#10;&#13;'"/>`],
  ["a carriage return", `<body>a&#13;b</body>`],
  ["attributes between single quotes", `<x xmlns='urn:x' a='"'/>`],
  ["characters outside of the basic plane", `<body>😀 \u{10FFFD} é e\u0301</body>`],
  ["a prefix declared where it is used", `<p:x xmlns:p="urn:example:p"><p:y p:a="1" a="2"/></p:x>`],
  ["a prefix of the stream's root", `<p:x><p:y/></p:x>`],
  ["an attribute with a prefix of the root", `<x xmlns="urn:x" p:a="1"><y p:b="2"/></x>`],
  ["a prefix of the stanza", `<q:x q:a="1"/>`],
  ["a prefix that is declared anew", `<p:x xmlns:p="urn:other"><p:y/><p:y xmlns:p="urn:third"/></p:x>`],
  ["elements of no namespace", `<x xmlns=""><y/></x>`],
  ["no namespace inside of one", `<p:x xmlns:p="urn:x"><y xmlns=""/><body/></p:x>`],
  [
    "the content namespace deep inside",
    `<x xmlns="urn:x"><message xmlns="jabber:client"><body>a</body></message></x>`,
  ],
  ["the prefix of streams", `<stream:x/>`],
  ["a prefix that streams use for something else", `<stream:x xmlns:stream="urn:x"/>`],
  ["languages", `<body xml:lang="de">a</body><body xml:lang="fr">b</body>`],
  ["preserved space", `<x xmlns="urn:x" xml:space="preserve"> </x>`],
  ["the namespace of XML as an element's", `<xml:x/>`],
  ["two payloads of one name", `<x xmlns="urn:x">1</x><x xmlns="urn:x">2</x>`],
  ["text beside the payload", `text <body>a</body> more`],
  ["names of other scripts", `<Ελληνικά xmlns="urn:ελ"><日本 属性="値"/></Ελληνικά>`],
  ["nothing", ``],
];

/** A client whose root declares the prefix `p`. */
async function connectWithPrefix(rig: Rig): Promise<PipeClient> {
  await rig.user("alice", "secret");
  const client = rig.raw();
  const header = streamHeader().replace("<stream:stream", `<stream:stream xmlns:p="urn:example:root"`);
  const message = Buffer.from("\0alice\0secret").toString("base64");
  await client.sendsRaw(header);
  await client.receivesHeader();
  await client.receives("<stream:features>{any}</stream:features>");
  await client.sends(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${message}</auth>`);
  await client.receives(`<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>`);
  await client.sendsRaw(header);
  await client.receivesHeader();
  await client.receives("<stream:features>{any}</stream:features>");
  await client.sends(`<iq type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`);
  await client.receives(`<iq type="result" id="b">{any}</iq>`);
  return client;
}

const ROOT = streamHeader().replace("<stream:stream", `<stream:stream xmlns:p="urn:example:root"`);

describe("what is sent to somebody means the same there (§8.4)", () => {
  test.for(payloads)("%s", async ([, payload], { rig }) => {
    const alice = await connectWithPrefix(rig);
    const bob = await rig.connect("bob/desk");
    const stanza = `<message to="bob@localhost/desk" type="chat" id="1" xmlns:q="urn:example:q" xml:lang="en">${payload}</message>`;
    await alice.sends(stanza);
    const [sent] = meaningsIn(ROOT + stanza);
    const received = meaningsIn(lastStream(bob.heard)).at(-1);
    expect(contentOf(received)).toEqual(contentOf(sent));
  });

  /** Text directly in a stanza has no meaning (RFC 6120 §8); an archive's id is the server's (XEP-0359). */
  function contentOf(meaning: Meaning | undefined): Meaning[] {
    const content = typeof meaning === "object" ? meaning.content : [];
    return content.filter((node) => typeof node === "object" && node.name !== "{urn:xmpp:sid:0}stanza-id");
  }

  test("attributes of the stanza that nobody knows are handed on (§8.4)", async ({ rig }) => {
    const alice = await connectWithPrefix(rig);
    const bob = await rig.connect("bob/desk");
    await alice.sends(
      `<message to="bob@localhost/desk" p:a="1" b="&lt;" q:c="3" xmlns:q="urn:example:q"><body/></message>`,
    );
    const received = meaningsIn(lastStream(bob.heard)).at(-1);
    expect(received).toMatchObject({
      attributes: { "{urn:example:root}a": "1", "{}b": "<", "{urn:example:q}c": "3" },
    });
  });

  test("errors give the payload back as it was (§8.3.1)", async ({ rig }) => {
    const alice = await connectWithPrefix(rig);
    for (const [, payload] of payloads) {
      const stanza = `<message to="nobody@localhost/x" type="chat" xmlns:q="urn:example:q">${payload}</message>`;
      await alice.sends(stanza);
      const [sent] = meaningsIn(ROOT + stanza);
      const received = meaningsIn(lastStream(alice.heard)).at(-1);
      expect(contentOf(received).slice(0, -1)).toEqual(contentOf(sent));
    }
  });

  test("stored, forwarded and answered payloads are well-formed with namespaces", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const laptop = await connect("alice/laptop");
    const payload = `<p:query xmlns:p="urn:example:p"><p:item p:a="1"/><stream:x/></p:query>`;
    await alice.sends(`<iq to="${laptop.jid}" type="get" id="1">${payload}</iq>`);
    await laptop.sends(`<iq to="${alice.jid}" type="result" id="1">${payload}</iq>`);
    for (const client of [laptop, alice]) {
      const received = meaningsIn(lastStream(client.heard)).at(-1);
      expect(contentOf(received)).toEqual(contentOf(meaningsIn(`${ROOT}<iq>${payload}</iq>`)[0]));
    }
  });
});

describe("bytes come as they like", () => {
  const script = [
    `<message to="bob@localhost/desk" type="chat" id="1"><body>Grüße 😀 &amp; &#x1F600;</body></message>`,
    `<iq type="get" id="2"><x xmlns="urn:example:x"><![CDATA[a]]]]><![CDATA[>b]]></x></iq>`,
    `<message to="bob@localhost/desk" type="chat"><p:x xmlns:p='urn:example:p' p:a="1"/></message>`,
    `</stream:stream>`,
  ];

  /** The whole conversation in bits of the size that `chunkBytes` says; what came to both, without ids. */
  async function converse(rig: Rig, chunkBytes: PipeClient["pipe"]["chunkBytes"]): Promise<Meaning[][]> {
    await rig.user("alice", "secret");
    const bob = await rig.connect("bob/desk");
    const alice = rig.raw();
    alice.pipe.chunkBytes = chunkBytes;
    await alice.opens();
    await alice.receives("<stream:features>{any}</stream:features>");
    const message = Buffer.from("\0alice\0secret").toString("base64");
    // Everything else in one go: restart, binding and stanzas.
    await alice.sends(
      [
        `<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${message}</auth>`,
        streamHeader(),
        `<iq type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>phone</resource></bind></iq>`,
        ...script,
      ].join("\n"),
    );
    await alice.receives(`<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>`);
    await alice.receivesHeader();
    await alice.receives("<stream:features>{any}</stream:features>");
    await alice.receives(`<iq type="result" id="b">{any}</iq>`);
    await alice.receives(`<iq type="error" id="2">{any}</iq>`);
    await alice.closed();
    const ours = meaningsIn(lastStream(alice.heard)).slice(1);
    const theirs = meaningsIn(lastStream(bob.heard)).filter(
      (node) => typeof node === "object" && node.name.endsWith("}message"),
    );
    expect(theirs).toHaveLength(2);
    return [ours, theirs];
  }

  test("one at a time", async ({ rig }) => {
    await converse(rig, 1);
  });

  for (const seed of [1, 2, 3, 4, 5]) {
    test(`in pieces of any size (seed ${seed})`, async ({ rig }) => {
      let state = seed;
      const next = () => {
        // A linear congruential generator: any seed gives the same pieces every time.
        state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
        return 1 + (state % 37);
      };
      await converse(rig, next);
    });
  }
});
