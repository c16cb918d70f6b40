/** XEP-0050 Ad-Hoc Commands, version 1.3.0: finding commands, executing them in stages, and what is refused. */
import { describe, expect } from "vitest";
import { defineModule } from "../../src/core/module.ts";
import { adhoc, adhocService } from "../../src/modules/adhoc/adhoc.ts";
import type { Step } from "../../src/modules/adhoc/command.ts";
import { defaultModules } from "../../src/modules/index.ts";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { StanzaError } from "../../src/xmpp/errors.ts";
import { form } from "../../src/xmpp/forms.ts";

const NS = "http://jabber.org/protocol/commands";
const INFO = "http://jabber.org/protocol/disco#info";
const ITEMS = "http://jabber.org/protocol/disco#items";
const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";
const MINUTE = 60_000;

/** `list` ends at once; `config` has two forms; `secret` is for alice alone. */
const commands = defineModule({
  name: "testCommands",
  implements: [],
  requires: [adhoc],
  setup(host) {
    const { add } = host.use(adhocService);
    const anybody = () => true;
    add({
      node: "list",
      name: "List Services",
      allowed: anybody,
      run: () => ({
        notes: [{ type: "warn", text: "one is asleep" }],
        result: form({ type: "result", fields: [{ name: "service", value: "httpd" }] }),
      }),
    });
    const second: Step = {
      form: { formType: "urn:example:config", fields: [{ name: "level", type: "text-multi" }] },
      actions: ["complete", "next"],
      submit: (values, action) => ({
        notes: [{ type: "info", text: `${action}: ${values.text("level")}` }],
      }),
    };
    const first: Step = {
      form: {
        title: "Configure",
        formType: "urn:example:config",
        fields: [
          { name: "service", type: "list-single", required: true, options: [{ value: "httpd" }] },
          { name: "owner", type: "jid-single" },
          { name: "on", type: "boolean" },
        ],
      },
      actions: ["next"],
      submit(values) {
        if (values.flag("on")) throw new StanzaError("conflict", "it is on already");
        return second;
      },
    };
    add({ node: "config", name: "Configure Service", allowed: anybody, run: () => first });
    add({
      node: "secret",
      name: "Secret",
      allowed: ({ from }) => from.local === "alice",
      run: () => ({ notes: [{ type: "error", text: "it failed" }] }),
    });
  },
});

test.override({ options: { modules: [...defaultModules, commands] } });

async function sends(client: Client, attributes: string, payload = ""): Promise<void> {
  await client.sends(
    `<iq type="set" id="c1" to="localhost"><command xmlns="${NS}" ${attributes}>${payload}</command></iq>`,
  );
}

function submit(...fields: string[]): string {
  return `<x xmlns="jabber:x:data" type="submit">${fields.join("")}</x>`;
}

const HTTPD = submit(`<field var="service"><value>httpd</value></field>`);

/** The answer has the error and nothing of what was sent. */
async function isRefused(client: Client, condition: string, type: string, detail = ""): Promise<void> {
  const specific = detail && `<${detail} xmlns="${NS}"/>`;
  await client.receives(
    `<iq type="error" id="c1"><error type="${type}"><${condition} xmlns="${STANZAS}"/>${specific}</error></iq>`,
  );
}

const FIRST = `
  <iq type="result" id="c1"><command xmlns="${NS}" node="config" sessionid="{sid}" status="executing" xml:lang="en">
    <actions execute="next"><next/></actions>
    <x xmlns="jabber:x:data" type="form"><title>Configure</title>{...}</x></command></iq>`;
const SECOND = `
  <iq type="result" id="c1"><command xmlns="${NS}" node="config" sessionid="{sid}" status="executing" xml:lang="en">
    <actions execute="complete"><prev/><next/><complete/></actions>
    <x xmlns="jabber:x:data" type="form">{any}</x></command></iq>`;

function completed(note: string): string {
  return `<iq type="result" id="c1"><command xmlns="${NS}" node="config" sessionid="{sid}" status="completed"
    xml:lang="en"><note type="info">${note}</note></command></iq>`;
}

async function begins(client: Client): Promise<void> {
  await sends(client, `node="config"`);
  await client.receives(FIRST);
}

