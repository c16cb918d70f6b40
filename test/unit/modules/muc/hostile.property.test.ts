/** Nothing that clients send to a group chat service makes the server fail, and every request is answered once. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Client } from "../../../../src/testing/client.ts";
import { createRig } from "../../../../src/testing/create-rig.ts";

const MUC = "http://jabber.org/protocol/muc";
const SERVICE = "conference.localhost";
const to = fc.constantFrom(
  SERVICE,
  `${SERVICE}/x`,
  `r1@${SERVICE}`,
  `r1@${SERVICE}/n1`,
  `r1@${SERVICE}/n2`,
  `r2@${SERVICE}`,
  `r2@${SERVICE}/n1`,
  `r2@${SERVICE}/n3`,
);
const address = fc.constantFrom(
  "",
  "@",
  "localhost",
  "a@localhost",
  "b@localhost/x",
  "x@y",
  `r1@${SERVICE}/n1`,
  `r1@${SERVICE}`,
);
const word = fc.constantFrom(
  "",
  " ",
  "n1",
  "n2",
  "owner",
  "none",
  "outcast",
  "visitor",
  "moderator",
  "1",
  "-1",
  "&lt;",
);
const attribute = fc
  .tuple(
    fc.constantFrom("nick", "role", "affiliation", "jid", "to", "from", "maxstanzas", "since", "by", "id"),
    fc.oneof(word, address),
  )
  .map(([name, value]) => `${name}="${value}"`);
const attributes = fc
  .uniqueArray(attribute, { maxLength: 3, selector: (text) => text.split("=")[0] })
  .map((list) => list.join(" "));
const field = fc
  .tuple(
    fc.constantFrom(
      "FORM_TYPE",
      "muc#role",
      "muc#request_allow",
      "muc#roomnick",
      "muc#register_roomnick",
      "muc#roomconfig_roomowners",
      "muc#roomconfig_membersonly",
      "muc#roomconfig_moderatedroom",
      "muc#roomconfig_persistentroom",
      "muc#roomconfig_presencebroadcast",
      "muc#roomconfig_maxusers",
    ),
    fc.oneof(
      word,
      fc.constantFrom(`${MUC}#roomconfig`, `${MUC}#register`, `${MUC}#request`, "participant", "a@localhost"),
    ),
  )
  .map(([name, value]) => `<field var="${name}"><value>${value}</value></field>`);
const form = fc
  .tuple(fc.constantFrom("submit", "cancel", "form", ""), fc.array(field, { maxLength: 4 }))
  .map(([type, fields]) => `<x xmlns="jabber:x:data" type="${type}">${fields.join("")}</x>`);
const child = fc
  .tuple(
    fc.constantFrom(
      "item",
      "invite",
      "decline",
      "history",
      "password",
      "destroy",
      "status",
      "actor",
      "remove",
      "field",
    ),
    attributes,
    fc.constantFrom("", "<reason>why</reason>", "<password>p</password>", "<continue/>", "text"),
  )
  .map(([name, more, inner]) => `<${name} ${more}>${inner}</${name}>`);
const payload = fc.oneof(
  { weight: 3, arbitrary: fc.constant(`<x xmlns="${MUC}"/>`) },
  fc
    .tuple(
      fc.constantFrom(
        MUC,
        `${MUC}#user`,
        `${MUC}#admin`,
        `${MUC}#owner`,
        "jabber:iq:register",
        "urn:xmpp:mam:2",
      ),
      fc.constantFrom("x", "query"),
      fc.array(fc.oneof(child, form), { maxLength: 3 }),
    )
    .map(([namespace, name, inner]) => `<${name} xmlns="${namespace}">${inner.join("")}</${name}>`),
  form,
  fc.constantFrom(
    "<body>hi</body>",
    "<subject>s</subject>",
    `<ping xmlns="urn:xmpp:ping"/>`,
    `<vCard xmlns="vcard-temp"/>`,
    `<query xmlns="http://jabber.org/protocol/disco#info"/>`,
    `<query xmlns="http://jabber.org/protocol/disco#items"/>`,
    `<occupant-id xmlns="urn:xmpp:occupant-id:0" id="x"/>`,
    `<stanza-id xmlns="urn:xmpp:sid:0" by="a@localhost" id="x"/>`,
    `<delay xmlns="urn:xmpp:delay" from="@" stamp="never"/>`,
    `<error type="cancel"><item-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>`,
  ),
);
/** What makes sense, so that there are rooms and people in them. */
const sensible = fc
  .tuple(
    fc.constantFrom("r1", "r2"),
    fc.constantFrom("n1", "n2", "n3"),
    fc.constantFrom("none", "visitor", "participant", "moderator"),
    fc.constantFrom("outcast", "none", "member", "admin", "owner"),
    fc.constantFrom("a", "b", "c"),
    fc.nat(9),
  )
  .map(([name, nick, role, affiliation, user, what]) => {
    const room = `${name}@${SERVICE}`;
    const query = (kind: string, inner: string) =>
      element("iq", room, "set", [`<query xmlns="${MUC}#${kind}">${inner}</query>`]);
    const submission = (inner: string) =>
      query(
        "owner",
        `<x xmlns="jabber:x:data" type="submit"><field var="FORM_TYPE"><value>${MUC}#roomconfig</value></field>${inner}</x>`,
      );
    const option = (key: string, value: string) =>
      `<field var="muc#roomconfig_${key}"><value>${value}</value></field>`;
    return [
      element("presence", `${room}/${nick}`, "", [`<x xmlns="${MUC}"/>`]),
      element("presence", `${room}/${nick}`, "", [`<x xmlns="${MUC}"/>`]),
      submission(""),
      submission(option("moderatedroom", "1") + option("persistentroom", String(what % 2))),
      submission(option("membersonly", "1") + option("roomowners", `${user}@localhost`)),
      query("admin", `<item nick="${nick}" role="${role}"/>`),
      query(
        "admin",
        `<item jid="${user}@localhost" affiliation="${affiliation}"/><item nick="${nick}" role="${role}"/>`,
      ),
      element("presence", `${room}/${nick}`, "unavailable", []),
      element("message", room, "groupchat", ["<body>hi</body>"]),
      query("owner", "<destroy/>"),
    ][what] as string;
  });
