import { test as plainTest, type TestAPI } from "vitest";
import { createRig, type Rig, type RigOptions } from "./create-rig.ts";
import { checkErrors, showTranscript } from "./failures.ts";

interface Fixtures {
  /** What the server is made with; `test.override({ options })` changes it for a suite. */
  readonly options: RigOptions;
  readonly rig: Rig;
  readonly server: Rig["server"];
  readonly clock: Rig["clock"];
  readonly connect: Rig["connect"];
  readonly authenticated: Rig["authenticated"];
  readonly raw: Rig["raw"];
  readonly user: Rig["user"];
  readonly request: Rig["request"];
}

/** vitest's `test` with a server of its own for each test. A test fails when the server logs an error. */
export const test: TestAPI<Fixtures> = plainTest.extend<Fixtures>({
  options: [{}, { scope: "test" }],
  rig: async ({ options, onTestFailed }, use) => {
    const rig = await createRig(options);
    onTestFailed(({ task }) => showTranscript(task.result?.errors ?? [], rig.transcript.toString()));
    await use(rig);
    await rig.close();
    checkErrors(rig);
  },
  server: ({ rig }, use) => use(rig.server),
  clock: ({ rig }, use) => use(rig.clock),
  connect: ({ rig }, use) => use(rig.connect.bind(rig)),
  authenticated: ({ rig }, use) => use(rig.authenticated.bind(rig)),
  raw: ({ rig }, use) => use(rig.raw.bind(rig)),
  user: ({ rig }, use) => use(rig.user.bind(rig)),
  request: ({ rig }, use) => use(rig.request.bind(rig)),
});