describe("finding commands (§2.1, §2.2)", () => {
  async function asks(client: Client, namespace: string, node: string): Promise<void> {
    await client.sends(
      `<iq type="get" id="c1" to="localhost"><query xmlns="${namespace}" node="${node}"/></iq>`,
    );
  }

  test("the domain has the feature", async ({ connect }) => {
    const bob = await connect("bob/desk");
    await bob.sends(`<iq type="get" id="c1" to="localhost"><query xmlns="${INFO}"/></iq>`);
    await bob.receives(
      `<iq type="result" id="c1"><query xmlns="${INFO}">{...}<feature var="${NS}"/></query></iq>`,
    );
  });

  test("each sees the commands that they may execute", async ({ connect }) => {
    const item = (node: string, name: string) => `<item jid="localhost" node="${node}" name="${name}"/>`;
    const both = item("list", "List Services") + item("config", "Configure Service");
    for (const [name, items] of [
      ["bob", both],
      ["alice", both + item("secret", "Secret")],
    ] as const) {
      const client = await connect(`${name}/desk`);
      await asks(client, ITEMS, NS);
      const answer = await client.receives(
        `<iq type="result" id="c1"><query xmlns="${ITEMS}" node="${NS}">{any}</query></iq>`,
      );
      const shown = answer
        .getChild("query")
        ?.children.map(String)
        .filter((text) => !text.includes("urn:xmpp:"));
      expect(shown?.filter((text) => /node="(list|config|secret)"/.test(text)).join("")).toBe(items);
    }
  });

  test("the list and each command have their identities and features", async ({ connect }) => {
    const bob = await connect("bob/desk");
    await asks(bob, INFO, NS);
    await bob.receives(`
      <iq type="result" id="c1"><query xmlns="${INFO}" node="${NS}">
        <identity category="automation" type="command-list"/><feature var="${NS}"/><feature var="jabber:x:data"/>
      </query></iq>`);
    await asks(bob, INFO, "config");
    await bob.receives(`
      <iq type="result" id="c1"><query xmlns="${INFO}" node="config">
        <identity category="automation" type="command-node" name="Configure Service"/>
        <feature var="${NS}"/><feature var="jabber:x:data"/></query></iq>`);
    await asks(bob, ITEMS, "config");
    await bob.receives(`<iq type="result" id="c1"><query xmlns="${ITEMS}" node="config"/></iq>`);
  });

  test("one that the requester may not execute is <forbidden/>", async ({ connect }) => {
    const bob = await connect("bob/desk");
    await asks(bob, INFO, "secret");
    await bob.receives(`<iq type="error" id="c1"><query xmlns="${INFO}" node="secret"/>
      <error type="cancel"><forbidden xmlns="${STANZAS}"/></error></iq>`);
  });
});

describe("a command of one stage (§2.4.1)", () => {
  test.for(["", `action="execute"`, `status="completed"`, `xml:lang="en-GB"`])(
    "completes at once, with a session id, notes and results (%s)",
    async (attributes, { connect }) => {
      const bob = await connect("bob/desk");
      await sends(bob, `node="list" ${attributes}`);
      await bob.receives(`
        <iq type="result" id="c1" from="localhost"><command xmlns="${NS}" node="list" sessionid="{any}"
            status="completed" xml:lang="en">
          <note type="warn">one is asleep</note>
          <x xmlns="jabber:x:data" type="result"><field var="service"><value>httpd</value></field></x>
        </command></iq>`);
    },
  );

  test("ends its session: the id is good for nothing any more (§3.3)", async ({
    connect,
    rig: { captures },
  }) => {
    const bob = await connect("bob/desk");
    await sends(bob, `node="list"`);
    await bob.receives(`<iq type="result"><command xmlns="${NS}" node="list" sessionid="{over}" status="completed"
      xml:lang="en">{any}</command></iq>`);
    await sends(bob, `node="list" sessionid="${captures.get("over")}"`);
    await isRefused(bob, "not-allowed", "cancel", "session-expired");
  });

  test("that failed says so in a note (§3.6)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await sends(alice, `node="secret"`);
    await alice.receives(`<iq type="result"><command xmlns="${NS}" node="secret" sessionid="{any}" status="completed"
      xml:lang="en"><note type="error">it failed</note></command></iq>`);
  });
});

