/** For Jest: named in `setupFilesAfterEnv`, or imported by a test, it makes `expect(…).toMatchStanza(…)` of its global `expect`. */
import { type MatchOptions, stanzaMatchers } from "./match-stanza.ts";

// Keeps the module in the declarations, where it is added to.
export type {} from "expect";

declare module "expect" {
  // The parameters are those of Jest's own declaration.
  interface Matchers<R extends void | Promise<void>, T = unknown> {
    /** See `stanzaMatchers`. */
    toMatchStanza(pattern: string, options?: MatchOptions): R;
  }
}

const { expect } = globalThis as { expect?: { extend(matchers: typeof stanzaMatchers): void } };
if (!expect) {
  throw new Error(
    "there is no global expect; with injectGlobals off call expect.extend(stanzaMatchers) of jackdaw/testing",
  );
}
expect.extend(stanzaMatchers);
