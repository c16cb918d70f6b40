/** The examples of docs/writing-a-module.md do what is said there. */
import { describe, expect } from "vitest";
import { defaultModules } from "../../src/modules/index.ts";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { away, awayService } from "./samples/away.ts";
import { echo } from "./samples/echo.ts";

const note = (text: string) => `<iq type="set" id="n"><note xmlns="urn:example:away">${text}</note></iq>`;

describe("away notes", () => {
  test.override({
    options: { modules: [...defaultModules, away], config: { modules: { away: { length: 20 } } } },
  });

  test("are told once to each session that writes to somebody who is not there", async ({ connect }) => {
    const bob = await connect("bob/desk");
    await bob.sends(note("Back on Monday"));
    await bob.receives(`<iq type="result" id="n"/>`);
    const alice = await connect("alice/phone");
    await alice.sends(`<message to="bob@localhost"><body>Hi</body></message>`);
    await alice.receivesNothing();
    await bob.disconnects();
    await alice.sends(`<message to="bob@localhost"><body>Are you there?</body></message>`);
    await alice.receives(
      `<message from="bob@localhost" type="headline"><body>Back on Monday</body></message>`,
    );
    await alice.sends(`<message to="bob@localhost"><body>Well then</body></message>`);
    await alice.receivesNothing();
  });

  test("are no longer than the configuration allows, and go with the account", async ({
    connect,
    server,
  }) => {
    const { noteOf } = server.host().use(awayService);
    const user = Jid.parse("bob@localhost");
    const bob = await connect("bob/desk");
    await bob.sends(note("Short"));
    await bob.receives(`<iq type="result" id="n"/>`);
    await bob.sends(note("x".repeat(21)));
    await bob.receives(
      `<iq type="error" id="n"><note xmlns="urn:example:away">{any}</note>
        <error type="modify"><not-acceptable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
    );
    expect(await noteOf(user)).toBe("Short");
    await server.removeUser(user);
    expect(await noteOf(user)).toBeUndefined();
  });
});

describe("echo", () => {
  test.override({ options: { modules: [...defaultModules, echo] } });

  test("answers at every address below its domain", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<message to="cave@echo.localhost"><body>Hi</body></message>`);
    await alice.receives(`<message from="cave@echo.localhost"><body>Hi</body></message>`);
    await alice.sends(
      `<iq type="get" id="s1" to="cave@echo.localhost"><size xmlns="urn:example:echo"/></iq>`,
    );
    await alice.receives(`<iq type="result" id="s1"><size xmlns="urn:example:echo">4</size></iq>`);
  });
});
