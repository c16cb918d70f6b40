import { describe, expect, test } from "vitest";
import {
  inbound,
  outbound,
  partsOf,
  SUBSCRIPTION_STATES,
  stateOf,
} from "../../../../src/modules/presence/subscription-states.ts";
import { APPENDIX_A, type Rule } from "./appendix-a.ts";

const name = ({ direction, type, state }: Rule) => `${direction} ${type} in "${state}"`;
const rules = (direction: Rule["direction"]) =>
  APPENDIX_A.filter((rule) => rule.direction === direction).map((rule) => [name(rule), rule] as const);

test("the RFC has a rule for each stanza in each state, both ways", () => {
  expect(new Set(APPENDIX_A.map(name)).size).toBe(2 * 4 * 9);
});

test.each(rules("outbound"))("%s", (_, { type, state, next, goesOn, preApproval }) => {
  const rule = outbound(type, state);
  expect(rule).toMatchObject({ next, route: goesOn });
  expect(rule.approval === "granted").toBe(preApproval);
});

test.each(rules("inbound"))("%s", (_, { type, state, next, goesOn, noted }) => {
  const rule = inbound(type, state, false);
  expect(rule).toMatchObject({ next, deliver: goesOn });
  // Table 6, note 2; table 7, note 1. Note 1 of table 6 is of pre-approval.
  const reply = type === "unsubscribe" ? "unsubscribed" : "subscribed";
  const replies = noted && !(type === "subscribe" && goesOn);
  expect(rule.reply).toBe(replies ? reply : undefined);
});

describe("pre-approval (§3.4)", () => {
  test.each([
    ["none", "from"],
    ["none+out", "from+out"],
    ["to", "both"],
  ] as const)("in %j a request is granted unseen", (state, next) => {
    expect(inbound("subscribe", state, true)).toEqual({ next, deliver: false, reply: "subscribed" });
  });

  test("changes nothing of other stanzas, nor where a request waits already", () => {
    for (const { direction, type, state } of APPENDIX_A) {
      const isGranted = type === "subscribe" && ["none", "none+out", "to"].includes(state);
      if (direction === "inbound" && !isGranted) {
        expect(inbound(type, state, true)).toEqual(inbound(type, state, false));
      }
    }
  });

  test.each(["none", "none+out", "to"] as const)("is withdrawn in %j by unsubscribed (§3.2.2)", (state) => {
    expect(outbound("unsubscribed", state).approval).toBe("withdrawn");
  });
});

test.each(SUBSCRIPTION_STATES)("%s is its parts put together", (state) => {
  expect(stateOf(partsOf(state))).toBe(state);
});