describe("a command of several stages (§2.4.2)", () => {
  test.for([
    ["execute", "complete"],
    ["complete", "complete"],
    ["next", "next"],
  ] as const)("goes on with each form, and ends with %s", async ([action, meant], { connect }) => {
    const bob = await connect("bob/desk");
    await begins(bob);
    await sends(bob, `node="config" sessionid="{sid}"`, HTTPD);
    await bob.receives(SECOND);
    const lines = submit(`<field var="level"><value>3</value><value>5</value></field>`);
    await sends(bob, `node="config" sessionid="{sid}" action="${action}"`, lines);
    await bob.receives(completed(`${meant}: 3\n5`));
    await sends(bob, `node="config" sessionid="{sid}"`, lines);
    await isRefused(bob, "not-allowed", "cancel", "session-expired");
  });

  test("goes back to the form before, and on again", async ({ connect }) => {
    const bob = await connect("bob/desk");
    await begins(bob);
    await sends(bob, `node="config" sessionid="{sid}" action="next"`, HTTPD);
    await bob.receives(SECOND);
    await sends(bob, `node="config" sessionid="{sid}" action="prev"`);
    await bob.receives(FIRST);
    await sends(bob, `node="config" sessionid="{sid}" action="next"`, HTTPD);
    await bob.receives(SECOND);
  });

  test("is cancelled, which is always possible, and then over (§2.4.3)", async ({ connect }) => {
    const bob = await connect("bob/desk");
    await begins(bob);
    await sends(bob, `node="config" sessionid="{sid}" action="cancel"`);
    await bob.receives(`<iq type="result" id="c1"><command xmlns="${NS}" node="config" sessionid="{sid}"
      status="canceled" xml:lang="en"/></iq>`);
    await sends(bob, `node="config" sessionid="{sid}"`, HTTPD);
    await isRefused(bob, "not-allowed", "cancel", "session-expired");
  });

  test("takes a form of type cancel for a submission (§3.5)", async ({ connect }) => {
    const bob = await connect("bob/desk");
    await begins(bob);
    await sends(bob, `node="config" sessionid="{sid}"`, HTTPD.replace('"submit"', '"cancel"'));
    await bob.receives(SECOND);
  });

  test("stays where it is after an error, so that it can be put right", async ({ connect }) => {
    const bob = await connect("bob/desk");
    await begins(bob);
    const on = submit(
      `<field var="service"><value>httpd</value></field>`,
      `<field var="on"><value>true</value></field>`,
    );
    await sends(bob, `node="config" sessionid="{sid}"`, on);
    await isRefused(bob, "conflict", "cancel");
    await sends(bob, `node="config" sessionid="{sid}"`, HTTPD);
    await bob.receives(SECOND);
  });
});

describe("what is refused (§4.4)", () => {
  test.for([
    ["an unknown node", `node="nothing"`, "item-not-found", "cancel", ""],
    ["no node", "", "bad-request", "modify", ""],
    ["a command for others", `node="secret"`, "forbidden", "cancel", ""],
    ["an unknown action", `node="list" action="jump"`, "bad-request", "modify", "malformed-action"],
    ["going on with nothing", `node="config" action="next"`, "bad-request", "modify", "bad-action"],
    ["an id that never was", `node="config" sessionid="x.y"`, "bad-request", "modify", "bad-sessionid"],
    ["an empty id", `node="config" sessionid=""`, "bad-request", "modify", "bad-sessionid"],
    ["another language", `node="list" xml:lang="fr-CA"`, "bad-request", "modify", "bad-locale"],
  ] as const)("%s", async ([, attributes, condition, type, detail], { connect }) => {
    const bob = await connect("bob/desk");
    await sends(bob, attributes, submit(`<field var="password"><value>sesame</value></field>`));
    await isRefused(bob, condition, type, detail);
  });

  test.for([
    ["prev", "bad-action"],
    ["complete", "bad-action"],
    ["dance", "malformed-action"],
  ] as const)("%s where it is not offered", async ([action, detail], { connect }) => {
    const bob = await connect("bob/desk");
    await begins(bob);
    await sends(bob, `node="config" sessionid="{sid}" action="${action}"`, HTTPD);
    await isRefused(bob, "bad-request", "modify", detail);
    await sends(bob, `node="config" sessionid="{sid}"`, HTTPD);
    await bob.receives(SECOND);
  });

  const field = (name: string, ...values: string[]) =>
    `<field var="${name}">${values.map((value) => `<value>${value}</value>`).join("")}</field>`;
  test.for([
    ["no form", ""],
    ["a form that is none", `<x xmlns="jabber:x:data"/>`],
    ["a form of type result", HTTPD.replace('"submit"', '"result"')],
    ["another form", submit(field("FORM_TYPE", "urn:example:other"), field("service", "httpd"))],
    ["a required field that is missing", submit()],
    ["a required field that is empty", submit(field("service", ""))],
    ["a value that is no option", submit(field("service", "ftpd"))],
    ["two values for one", submit(field("service", "httpd", "httpd"))],
    ["an address that is none", submit(field("service", "httpd"), field("owner", "a@b@c"))],
    ["a flag that is none", submit(field("service", "httpd"), field("on", "maybe"))],
  ] as const)("%s is <bad-payload/>", async ([, payload], { connect }) => {
    const bob = await connect("bob/desk");
    await begins(bob);
    await sends(bob, `node="config" sessionid="{sid}"`, payload);
    await isRefused(bob, "bad-request", "modify", "bad-payload");
  });

  test("a session of another resource, another user, or for another command", async ({ connect }) => {
    const bob = await connect("bob/desk");
    await begins(bob);
    for (const address of ["bob/phone", "alice/desk"]) {
      const other = await connect(address);
      other.forget(() => true);
      await sends(other, `node="config" sessionid="{sid}"`, HTTPD);
      await isRefused(other, "bad-request", "modify", "bad-sessionid");
    }
    bob.forget((element) => element.is("presence"));
    await sends(bob, `node="list" sessionid="{sid}"`);
    await isRefused(bob, "bad-request", "modify", "bad-sessionid");
    await sends(bob, `node="config" sessionid="{sid}"`, HTTPD);
    await bob.receives(SECOND);
  });

  test("a wish in the stanza for another language is answered in English", async ({ connect }) => {
    const bob = await connect("bob/desk");
    await bob.sends(
      `<iq type="set" id="c1" to="localhost" xml:lang="fr"><command xmlns="${NS}" node="config"/></iq>`,
    );
    await bob.receives(FIRST);
  });
});

