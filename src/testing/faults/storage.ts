import { t } from "../../util/schema.ts";
import { type CommonOptions, defineFault, duration } from "./fault.ts";

export interface StorageFault extends CommonOptions {
  readonly fault: "storage";
  /**
   * `fail`: what was written cannot be made durable. `full`: nothing can be written any more. `slow`: it takes `by` until it is
   * durable, and nothing is said before.
   */
  readonly how: "fail" | "full" | "slow";
  /** For `slow`, on the server's clock. Default: `"1s"`. */
  readonly by?: number | string;
}

export const storage = defineFault({
  name: "storage",
  doc: "The server's store fails, is full, or is slow. Nothing is said that depends on what could not be kept.",
  fields: {
    how: t.oneOf(["fail", "full", "slow"]),
    by: duration("1s").doc("For slow, on the server's clock."),
  },
  start({ how, by }, site) {
    const { seams } = site;
    switch (how) {
      case "fail":
        return seams.store.add({ commits: () => (site.happens() ? "the disk failed" : undefined) });
      case "full":
        return seams.store.add({ writes: () => (site.happens() ? "the disk is full" : undefined) });
      case "slow":
        return seams.store.add({
          commits: () => (site.happens() ? site.wait(by) : undefined),
        });
    }
  },
});
