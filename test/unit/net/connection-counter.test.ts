import { expect, test } from "vitest";
import { ConnectionCounter } from "../../../src/net/listener.ts";
import { VirtualClock } from "../../../src/testing/virtual-clock.ts";
import { Rates } from "../../../src/util/rates.ts";

const FULL = { why: "too many connections from one address", isNew: true };
const HASTY = { why: "too many attempts to connect from one address", isNew: true };

/** So many connections; what ends each. */
function enter(counter: ConnectionCounter, address: string, count: number): (() => void)[] {
  return Array.from({ length: count }, () => {
    const leave = counter.enter(address);
    if (typeof leave !== "function") throw new Error(`${address}: ${leave.why}`);
    return leave;
  });
}

test("an address has so many connections and no more, and gets back what it gives back", () => {
  const counter = new ConnectionCounter(2);
  const [first] = enter(counter, "192.0.2.1", 2);
  expect(counter.enter("192.0.2.1")).toEqual(FULL);
  enter(counter, "192.0.2.2", 2);
  first?.();
  enter(counter, "192.0.2.1", 1);
});

test("a /64 of IPv6 counts as one address, as does an IPv4 address mapped into IPv6", () => {
  const counter = new ConnectionCounter(1);
  enter(counter, "2001:db8::1", 1);
  expect(counter.enter("2001:db8::2:1")).toEqual(FULL);
  enter(counter, "2001:db8:0:1::1", 1);
  enter(counter, "192.0.2.1", 1);
  expect(counter.enter("::ffff:192.0.2.1")).toEqual(FULL);
});

test("being full is news once, until half of the connections are gone", () => {
  const counter = new ConnectionCounter(4);
  const leave = enter(counter, "192.0.2.1", 4);
  expect(counter.enter("192.0.2.1")).toEqual(FULL);
  expect(counter.enter("192.0.2.1")).toEqual({ ...FULL, isNew: false });
  leave[0]?.();
  enter(counter, "192.0.2.1", 1);
  expect(counter.enter("192.0.2.1")).toEqual({ ...FULL, isNew: false });
  leave[1]?.();
  leave[2]?.();
  enter(counter, "192.0.2.1", 2);
  expect(counter.enter("192.0.2.1")).toEqual(FULL);
});

test("a lower limit holds for who comes next", () => {
  const counter = new ConnectionCounter(3);
  enter(counter, "192.0.2.1", 2);
  counter.limit = 1;
  expect(counter.enter("192.0.2.1")).toEqual(FULL);
});

test("an address may try so often in a minute, whether or not its connections stay", async () => {
  const clock = new VirtualClock();
  const counter = new ConnectionCounter(100, undefined, new Rates(3, clock));
  for (const leave of enter(counter, "192.0.2.1", 3)) leave();
  expect(counter.enter("192.0.2.1")).toEqual(HASTY);
  expect(counter.enter("192.0.2.1")).toEqual({ ...HASTY, isNew: false });
  enter(counter, "192.0.2.2", 1);
  await clock.advance(20_000);
  enter(counter, "192.0.2.1", 1);
  expect(counter.enter("192.0.2.1")).toEqual(HASTY);
  expect(counter.refusals).toBe(3);
});
