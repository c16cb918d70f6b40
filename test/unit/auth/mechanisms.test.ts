import { expect, test } from "vitest";
import type { SaslContext } from "../../../src/auth/mechanism.ts";
import { type MechanismOptions, selectMechanisms } from "../../../src/auth/mechanisms.ts";
import { contextOf, failure, mechanismNamed, openAccounts } from "./setup.ts";

const STRICT: MechanismOptions = { plainWithoutTls: false, anonymous: false, external: false };

async function offered(
  options: Partial<MechanismOptions>,
  context: Partial<SaslContext>,
  hashes?: "SHA-256"[],
) {
  const accounts = await openAccounts(hashes ? { hashes } : {});
  return selectMechanisms({ ...STRICT, ...options })
    .filter((mechanism) => mechanism.offered(contextOf(accounts, context)))
    .map(({ name }) => name);
}

test("all of them, in order of preference", () => {
  expect(selectMechanisms({ ...STRICT, anonymous: true, external: true }).map(({ name }) => name)).toEqual([
    "EXTERNAL",
    "SCRAM-SHA-512-PLUS",
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-512",
    "SCRAM-SHA-256",
    "SCRAM-SHA-1",
    "PLAIN",
    "ANONYMOUS",
  ]);
});

test("EXTERNAL and ANONYMOUS are there only where they are wanted", () => {
  const names = selectMechanisms(STRICT).map(({ name }) => name);
  expect(names).toHaveLength(7);
  expect(names).not.toContain("EXTERNAL");
  expect(names).not.toContain("ANONYMOUS");
});

test("a stream without TLS is offered SCRAM without binding, and PLAIN only where that is wanted", async () => {
  const scram = ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1"];
  expect(await offered({}, { secure: false })).toEqual(scram);
  expect(await offered({ plainWithoutTls: true }, { secure: false })).toEqual([...scram, "PLAIN"]);
});

test("a stream that can bind is offered both variants (RFC 5802 §6)", async () => {
  const names = await offered({}, { channelBindings: ["tls-server-end-point"] }, ["SHA-256"]);
  expect(names).toEqual(["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN"]);
});

test("the list of names allows only what it names, in the server's order", async () => {
  const names = await offered({ mechanisms: ["PLAIN", "SCRAM-SHA-1", "ANONYMOUS"] }, {});
  expect(names).toEqual(["SCRAM-SHA-1", "PLAIN"]);
});

test("a name that is none is an error", () => {
  expect(() => selectMechanisms({ ...STRICT, mechanisms: ["DIGEST-MD5"] })).toThrow("DIGEST-MD5");
});

test("what is not offered does not begin", async () => {
  const context = contextOf(await openAccounts({ hashes: ["SHA-256"] }));
  for (const name of ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1"]) {
    const error = await failure(() => mechanismNamed(name).begin(context));
    expect(error.condition).toBe("invalid-mechanism");
  }
});
