import { describe, expect, test } from "vitest";
import { TestServer } from "../../src/testing/index.ts";

const start = () => TestServer.start({ clock: "virtual", port: false });

const MESSAGE = `# A message arrives
## im

[Client] Romeo
	jid: romeo@localhost/orchard
	password: secret

[Client] Juliet's phone
	jid: juliet@localhost
	password: secret
	resource: phone

-----

Romeo connects

Juliet's phone connects

# She is not there yet
Juliet's phone receives: nothing

Romeo sends:
	<message to="\${Juliet's phone's full JID}" type="chat" id="m1">
		<body>Hello</body>
	</message>

Juliet's phone receives:
	<message from="\${Romeo's full JID}" type="chat">
		<body>Hello</body>
	</message>

Romeo sends:
	<iq type="get" id="r"><query xmlns="jabber:iq:roster"/></iq>

Romeo receives:
	<iq type="result" id="r"><query xmlns="jabber:iq:roster" ver="{scansion:any}"/></iq>

Romeo disconnects

Romeo sends:
	<presence type="unavailable"/>
`;

describe("a scansion script", () => {
  test("is played as it is", async () => {
    await using server = await start();
    await server.runScansion(MESSAGE);
    expect(server.sessions().map(({ jid }) => jid)).toEqual(["juliet@localhost/phone"]);
    expect(server.user("juliet").password).toBe("secret");
  });

  test("fails where something else happens", async () => {
    await using server = await start();
    const script = MESSAGE.replace(
      "<body>Hello</body>\n\t</message>\n\nRomeo sends",
      "<body>Hallo</body>\n\t</message>\n\nRomeo sends",
    );
    await expect(server.runScansion(script)).rejects.toThrow(
      /^line 27 of the script, Juliet's phone receives: the text of <body\/> is "Hello", not "Hallo"; it is/,
    );
  });

  test("captures what it uses again", async () => {
    await using server = await start();
    await server.runScansion(`[Client] Romeo
	jid: romeo@localhost
	password: secret
---------
Romeo connects
Romeo sends:
	<message to="juliet@localhost" type="chat"><body>Hi</body></message>
Romeo receives:
	<message type="error"/>
Romeo sends:
	<iq type="get" id="m"><metadata xmlns="urn:xmpp:mam:2"/></iq>
Romeo receives:
	<iq type="result" id="m">
		<metadata xmlns="urn:xmpp:mam:2">
			<start id="{scansion:capture:first}" timestamp="{scansion:any}"/>
			<end id="{scansion:any}" timestamp="{scansion:any}"/>
		</metadata>
	</iq>
Romeo sends:
	<iq type="set" id="q"><query xmlns="urn:xmpp:mam:2"><x xmlns="jabber:x:data" type="submit">
		<field var="FORM_TYPE"><value>urn:xmpp:mam:2</value></field><field var="ids"><value>\${first}</value></field>
	</x></query></iq>
Romeo receives:
	<message><result xmlns="urn:xmpp:mam:2" id="\${first}" scansion:strict="false"/></message>
Romeo receives:
	<iq type="result" id="q"><fin xmlns="urn:xmpp:mam:2" scansion:strict="false"/></iq>
`);
  });

  test("has components, which speak for a domain", async () => {
    await using server = await start();
    const script = `// A gateway
[Client] Romeo
	connect_host: 127.0.0.1
	connect_port: 5222
	jid: romeo@localhost/orchard
	password: secret

[Component] Gateway
	jid: gateway.localhost
	secret: tunnel

---------

Gateway connects

Romeo connects

Romeo sends:
	<presence to="juliet@gateway.localhost" type="subscribe" id="s1"/>

Gateway receives:
	<presence from="\${Romeo's JID}" to="juliet@gateway.localhost" type="subscribe" id="s1"/>

Gateway sends:
	<message from="juliet@\${Gateway's JID}" to="\${Romeo's full JID}" type="chat"><body>Who is it?</body></message>

Romeo receives:
	<message from="juliet@gateway.localhost" type="chat"><body>{scansion:capture:question}</body></message>

Romeo sends:
	<iq to="juliet@gateway.localhost" type="get" id="v1"><x xmlns="urn:example:x">\${question}</x></iq>

Gateway receives:
	<iq from="\${Romeo's full JID}" type="get" id="{scansion:capture:id}"><x xmlns="urn:example:x">Who is it?</x></iq>

Gateway sends:
	<iq from="juliet@gateway.localhost" to="\${Romeo's full JID}" type="result" id="\${id}"/>

Romeo receives:
	<iq from="juliet@gateway.localhost" type="result" id="v1"/>

Gateway receives: nothing

Gateway disconnects

Romeo sends:
	<message to="juliet@gateway.localhost" id="m1"><body>Me</body></message>

Romeo receives:
	<message from="juliet@gateway.localhost" type="error" id="m1"/>
`;
    await server.runScansion(script);
    const gateway = script.slice(script.indexOf("[Component]"), script.indexOf("-----"));
    await server.runScansion(`${gateway}\n---\nGateway connects\nGateway receives: nothing\n`);
  });

  test("of rooms, strict as Prosody's are, is played in its likeness", async () => {
    const script = `# Rooms
[Client] Romeo
	jid: romeo@localhost
	password: secret
[Client] Juliet
	jid: juliet@localhost
	password: secret
---
Romeo connects
Romeo sends:
	<presence to="hall@conference.localhost/Romeo"><x xmlns="http://jabber.org/protocol/muc"/></presence>
Romeo receives:
	<presence from="hall@conference.localhost/Romeo">
		<x xmlns="http://jabber.org/protocol/muc#user">
			<status code="201"/>
			<item jid="\${Romeo's full JID}" affiliation="owner" role="moderator"/>
			<status code="110"/>
		</x>
	</presence>
Romeo receives:
	<message type="groupchat" from="hall@conference.localhost"><subject/></message>
Romeo sends:
	<iq id="c" to="hall@conference.localhost" type="set"><query xmlns="http://jabber.org/protocol/muc#owner">
		<x xmlns="jabber:x:data" type="submit"/></query></iq>
Romeo receives:
	<iq id="c" from="hall@conference.localhost" type="result"/>
Juliet connects
Juliet sends:
	<presence to="hall@conference.localhost/Juliet"><x xmlns="http://jabber.org/protocol/muc"/></presence>
Juliet receives:
	<presence from="hall@conference.localhost/Romeo"/>
Juliet receives:
	<presence from="hall@conference.localhost/Juliet">
		<x xmlns="vcard-temp:x:update"><photo/></x>
		<x xmlns="http://jabber.org/protocol/muc#user">
			<item affiliation="none" jid="\${Juliet's full JID}" role="participant"/>
			<status code="110"/>
		</x>
	</presence>
Romeo receives:
	<presence from="hall@conference.localhost/Juliet"/>
Romeo sends:
	<iq id="m" to="hall@conference.localhost" type="set"><query xmlns="http://jabber.org/protocol/muc#admin">
		<item affiliation="member" nick="Juliet"/></query></iq>
Romeo receives:
	<presence from="hall@conference.localhost/Juliet">
		<x xmlns="http://jabber.org/protocol/muc#user">
			<item affiliation="member" role="participant" jid="\${Juliet's full JID}">
				<actor jid="\${Romeo's full JID}" nick="Romeo"/>
			</item>
		</x>
	</presence>
Romeo receives:
	<iq type="result" id="m" from="hall@conference.localhost"/>
`;
    await using server = await TestServer.start({ clock: "virtual", port: false, mimic: "prosody" });
    await server.runScansion(script);
    await using other = await start();
    await expect(other.runScansion(script)).rejects.toThrow(/^line 12 of the script, Romeo receives: /);
  });

  const faults: readonly [string, RegExp][] = [
    ["[Client] Romeo\n\tpassword: x\n", /line 1 of the script, "\[Client\] Romeo": Romeo has no jid/],
    ["[Robot] Romeo\n\tjid: x\n", /line 1 .*no characters of the kind Robot, only clients and components/],
    ["[Component] Echo\n\tjid: a@b\n", /line 1 .*the jid of a component is a domain, not a@b/],
    [
      "[Component] Echo\n\tjid: echo.localhost\nEcho connects\nEcho sends:\n\t<message to='x@localhost' from='y@localhost'/>\n",
      /line 4 .*Echo sends: y@localhost is not of echo.localhost/,
    ],
    ["Juliet connects\n", /line 1 .*there is no character Juliet/],
    ["[Client] Romeo\n\tjid: r@localhost\nRomeo sends:\n", /line 3 .*what sends Romeo\?/],
    ["[Client] Romeo\n\tjid: r@localhost\nRomeo yawns\n", /line 3 .*expected somebody who connects/],
    [
      "[Client] Romeo\n\tjid: r@localhost\nRomeo sends:\n\t<presence/>\n",
      /^line 3 of the script, Romeo sends: not connected/,
    ],
  ];
  test.each(faults)("that cannot be: %j", async (script, message) => {
    await using server = await start();
    await expect(server.runScansion(script)).rejects.toThrow(message);
  });
});

