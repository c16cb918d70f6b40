import { expect, test } from "vitest";
import { contextOf, failure, mechanismNamed, openAccounts, respond } from "./setup.ts";

test("everybody gets another address, a UUID (XEP-0175 §3)", async () => {
  const context = contextOf(await openAccounts());
  const ask = async () => {
    const step = await respond(mechanismNamed("ANONYMOUS").begin(context), "trace@example.com");
    if (step.kind !== "success") throw new Error("expected success");
    return step.user;
  };
  const [one, two] = [await ask(), await ask()];
  expect(one.toString()).toMatch(
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}@example\.org$/,
  );
  expect(one.equals(two)).toBe(false);
  expect(await context.accounts.exists(one)).toBe(false);
});

test("trace data is at most 255 characters of UTF-8 (RFC 4505 §2)", async () => {
  const context = contextOf(await openAccounts());
  const send = (data: Buffer) => mechanismNamed("ANONYMOUS").begin(context).respond(data);
  expect(await send(Buffer.from("🙂".repeat(255)))).toMatchObject({ kind: "success" });
  for (const data of [Buffer.from("a".repeat(256)), Buffer.from([0xff])]) {
    expect((await failure(() => send(data))).condition).toBe("malformed-request");
  }
});
