/** RFC 6121 Appendix A, tables 2 to 9, as they are printed there. */
import type {
  SubscriptionState,
  SubscriptionType,
} from "../../../../src/modules/presence/subscription-states.ts";

export interface Rule {
  readonly direction: "outbound" | "inbound";
  readonly type: SubscriptionType;
  readonly state: SubscriptionState;
  /** Whether the stanza is routed, or delivered. */
  readonly goesOn: boolean;
  readonly next: SubscriptionState;
  /** Table 4, note 1. */
  readonly preApproval: boolean;
  /** Tables 6 and 7, notes 1 and 2. */
  readonly noted: boolean;
}

const TABLES: readonly (readonly [Rule["direction"], SubscriptionType, string])[] = [
  [
    "outbound",
    "subscribe",
    `
    |  "None"                  |  MUST [1] |  "None + Pending Out"     |
    |  "None + Pending Out"    |  MUST     |  no state change          |
    |  "None + Pending In"     |  MUST [1] |  "None + Pending Out+In"  |
    |  "None + Pending Out+In" |  MUST     |  no state change          |
    |  "To"                    |  MUST     |  no state change          |
    |  "To + Pending In"       |  MUST     |  no state change          |
    |  "From"                  |  MUST [1] |  "From + Pending Out"     |
    |  "From + Pending Out"    |  MUST     |  no state change          |
    |  "Both"                  |  MUST     |  no state change          |`,
  ],
  [
    "outbound",
    "unsubscribe",
    `
    |  "None"                  |  MUST    |  no state change          |
    |  "None + Pending Out"    |  MUST    |  "None"                   |
    |  "None + Pending In"     |  MUST    |  no state change          |
    |  "None + Pending Out+In" |  MUST    |  "None + Pending In"      |
    |  "To"                    |  MUST    |  "None"                   |
    |  "To + Pending In"       |  MUST    |  "None + Pending In"      |
    |  "From"                  |  MUST    |  no state change          |
    |  "From + Pending Out"    |  MUST    |  "From"                   |
    |  "Both"                  |  MUST    |  "From"                   |`,
  ],
  [
    "outbound",
    "subscribed",
    `
    |  "None"                  |  M.N.    |  pre-approval [1]         |
    |  "None + Pending Out"    |  M.N.    |  pre-approval [1]         |
    |  "None + Pending In"     |  MUST    |  "From"                   |
    |  "None + Pending Out+In" |  MUST    |  "From + Pending Out"     |
    |  "To"                    |  M.N.    |  pre-approval [1]         |
    |  "To + Pending In"       |  MUST    |  "Both"                   |
    |  "From"                  |  M.N.    |  no state change          |
    |  "From + Pending Out"    |  M.N.    |  no state change          |
    |  "Both"                  |  M.N.    |  no state change          |`,
  ],
  [
    "outbound",
    "unsubscribed",
    `
    |  "None"                  |  S.N.    |  no state change [1]      |
    |  "None + Pending Out"    |  S.N.    |  no state change [1]      |
    |  "None + Pending In"     |  MUST    |  "None"                   |
    |  "None + Pending Out+In" |  MUST    |  "None + Pending Out"     |
    |  "To"                    |  S.N.    |  no state change [1]      |
    |  "To + Pending In"       |  MUST    |  "To"                     |
    |  "From"                  |  MUST    |  "None"                   |
    |  "From + Pending Out"    |  MUST    |  "None + Pending Out"     |
    |  "Both"                  |  MUST    |  "To"                     |`,
  ],
  [
    "inbound",
    "subscribe",
    `
    |  "None"                  |  MUST [1]  |  "None + Pending In"     |
    |  "None + Pending Out"    |  MUST      |  "None + Pending Out+In" |
    |  "None + Pending In"     |  S.N.      |  no state change         |
    |  "None + Pending Out+In" |  S.N.      |  no state change         |
    |  "To"                    |  MUST      |  "To + Pending In"       |
    |  "To + Pending In"       |  S.N.      |  no state change         |
    |  "From"                  |  S.N. [2]  |  no state change         |
    |  "From + Pending Out"    |  S.N. [2]  |  no state change         |
    |  "Both"                  |  S.N. [2]  |  no state change         |`,
  ],
  [
    "inbound",
    "unsubscribe",
    `
    |  "None"                  |  S.N.      |  no state change         |
    |  "None + Pending Out"    |  S.N.      |  no state change         |
    |  "None + Pending In"     |  MUST [1]  |  "None"                  |
    |  "None + Pending Out+In" |  MUST [1]  |  "None + Pending Out"    |
    |  "To"                    |  S.N.      |  no state change         |
    |  "To + Pending In"       |  MUST [1]  |  "To"                    |
    |  "From"                  |  MUST [1]  |  "None"                  |
    |  "From + Pending Out"    |  MUST [1]  |  "None + Pending Out"    |
    |  "Both"                  |  MUST [1]  |  "To"                    |`,
  ],
  [
    "inbound",
    "subscribed",
    `
    |  "None"                  |  S.N.      |  no state change         |
    |  "None + Pending Out"    |  MUST      |  "To"                    |
    |  "None + Pending In"     |  S.N.      |  no state change         |
    |  "None + Pending Out+In" |  MUST      |  "To + Pending In"       |
    |  "To"                    |  S.N.      |  no state change         |
    |  "To + Pending In"       |  S.N.      |  no state change         |
    |  "From"                  |  S.N.      |  no state change         |
    |  "From + Pending Out"    |  MUST      |  "Both"                  |
    |  "Both"                  |  S.N.      |  no state change         |`,
  ],
  [
    "inbound",
    "unsubscribed",
    `
    |  "None"                  |  S.N.      |  no state change         |
    |  "None + Pending Out"    |  MUST      |  "None"                  |
    |  "None + Pending In"     |  S.N.      |  no state change         |
    |  "None + Pending Out+In" |  MUST      |  "None + Pending In"     |
    |  "To"                    |  MUST      |  "None"                  |
    |  "To + Pending In"       |  MUST      |  "None + Pending In"     |
    |  "From"                  |  S.N.      |  no state change         |
    |  "From + Pending Out"    |  MUST      |  "From"                  |
    |  "Both"                  |  MUST      |  "From"                  |`,
  ],
];

const STATES: Readonly<Record<string, SubscriptionState>> = {
  None: "none",
  "None + Pending Out": "none+out",
  "None + Pending In": "none+in",
  "None + Pending Out+In": "none+out+in",
  To: "to",
  "To + Pending In": "to+in",
  From: "from",
  "From + Pending Out": "from+out",
  Both: "both",
};

export const APPENDIX_A: readonly Rule[] = TABLES.flatMap(([direction, type, text]) =>
  text
    .trim()
    .split("\n")
    .map((line) => {
      const [, existing = "", verdict = "", result = ""] = line.split("|").map((cell) => cell.trim());
      const state = stateNamed(existing);
      return {
        direction,
        type,
        state,
        goesOn: verdict.startsWith("MUST"),
        next: result.startsWith('"') ? stateNamed(result) : state,
        preApproval: result.startsWith("pre-approval"),
        noted: verdict.includes("["),
      };
    }),
);

function stateNamed(text: string): SubscriptionState {
  const state = STATES[text.replaceAll('"', "")];
  if (!state) throw new Error(`no such state: ${text}`);
  return state;
}
