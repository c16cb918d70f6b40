import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Lane } from "../../../src/testing/faults/lane.ts";
import type { Toxic } from "../../../src/testing/faults/toxic.ts";
import { SeededRandom } from "../../../src/testing/seeded-random.ts";
import { VirtualClock } from "../../../src/testing/virtual-clock.ts";

const NONE: Toxic = {
  direction: "both",
  latency: 0,
  jitter: 0,
  bandwidth: Number.POSITIVE_INFINITY,
  slice: Number.POSITIVE_INFINITY,
  cutAfter: Number.POSITIVE_INFINITY,
  stall: false,
};

/** A lane on a clock of its own, and what came through, with when. */
function open(...toxics: Partial<Toxic>[]) {
  const clock = new VirtualClock();
  const began = clock.now();
  let held = toxics.map((toxic) => ({ ...NONE, ...toxic }));
  const came: [at: number, text: string][] = [];
  let cuts = 0;
  const lane = new Lane(
    {
      clock,
      random: new SeededRandom(1),
      toxics: () => held,
      cut: () => {
        cuts++;
        lane.close();
      },
    },
    (bytes, done) => {
      came.push([clock.now() - began, bytes.toString("latin1")]);
      done();
    },
  );
  return {
    lane,
    clock,
    came,
    text: () => came.map(([, text]) => text).join(""),
    cuts: () => cuts,
    write: (text: string) => lane.write(Buffer.from(text, "latin1"), () => {}),
    hold: (...others: Partial<Toxic>[]) => {
      held = others.map((toxic) => ({ ...NONE, ...toxic }));
      lane.changed();
    },
    /** All that needs no time is done. */
    settle: async () => {
      do await new Promise(setImmediate);
      while (clock.immediates > 0);
    },
  };
}

describe("a lane", () => {
  test("without toxics hands on at once", () => {
    const { write, came } = open();
    write("one");
    write("two");
    expect(came).toEqual([
      [0, "one"],
      [0, "two"],
    ]);
  });

  test("is late by its latency, each piece from when it came", async () => {
    const { write, came, clock } = open({ latency: 100 });
    write("one");
    await clock.advance(60);
    write("two");
    await clock.advance(60);
    expect(came).toEqual([[100, "one"]]);
    await clock.advance(60);
    expect(came).toEqual([
      [100, "one"],
      [160, "two"],
    ]);
  });

  test("brings so many bytes in a second, bit by bit", async () => {
    const { write, came, clock } = open({ bandwidth: 1000 });
    write("x".repeat(250));
    await clock.advance(99);
    expect(came).toEqual([]);
    await clock.advance(151);
    expect(came.map(([at, { length }]) => [at, length])).toEqual([
      [100, 100],
      [200, 100],
      [250, 50],
    ]);
  });

  test("takes the slowest of several, and the sum of their latencies", async () => {
    const { write, came, clock } = open({ latency: 10, bandwidth: 1000 }, { latency: 20, bandwidth: 100 });
    write("x".repeat(10));
    await clock.advance("1s");
    expect(came).toEqual([[130, "x".repeat(10)]]);
  });

  test("brings slices, one in a turn", async () => {
    const { write, came, settle } = open({ slice: 2 });
    write("abcde");
    await settle();
    expect(came.map(([, text]) => text)).toEqual(["ab", "cd", "e"]);
  });

  test("cuts after so many bytes, also within a piece, and no others come", async () => {
    const { write, text, cuts, settle } = open({ cutAfter: 5 });
    write("abc");
    write("defg");
    write("h");
    await settle();
    expect(text()).toBe("abcde");
    expect(cuts()).toBe(1);
  });

  test("holds up who sends when too much is on its way, and no longer when that went on", () => {
    const { lane, hold, text } = open({ stall: true });
    const taken: number[] = [];
    const write = (index: number) => lane.write(Buffer.alloc(40_000), () => taken.push(index));
    write(0);
    write(1);
    expect(taken).toEqual([0]);
    hold();
    expect(taken).toEqual([0, 1]);
    expect(text()).toHaveLength(80_000);
  });

  test("keeps the end behind what comes before it", () => {
    const { lane, write, hold, came } = open({ stall: true });
    write("last words");
    lane.after(() => came.push([0, "end"]));
    expect(came).toEqual([]);
    hold();
    expect(came.map(([, text]) => text)).toEqual(["last words", "end"]);
  });

  test("goes on by its own time when the clock's skew changes", async () => {
    const { write, clock, text } = open({ latency: 100 });
    write("x");
    clock.skew = () => -3_600_000;
    await clock.advance(100);
    expect(text()).toBe("x");
  });
});

const toxic = fc.record(
  {
    latency: fc.nat(200),
    jitter: fc.nat(50),
    bandwidth: fc.integer({ min: 1, max: 2000 }),
    slice: fc.integer({ min: 1, max: 5 }),
    stall: fc.boolean(),
  },
  { requiredKeys: [] },
);
const step = fc.oneof(
  fc.record({ write: fc.string({ minLength: 1, maxLength: 20, unit: "binary-ascii" }) }),
  fc.record({ hold: fc.array(toxic, { maxLength: 2 }) }),
  fc.record({ advance: fc.nat(300) }),
);

test("whatever toxics come and go, all that went in comes out, in order, when they are gone", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const { lane, clock, text, hold } = open();
      let sent = "";
      for (const each of steps) {
        if ("write" in each) {
          sent += each.write;
          lane.write(Buffer.from(each.write, "latin1"), () => {});
        } else if ("hold" in each) hold(...each.hold);
        else await clock.advance(each.advance);
        expect(sent.startsWith(text())).toBe(true);
      }
      hold();
      while (clock.immediates > 0) await new Promise(setImmediate);
      expect(text()).toBe(sent);
    }),
  );
});