const stanza = fc.oneof(
  { weight: 4, arbitrary: sensible },
  fc
    .tuple(
      to,
      fc.constantFrom("", "", "", "unavailable", "error", "probe", "subscribe"),
      fc.array(payload, { maxLength: 2 }),
    )
    .map(([address, type, inner]) => element("presence", address, type, inner)),
  fc
    .tuple(
      to,
      fc.constantFrom("groupchat", "groupchat", "chat", "", "normal", "error"),
      fc.array(payload, { maxLength: 3 }),
    )
    .map(([address, type, inner]) => element("message", address, type, inner)),
  fc
    .tuple(to, fc.constantFrom("get", "set", "set", "result", "error"), payload)
    .map(([address, type, inner]) => element("iq", address, type, [inner])),
);

function element(name: string, address: string, type: string, inner: readonly string[]): string {
  return `<${name} id="{id}" to="${address}"${type && ` type="${type}"`}>${inner.join("")}</${name}>`;
}

test("every request gets one answer, and no handler fails", async () => {
  await using rig = await createRig({ config: { admins: ["c@localhost"] } });
  const clients: Client[] = [];
  for (const name of ["a", "b", "c"]) clients.push(await rig.connect(`${name}@localhost/x`));
  let count = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(2), stanza), { minLength: 10, maxLength: 30 }),
      async (steps) => {
        for (const [who, xml] of steps) {
          const client = clients[who] as Client;
          for (const each of clients) each.forget(() => true);
          const id = `q${++count}`;
          await client.sends(xml.replace("{id}", id));
          expect(client.gone, xml).toBe(false);
          let answers = 0;
          client.forget((element) => {
            const isOwn = element.attrs["id"] === id && element.is("iq");
            if (isOwn && /result|error/.test(String(element.attrs["type"]))) answers++;
            return true;
          });
          const isRequest = /^<iq [^>]*type="(get|set)"/.test(xml);
          // What is passed on to another occupant waits for that one.
          if (isRequest && !/\/n\d"/.test(xml)) expect(answers, xml).toBe(1);
          else if (!isRequest) expect(answers, xml).toBe(0);
          expect(rig.errors, xml).toEqual([]);
        }
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);
