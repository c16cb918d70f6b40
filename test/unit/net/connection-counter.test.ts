import { expect, test } from "vitest";
import { ConnectionCounter } from "../../../src/net/listener.ts";

/** So many connections; what ends each. */
function enter(counter: ConnectionCounter, address: string, count: number): (() => void)[] {
  return Array.from({ length: count }, () => {
    const leave = counter.enter(address);
    if (typeof leave === "string") throw new Error(`${address} is ${leave}`);
    return leave;
  });
}

test("an address has so many connections and no more, and gets back what it gives back", () => {
  const counter = new ConnectionCounter(2);
  const [first] = enter(counter, "192.0.2.1", 2);
  expect(counter.enter("192.0.2.1")).toBe("full");
  enter(counter, "192.0.2.2", 2);
  first?.();
  enter(counter, "192.0.2.1", 1);
});

test("a /64 of IPv6 counts as one address, as does an IPv4 address mapped into IPv6", () => {
  const counter = new ConnectionCounter(1);
  enter(counter, "2001:db8::1", 1);
  expect(counter.enter("2001:db8::2:1")).toBe("full");
  enter(counter, "2001:db8:0:1::1", 1);
  enter(counter, "192.0.2.1", 1);
  expect(counter.enter("::ffff:192.0.2.1")).toBe("full");
});

test("being full is news once, until half of the connections are gone", () => {
  const counter = new ConnectionCounter(4);
  const leave = enter(counter, "192.0.2.1", 4);
  expect(counter.enter("192.0.2.1")).toBe("full");
  expect(counter.enter("192.0.2.1")).toBe("still full");
  leave[0]?.();
  enter(counter, "192.0.2.1", 1);
  expect(counter.enter("192.0.2.1")).toBe("still full");
  leave[1]?.();
  leave[2]?.();
  enter(counter, "192.0.2.1", 2);
  expect(counter.enter("192.0.2.1")).toBe("full");
});

test("a lower limit holds for who comes next", () => {
  const counter = new ConnectionCounter(3);
  enter(counter, "192.0.2.1", 2);
  counter.limit = 1;
  expect(counter.enter("192.0.2.1")).toBe("full");
});
