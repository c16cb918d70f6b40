import { pbkdf2Sync } from "node:crypto";
import { expect, test } from "vitest";
import { BusyError, KeyDerivation } from "../../../src/auth/key-derivation.ts";

const SALT = Buffer.from("sixteen octets!!");

test.each([
  ["SHA-1", "sha1", 20],
  ["SHA-256", "sha256", 32],
  ["SHA-512", "sha512", 64],
] as const)("with %s it is PBKDF2 of that hash and length", async (hash, name, length) => {
  const key = await new KeyDerivation().derive(hash, "pässword", SALT, 10);
  expect(key).toEqual(pbkdf2Sync("pässword", SALT, 10, length, name));
});

test("it refuses what goes beyond its queue, and recovers", async () => {
  const derivation = new KeyDerivation(2, 3);
  const derive = () => derivation.derive("SHA-1", "password", SALT, 1);
  const accepted = Array.from({ length: 5 }, derive);
  await expect(derive()).rejects.toThrow(BusyError);
  const keys = await Promise.all(accepted);
  expect(new Set(keys.map(String)).size).toBe(1);
  await expect(Promise.all(Array.from({ length: 5 }, derive))).resolves.toHaveLength(5);
});

test("a derivation that fails gives its place back", async () => {
  const derivation = new KeyDerivation(1, 0);
  await expect(derivation.derive("SHA-1", "password", SALT, 0)).rejects.toThrow(RangeError);
  await expect(derivation.derive("SHA-1", "password", SALT, 1)).resolves.toHaveLength(20);
});
