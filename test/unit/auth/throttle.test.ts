import { describe, expect, test } from "vitest";
import { Throttle } from "../../../src/auth/throttle.ts";
import { networkOf } from "../../../src/util/ip-network.ts";
import { handClock } from "./setup.ts";

const ALICE = "alice@example.org";
const HOME = "192.0.2.1";
const ATTACKER = "198.51.100.7";
const MINUTE = 60_000;

function failTimes(throttle: Throttle, times: number, user: string | undefined, address: string): void {
  for (let i = 0; i < times; i++) throttle.failed(user, address);
}

describe("by address", () => {
  test("the first failures are free, then each doubles the wait up to a limit", () => {
    const throttle = new Throttle(handClock());
    const waits: number[] = [];
    for (let i = 0; i < 14; i++) {
      throttle.failed(undefined, ATTACKER);
      waits.push(throttle.delay(undefined, ATTACKER));
    }
    expect(waits).toEqual([0, 0, 0, 0, 0, 500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000, 15_000]);
    expect(throttle.delay(undefined, HOME)).toBe(0);
  });

  test("changing the account does not help", () => {
    const throttle = new Throttle(handClock());
    for (let i = 0; i < 8; i++) throttle.failed(`user${i}@example.org`, ATTACKER);
    expect(throttle.delay("fresh@example.org", ATTACKER)).toBe(2000);
  });

  test("success with an account of one's own does not help", () => {
    const throttle = new Throttle(handClock());
    failTimes(throttle, 8, ALICE, ATTACKER);
    throttle.succeeded("mallory@example.org", ATTACKER);
    expect(throttle.delay(ALICE, ATTACKER)).toBe(2000);
  });

  test("nor does any number do harm to the arithmetic", () => {
    const throttle = new Throttle(handClock());
    failTimes(throttle, 5000, undefined, ATTACKER);
    expect(throttle.delay(undefined, ATTACKER)).toBe(15_000);
  });

  test("half of the failures are forgotten in ten minutes", () => {
    const clock = handClock();
    const throttle = new Throttle(clock);
    failTimes(throttle, 14, undefined, ATTACKER);
    clock.time += 10 * MINUTE;
    expect(throttle.delay(undefined, ATTACKER)).toBe(1000);
    clock.time += 10 * MINUTE;
    expect(throttle.delay(undefined, ATTACKER)).toBe(0);
  });

  test("a failure is not forgotten in the seconds that a wait takes", () => {
    const clock = handClock();
    const throttle = new Throttle(clock);
    failTimes(throttle, 8, undefined, ATTACKER);
    clock.time += 2000;
    expect(throttle.delay(undefined, ATTACKER)).toBe(2000);
  });

  test("streams without an address are not counted together", () => {
    const throttle = new Throttle(handClock());
    failTimes(throttle, 100, undefined, "");
    expect(throttle.delay(undefined, "")).toBe(0);
  });
});

describe("by account", () => {
  /** Guesses from so many addresses, a few at each. */
  function guessFromEverywhere(throttle: Throttle): void {
    for (let i = 1; i < 200; i++) failTimes(throttle, 3, ALICE, `203.0.113.${i}`);
  }

  test("guesses from many addresses make a stranger wait, a little", () => {
    const throttle = new Throttle(handClock());
    guessFromEverywhere(throttle);
    expect(throttle.delay(ALICE, ATTACKER)).toBe(3000);
    expect(throttle.delay("bob@example.org", ATTACKER)).toBe(0);
  });

  test("they do not make the owner wait where the owner has been", () => {
    const throttle = new Throttle(handClock());
    throttle.succeeded(ALICE, HOME);
    guessFromEverywhere(throttle);
    expect(throttle.delay(ALICE, HOME)).toBe(0);
  });

  test("an owner's login does not forget them for the attacker", () => {
    const throttle = new Throttle(handClock());
    guessFromEverywhere(throttle);
    throttle.succeeded(ALICE, HOME);
    expect(throttle.delay(ALICE, ATTACKER)).toBe(3000);
    expect(throttle.delay(ALICE, HOME)).toBe(0);
  });

  test("being known to one account is not being known to another", () => {
    const throttle = new Throttle(handClock());
    guessFromEverywhere(throttle);
    throttle.succeeded("mallory@example.org", ATTACKER);
    expect(throttle.delay(ALICE, ATTACKER)).toBe(3000);
  });

  test("the eight addresses of the latest logins are known", () => {
    const throttle = new Throttle(handClock());
    for (let i = 1; i <= 8; i++) throttle.succeeded(ALICE, `192.0.2.${i}`);
    throttle.succeeded(ALICE, "192.0.2.1");
    throttle.succeeded(ALICE, "192.0.2.9");
    guessFromEverywhere(throttle);
    expect(throttle.delay(ALICE, "192.0.2.1")).toBe(0);
    expect(throttle.delay(ALICE, "192.0.2.2")).toBe(3000);
  });
});

test("a flood of addresses forgets the oldest, not those still in use", () => {
  const throttle = new Throttle(handClock());
  failTimes(throttle, 8, undefined, ATTACKER);
  failTimes(throttle, 8, undefined, HOME);
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 1000; i++) throttle.failed(undefined, `10.${round}.${i >> 8}.${i & 255}`);
    expect(throttle.delay(undefined, ATTACKER)).toBe(2000);
  }
  expect(throttle.delay(undefined, HOME)).toBe(0);
});

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:0DB8:0001:0002::1", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["2001:db8:1:2:3::", "2001:db8:1:2::/64"],
  ["2001:db8::1:2:3:4:5", "2001:db8:0:1::/64"],
  ["64:ff9b::192.0.2.1", "64:ff9b:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["::", "0:0:0:0::/64"],
  ["pipe", "pipe"],
])("%s is counted as %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test("one host's IPv6 addresses count together", () => {
  const throttle = new Throttle(handClock());
  for (let i = 1; i <= 8; i++) throttle.failed(undefined, `2001:db8::${i}`);
  expect(throttle.delay(undefined, "2001:db8::abcd")).toBe(2000);
  expect(throttle.delay(undefined, "2001:db8:0:1::1")).toBe(0);
});
