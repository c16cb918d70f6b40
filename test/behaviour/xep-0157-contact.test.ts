/** XEP-0157 Contact Addresses for XMPP Services, version 1.1.1 */
import { describe, expect } from "vitest";
import { createServer } from "../../src/index.ts";
import { test } from "../../src/testing/rig.ts";

const INFO = `<iq type="get" id="disco1" to="localhost"><query xmlns="http://jabber.org/protocol/disco#info"/></iq>`;

describe("where addresses are configured", () => {
  test.override({
    options: {
      config: {
        modules: {
          contact: {
            support: ["https://shakespeare.example/support", "xmpp:support@shakespeare.example?message"],
            abuse: ["mailto:abuse@shakespeare.example"],
          },
        },
      },
    },
  });

  test("the server shows them in a form of the type for it (§3), without those that there are not", async ({
    connect,
  }) => {
    const alice = await connect("alice/phone");
    await alice.sends(INFO);
    await alice.receives(`
      <iq type="result" id="disco1" from="localhost">
        <query xmlns="http://jabber.org/protocol/disco#info">{...}
          <x xmlns="jabber:x:data" type="result">
            <field type="hidden" var="FORM_TYPE"><value>http://jabber.org/network/serverinfo</value></field>
            <field type="list-multi" var="abuse-addresses"><value>mailto:abuse@shakespeare.example</value></field>
            <field type="list-multi" var="support-addresses">
              <value>https://shakespeare.example/support</value>
              <value>xmpp:support@shakespeare.example?message</value>
            </field>
          </x>
        </query>
      </iq>`);
  });
});

test("where none are, there is no form", async ({ connect }) => {
  const alice = await connect("alice/phone");
  await alice.sends(INFO);
  const answer = await alice.receives(
    `<iq type="result" id="disco1"><query xmlns="http://jabber.org/protocol/disco#info">{any}</query></iq>`,
  );
  expect(answer.getChild("query")?.getChild("x")).toBeUndefined();
});

test.each(["status", "abuse"])("%s addresses that are no URIs are refused (§3)", async (kind) => {
  const config = { modules: { contact: { [kind]: ["help@shakespeare.example"] } } };
  await expect(createServer({ config })).rejects.toThrow(`modules.contact.${kind}.0: expected a URI`);
});