describe("sessions (§3.3)", () => {
  test("end when nobody goes on with them in time", async ({ connect, clock }) => {
    const bob = await connect("bob/desk");
    await begins(bob);
    await clock.advance(14 * MINUTE);
    await sends(bob, `node="config" sessionid="{sid}"`, HTTPD);
    await bob.receives(SECOND);
    await clock.advance(15 * MINUTE);
    bob.forget((element) => element.is("iq") && element.attrs["type"] === "get");
    await sends(bob, `node="config" sessionid="{sid}" action="prev"`);
    await isRefused(bob, "not-allowed", "cancel", "session-expired");
  });

  test("end with the requester's resource", async ({ connect }) => {
    const bob = await connect("bob/desk");
    await begins(bob);
    await bob.sends("</stream:stream>");
    const again = await connect("bob/desk");
    await sends(again, `node="config" sessionid="{sid}"`, HTTPD);
    await isRefused(again, "not-allowed", "cancel", "session-expired");
  });

  test("are limited: one more than a user may have ends the oldest", async ({
    connect,
    rig: { captures },
  }) => {
    const bob = await connect("bob/desk");
    const ids: string[] = [];
    for (let count = 0; count < 6; count++) {
      captures.delete("sid");
      await begins(bob);
      ids.push(captures.get("sid") as string);
    }
    expect(new Set(ids).size).toBe(6);
    await sends(bob, `node="config" sessionid="${ids[0]}"`, HTTPD);
    await isRefused(bob, "not-allowed", "cancel", "session-expired");
    captures.delete("sid");
    await sends(bob, `node="config" sessionid="${ids[1]}"`, HTTPD);
    await bob.receives(SECOND);
  });

  describe("of all users together", () => {
    test.override({
      options: { modules: [...defaultModules, commands], config: { modules: { adhoc: { sessions: 1 } } } },
    });

    test("are limited as well", async ({ connect, clock }) => {
      const bob = await connect("bob/desk");
      const alice = await connect("alice/desk");
      await begins(bob);
      await sends(alice, `node="config"`);
      await isRefused(alice, "resource-constraint", "wait");
      await clock.advance(15 * MINUTE);
      alice.forget(() => true);
      await sends(alice, `node="config"`);
      await alice.receives(`<iq type="result"><command xmlns="${NS}" node="config" sessionid="{any}"
        status="executing" xml:lang="en">{any}</command></iq>`);
    });
  });
});

describe("at their own account users", () => {
  test("find and execute the same commands", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await alice.sends(
      `<iq type="get" id="d" to="alice@localhost"><query xmlns="${ITEMS}" node="${NS}"/></iq>`,
    );
    await alice.receives(`
      <iq type="result" id="d" from="alice@localhost"><query xmlns="${ITEMS}" node="${NS}">{...}
        <item jid="alice@localhost" node="secret" name="Secret"/>{...}</query></iq>`);
    await alice.sends(`
      <iq type="set" id="c1" to="alice@localhost"><command xmlns="${NS}" node="secret" action="execute"/></iq>`);
    await alice.receives(`
      <iq type="result" id="c1" from="alice@localhost"><command xmlns="${NS}" node="secret" sessionid="{any}"
        status="completed" xml:lang="en"><note type="error">it failed</note></command></iq>`);
  });

  test("are alone: nobody else is shown or executes anything there", async ({ connect }) => {
    await connect("alice/desk");
    const bob = await connect("bob/desk");
    await bob.sends(`<iq type="get" id="d" to="alice@localhost"><query xmlns="${ITEMS}" node="${NS}"/></iq>`);
    await bob.receives(`<iq type="result" id="d"><query xmlns="${ITEMS}" node="${NS}"/></iq>`);
    await bob.sends(`
      <iq type="set" id="c1" to="alice@localhost"><command xmlns="${NS}" node="list" action="execute"/></iq>`);
    await bob.receives(
      `<iq type="error" id="c1">{...}<error type="cancel"><service-unavailable xmlns="${STANZAS}"/></error></iq>`,
    );
  });
});