test("what was recorded can be played", async () => {
  const script = await (async () => {
    await using server = await TestServer.start({
      clock: "virtual",
      port: false,
      users: ["romeo", "juliet"],
    });
    const recorded = server.record("Two meet");
    const romeo = await server.client("romeo/orchard");
    const juliet = await server.client("juliet/balcony");
    await romeo.sends(`<presence to="juliet@localhost" type="subscribe"/>`);
    await juliet.sends(`<presence to="romeo@localhost" type="subscribed"/>`);
    await romeo.sends(`<message to="juliet@localhost/balcony" type="chat" id="1"><body>Hi</body></message>`);
    await romeo.closes().catch(() => {});
    return recorded();
  })();
  expect(script).toMatch(/^# Two meet\n\n\[Client\] Romeo\n\tjid: romeo@localhost\n/);
  expect(script).toContain(
    'Juliet receives:\n\t<message to="${Juliet\'s full JID}" from="${Romeo\'s full JID}" id="1"',
  );
  expect(script).toContain("Romeo disconnects");
  expect(script).not.toMatch(/<stanza-id [^>]*id="(?!\{scansion:any\})/);
  await using other = await start();
  await other.runScansion(script);
  await expect(
    (async () => {
      await using third = await start();
      await third.runScansion(script.replace("<body>Hi</body><stanza-id", "<body>Ho</body><stanza-id"));
    })(),
  ).rejects.toThrow(/the text of <body\/> is "Hi", not "Ho"/);
});
