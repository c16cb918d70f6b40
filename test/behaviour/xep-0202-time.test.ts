/** XEP-0202 Entity Time, version 2.0, with the formats of XEP-0082. */
import { expect, onTestFinished } from "vitest";
import { formatOffset } from "../../src/modules/time.ts";
import { test } from "../../src/testing/rig.ts";
import { parseDateTime } from "../../src/xmpp/datetime.ts";

test.for([
  ["UTC", "Z"],
  ["Asia/Kathmandu", "+05:45"],
  ["America/St_Johns", "-03:30"],
])(
  "the server in %s tells the time in UTC and its offset as %s (§2)",
  async ([zone, offset], { connect, clock }) => {
    const before = process.env["TZ"];
    onTestFinished(() => {
      if (before === undefined) delete process.env["TZ"];
      else process.env["TZ"] = before;
    });
    process.env["TZ"] = zone;
    const alice = await connect("alice/phone");
    await clock.advance(1_250);
    await alice.sends(`<iq type="get" id="time_1" to="localhost"><time xmlns="urn:xmpp:time"/></iq>`);
    const answer = await alice.receives(
      `<iq type="result" id="time_1" from="localhost"><time xmlns="urn:xmpp:time"><tzo>${offset}</tzo><utc>{any}</utc></time></iq>`,
    );
    const utc = answer.getChild("time")?.getChildText("utc") ?? "";
    expect(utc).toMatch(/Z$/);
    expect(parseDateTime(utc)).toBe(clock.now());
  },
);

test("offsets have two digits for hours and minutes each (XEP-0082 §3.2)", () => {
  expect([0, -0, 60, -60, 345, -210, 840, 5].map(formatOffset)).toEqual([
    "Z",
    "Z",
    "+01:00",
    "-01:00",
    "+05:45",
    "-03:30",
    "+14:00",
    "+00:05",
  ]);
});

test("it is announced in disco#info (§4)", async ({ connect }) => {
  const alice = await connect("alice/phone");
  await alice.sends(
    `<iq type="get" id="d" to="localhost"><query xmlns="http://jabber.org/protocol/disco#info"/></iq>`,
  );
  await alice.receives(
    `<iq type="result" id="d"><query xmlns="http://jabber.org/protocol/disco#info">{...}<feature var="urn:xmpp:time"/></query></iq>`,
  );
});
