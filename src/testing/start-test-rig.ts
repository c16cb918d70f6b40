import { createMemoryStore, type MemoryStore } from "../store/memory.ts";
import { systemRandom } from "../util/random.ts";
import { createRig, type Rig } from "./create-rig.ts";
import { FaultyStore } from "./faults/faulty-store.ts";
import { Seams } from "./faults/seams.ts";
import { SeededRandom } from "./seeded-random.ts";
import { processAuthority } from "./test-authority.ts";
import { RealClock, type TestClock } from "./test-clock.ts";
import { checkOptions, configForTests, httpListen, type TestServerOptions } from "./test-options.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** What a test server stands on. */
export interface TestRig {
  readonly rig: Rig<TestClock>;
  /** Behind the faults of the store. */
  readonly store: MemoryStore;
  /** Where faults take hold. */
  readonly seams: Seams;
  /** Where `ids` and `seed` come from. */
  readonly random: SeededRandom;
}

/** A server as the options say, without users, and without ports yet. @throws ConfigError */
export async function startTestRig(options: TestServerOptions): Promise<TestRig> {
  checkOptions(options);
  const { domain = "localhost", ids = "random", seed, tls, modules } = options;
  const random = new SeededRandom(seed ?? 1, ids);
  const store = createMemoryStore();
  const seams = new Seams();
  const clock = options.clock === "virtual" ? new VirtualClock() : new RealClock();
  clock.skew = () => seams.skew.all.reduce((sum, skew) => sum + skew, 0);
  const rig = await createRig<TestClock>({
    domain,
    store: new FaultyStore(store, seams.store),
    listen: httpListen(options),
    clock,
    random: ids === "seq" || seed !== undefined ? random : systemRandom,
    config: configForTests(options),
    ...(modules && { modules }),
    ...(tls && { tls: processAuthority().issue([domain].flat()) }),
  });
  return { rig, store, seams, random };
}
