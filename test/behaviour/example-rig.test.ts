import { test } from "vitest";
import { defaultModules, defineModule, el } from "../../src/index.ts";
import { createRig } from "../../src/testing/index.ts";

const NS = "urn:example:egg-timer";

const eggTimer = defineModule({
  name: "egg-timer",
  implements: [],
  setup(host) {
    host.iq("set", NS, "start", ({ session }) => {
      host.clock.after(240_000, () => {
        void session.request("set", el("done", { xmlns: NS }), 10_000).catch(() => {});
      });
    });
  },
});

test("the egg is done after four minutes", async () => {
  await using rig = await createRig({ modules: [...defaultModules, eggTimer] });
  const alice = await rig.connect("alice/kitchen");

  await alice.sends(`<iq type="set" id="1"><start xmlns="${NS}"/></iq>`);
  await alice.receives(`<iq type="result" id="1"/>`);

  await rig.clock.advance(239_000);
  await alice.receivesNothing();

  await rig.clock.advance(1_000);
  await alice.receives(`<iq from="localhost" type="set" id="{id}"><done xmlns="${NS}"/></iq>`);
  await alice.sends(`<iq to="localhost" type="result" id="{id}"/>`);
});
