/**
 * Processor time of the parser for one chat message of some 350 bytes: name, attributes, child heads and inner XML,
 * all read. Prints one JSON line. Run: node test/bench/parse.bench.ts
 */
import { createXmlParser } from "../../src/xml/stream-parser.ts";

const HEADER =
  "<?xml version='1.0'?><stream:stream to='example.org' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
const STANZAS = 2_000;
const CHUNK_BYTES = 16_384;
const ROUNDS = 200;

const input = Buffer.from(Array.from({ length: STANZAS }, (_, index) => message(index)).join(""));

function message(index: number): string {
  const id = `m${(index * 2_654_435_761).toString(36)}`;
  return (
    `<message to="juliet${index % 50}@example.org/balcony" id="${id}" type="chat">` +
    `<body>Neither, fair saint, if either thee dislike. I take thee at thy word</body>` +
    `<active xmlns="http://jabber.org/protocol/chatstates"/><request xmlns="urn:xmpp:receipts"/>` +
    `<origin-id xmlns="urn:xmpp:sid:0" id="${id}"/><markable xmlns="urn:xmpp:chat-markers:0"/></message>`
  );
}

function parseAll(): number {
  const parser = createXmlParser({
    stanzaBytes: 262_144,
    depth: 64,
    attributes: 64,
    attributeBytes: 8_192,
    namespaces: 64,
  });
  parser.write(Buffer.from(HEADER));
  parser.next();
  let read = 0;
  for (let at = 0; at < input.length; at += CHUNK_BYTES) {
    parser.write(input.subarray(at, at + CHUNK_BYTES));
    for (let event = parser.next(); event !== undefined; event = parser.next()) {
      if (event.kind !== "element") continue;
      const { name, attributes, heads, inner } = event.element;
      read += name.length + (attributes["to"]?.length ?? 0) + heads.length + inner.length;
    }
  }
  return read;
}

let best = Number.POSITIVE_INFINITY;
for (let round = 0; round < ROUNDS; round++) {
  const before = process.cpuUsage();
  if (parseAll() === 0) throw new Error("nothing parsed");
  const { user, system } = process.cpuUsage(before);
  best = Math.min(best, (user + system) / STANZAS);
}
console.log(JSON.stringify({ name: "parse.chat", unit: "µs/stanza", value: Number(best.toFixed(3)) }));
