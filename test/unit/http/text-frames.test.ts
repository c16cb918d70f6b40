import type { Writable } from "node:stream";
import { expect, test } from "vitest";
import * as ws from "ws";
import { textFrames } from "../../../src/http/websocket/text-frames.ts";

/** The types of ws leave it out. */
const { Receiver } = ws as unknown as { Receiver: new (options: { isServer: boolean }) => Writable };

/** What a client of ws hears; the receiver of a client wants frames without a mask. */
async function heard(frames: Buffer): Promise<string[]> {
  const messages: string[] = [];
  const receiver = new Receiver({ isServer: false });
  receiver.on("message", (data: Buffer, isBinary: boolean) => {
    messages.push(isBinary ? "binary" : data.toString());
  });
  await new Promise<void>((resolve, reject) => {
    receiver.on("error", reject);
    receiver.end(frames, () => resolve());
  });
  return messages;
}

test("frames carry their messages, whatever their lengths, one after another", async () => {
  const messages = [0, 1, 125, 126, 127, 65_535, 65_536, 200_000].map((length) => "x".repeat(length));
  expect(await heard(textFrames(messages))).toEqual(messages);
});

test("lengths are those of the bytes", async () => {
  const messages = ["ü".repeat(63), "😀".repeat(40), "<a>Grüße</a>"];
  expect(await heard(textFrames(messages))).toEqual(messages);
});

test("a length stands in as few bytes as it fits in (RFC 6455 §5.2)", () => {
  expect(textFrames(["abc"]).toString("hex")).toBe("8103616263");
  expect(
    textFrames(["x".repeat(126)])
      .subarray(0, 4)
      .toString("hex"),
  ).toBe("817e007e");
  expect(
    textFrames(["x".repeat(65_536)])
      .subarray(0, 10)
      .toString("hex"),
  ).toBe("817f0000000000010000");
});
