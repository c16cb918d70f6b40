import { pbkdf2Sync } from "node:crypto";
import { expect, test } from "vitest";
import type { Authority } from "../../../src/auth/mechanism.ts";
import { digestLength, digestName, type ScramHash, scramKeys } from "../../../src/auth/scram-keys.ts";
import { systemRandom } from "../../../src/util/random.ts";
import { challengeTo, contextOf, mechanismNamed, respond } from "./setup.ts";

interface Vector {
  hash: ScramHash;
  salt: string;
  clientNonce: string;
  serverNonce: string;
  proof: string;
  signature: string;
}

const RFC_5802: Vector = {
  hash: "SHA-1",
  salt: "QSXCR+Q6sek8bf92",
  clientNonce: "fyko+d2lbbFgONRv9qkxdawL",
  serverNonce: "3rfcNHYJY1ZVvWVs7j",
  proof: "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
  signature: "rmF9pqV8S7suAoZWja4dJRkFsKQ=",
};

const RFC_7677: Vector = {
  hash: "SHA-256",
  salt: "W22ZaJ0SNY7soEsUEjb6gQ==",
  clientNonce: "rOprNGfwEbeRWgbNEkqO",
  serverNonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
  proof: "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
  signature: "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
};

test.each([
  ["RFC 5802 §5", RFC_5802],
  ["RFC 7677 §3", RFC_7677],
])("the exchange of %s is reproduced to the letter", async (_, vector) => {
  const nonce = vector.clientNonce + vector.serverNonce;
  const random = { ...systemRandom, id: () => vector.serverNonce };
  const mechanism = mechanismNamed(`SCRAM-${vector.hash}`);
  const exchange = mechanism.begin({ ...contextOf(authorityOf(vector)), random });

  const challenge = await challengeTo(exchange, `n,,n=user,r=${vector.clientNonce}`);
  expect(challenge).toBe(`r=${nonce},s=${vector.salt},i=4096`);

  const step = await respond(exchange, `c=biws,r=${nonce},p=${vector.proof}`);
  if (step.kind !== "success") throw new Error("expected success");
  expect(step.user.toString()).toBe("user@example.org");
  expect(step.data?.toString()).toBe(`v=${vector.signature}`);
});

/** An account "user" with the password "pencil" and the vector's salt. */
function authorityOf({ hash, ...vector }: Vector): Authority {
  const salt = Buffer.from(vector.salt, "base64");
  const salted = pbkdf2Sync("pencil", salt, 4096, digestLength(hash), digestName(hash));
  return {
    hashes: [hash, hash],
    credentials: async () => ({ salt, iterations: 4096, ...scramKeys(hash, salted), genuine: true }),
    verifyPassword: async () => false,
    exists: () => true,
    status: () => "active",
    changes: 0,
  };
}
