import fc from "fast-check";
import { expect, test } from "vitest";
import { createXmlParser } from "../../../src/xml/stream-parser.ts";
import { Generator } from "./generate.ts";
import { drain, limits, plain } from "./support.ts";

/** Small enough to be met now and then. */
const TIGHT = limits({ stanzaBytes: 400, depth: 3, attributes: 5, attributeBytes: 40, namespaces: 5 });

/** Makes a tag not worth waiting for, within quotes or not. */
const END_OF_WAITING = Buffer.from("<");

/**
 * What comes out of the chunks. An unfinished tag is read at once when it comes in one piece, and at its end when it comes
 * in several: so the waiting is ended, for a fault in it to be seen in both.
 */
function eventsOf(chunks: readonly Buffer[], bounds = limits()): unknown[] {
  const parser = createXmlParser(bounds);
  const events: unknown[] = [];
  const hasFailed = () => typeof events.at(-1) === "string";
  const take = (chunk: Buffer) => {
    parser.write(chunk);
    events.push(...drain(parser).map(plain));
  };
  for (const chunk of chunks) {
    take(chunk);
    if (hasFailed()) return events;
  }
  if (parser.pending > 0) take(END_OF_WAITING);
  return events;
}

test("the same events come out however the bytes are cut", () => {
  const outcomes = new Set<unknown>();
  fc.assert(
    fc.property(fc.integer(), fc.boolean(), fc.boolean(), (seed, isMutated, isTight) => {
      const bounds = isTight ? TIGHT : limits();
      const generator = new Generator(seed);
      const document = generator.document();
      const bytes = isMutated ? generator.mutate(document) : Buffer.from(document);
      const whole = eventsOf([bytes], bounds);
      outcomes.add(typeof whole.at(-1) === "string" ? whole.at(-1) : "fine");
      expect(eventsOf(generator.cut(bytes), bounds)).toEqual(whole);
      expect(
        eventsOf(
          Array.from(bytes, (byte) => Buffer.from([byte])),
          bounds,
        ),
      ).toEqual(whole);
    }),
    { numRuns: 500 },
  );
  expect(outcomes).toEqual(
    new Set(["fine", "not-well-formed", "policy-violation", "restricted-xml", "unsupported-encoding"]),
  );
});

test("chunks may be changed to anything once their bytes are consumed", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const generator = new Generator(seed);
      const bytes = Buffer.from(generator.document());
      const expected = eventsOf([bytes]);
      const parser = createXmlParser(limits());
      const events = generator.cut(bytes).flatMap((part) => {
        const chunk = Buffer.from(part);
        parser.write(chunk);
        const drained = drain(parser);
        chunk.fill("<");
        return drained;
      });
      const end = events.findIndex((event) => typeof event === "string");
      expect(events.slice(0, end < 0 ? undefined : end + 1).map(plain)).toEqual(expected);
    }),
    { numRuns: 200 },
  );
});
