import assert from "node:assert";
import { test } from "node:test";
import { withServer } from "jackdaw/testing";

const NS = "urn:example:weather";
const question = `<iq type="get" to="localhost" id="w"><weather xmlns="${NS}"/></iq>`;

test("answers in the server's place", () =>
  withServer({ users: ["romeo"], clock: "virtual" }, async (server) => {
    server.on({ iq: "get", xmlns: NS }).error("service-unavailable", "it rains").once();
    server.on({ iq: "get", xmlns: NS }).reply(`<weather xmlns="${NS}">sun</weather>`).delay("5s").times(2);
    server.on({ kind: "message", to: "juliet" }, (stanza, context) => {
      if (stanza.getChildText("body") === "secret") context.error("not-allowed");
      else context.pass();
    });

    const romeo = await server.client("romeo");
    await romeo.sends(question);
    await romeo.receives(`<iq type="error" id="w">{any}</iq>`);
    await romeo.sends(question);
    await romeo.receivesNothing();
    await server.clock.advance("5s");
    await romeo.receives(`<iq type="result" id="w"><weather xmlns="${NS}">sun</weather></iq>`);

    assert.equal(server.pending().length, 1);
    await romeo.sends(`<message to="juliet@localhost"><body>secret</body></message>`);
    await romeo.receives(`<message type="error">{any}</message>`);
  }));

test("a scansion script", () =>
  withServer({}, async (server) => {
    const recorded = server.record("Hello");
    await server.runScansion(`# Hello
[Client] Romeo
	jid: romeo@localhost
	password: secret

[Client] Juliet
	jid: juliet@localhost
	password: secret
-----
Romeo connects

Juliet connects

Romeo sends:
	<message to="\${Juliet's full JID}" type="chat"><body>Hello</body></message>

Juliet receives:
	<message from="\${Romeo's full JID}"><body>Hello</body></message>
`);
    assert.match(recorded(), /^Juliet receives:$/m);
  }));
