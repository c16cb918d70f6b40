/** The matcher in Jest's own `expect`. */

import { expect as jestExpect } from "expect";
import { describe, expect, test } from "vitest";
import { TestServer } from "../../src/testing/index.ts";

Object.assign(globalThis, { expect: jestExpect });
await import("../../src/testing/jest.ts");

const STANZA = `<message to="juliet@localhost" id="m1" type="chat"><body>Hi</body></message>`;

describe("Jest's expect", () => {
  test("knows toMatchStanza, plain, negated and among other matchers", async () => {
    await using server = await TestServer.start({ users: ["romeo"], port: false });
    const romeo = await server.client("romeo");
    await romeo.sends(STANZA);
    const seen = await server.expect({ from: "romeo", kind: "message" });
    jestExpect(seen).toMatchStanza(`<message type="chat"> <body>Hi</body> </message>`);
    jestExpect(seen.element).toMatchStanza(`<message id="m1" type="chat"><body>{any}</body></message>`);
    jestExpect(STANZA).toMatchStanza(`<message id="x" type="chat"><body>Hi</body></message>`, {
      ignore: ["id"],
    });
    jestExpect(STANZA).not.toMatchStanza(`<message type="chat"><body>Ho</body></message>`);
    await jestExpect(Promise.resolve(seen)).resolves.toMatchStanza(STANZA);
  });

  test("says what is different", () => {
    expect(() => jestExpect(STANZA).toMatchStanza(`<message type="chat"><body>Ho</body></message>`)).toThrow(
      /expected\n {2}<message type="chat"><body>Ho<\/body><\/message>\ngot\n {2}<message to=.*\nmessage > body: the text is "Hi", not "Ho"/,
    );
    expect(() => jestExpect(STANZA).not.toMatchStanza(STANZA)).toThrow(
      /expected a stanza that does not match/,
    );
  });
});
