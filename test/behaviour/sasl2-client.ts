/** The client's side of XEP-0388 and of what goes along with it, by the specifications' text. */
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { Accounts } from "../../src/auth/accounts.ts";
import type { ScramHash } from "../../src/auth/scram-keys.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Client } from "../../src/testing/client.ts";
import { systemClock } from "../../src/util/clock.ts";
import { systemRandom } from "../../src/util/random.ts";
import type { Element } from "../../src/xml/element.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { ScramClient } from "../unit/auth/setup.ts";

export const SASL2 = "urn:xmpp:sasl:2";
export const BIND2 = "urn:xmpp:bind:0";
export const FAST = "urn:xmpp:fast:0";
export const FEATURES = "<stream:features>{any}</stream:features>";

/** Installations of clients. */
export const PHONE = "d4565fa7-4d72-4749-b3d3-740edbf87770";
export const LAPTOP = "0a1f4a5c-9f0e-4f6e-8a57-6f2b5f3c9d11";

export const base64 = (data: string | Buffer) => Buffer.from(data).toString("base64");
export const userAgent = (id: string) =>
  `<user-agent id="${id}"><software>AwesomeXMPP</software><device>Kiva's Phone</device></user-agent>`;
export const response = (data: string) => `<response xmlns="${SASL2}">${base64(data)}</response>`;
export const failure = (condition: string) =>
  `<failure xmlns="${SASL2}"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/></failure>`;

/** `more` are further children. */
export function authenticate(mechanism: string, initial: string | Buffer | undefined, more = ""): string {
  const data = initial === undefined ? "" : `<initial-response>${base64(initial)}</initial-response>`;
  return `<authenticate xmlns="${SASL2}" mechanism="${mechanism}">${data}${more}</authenticate>`;
}

export const plain = (user: string, password: string, more = "", authzid = "") =>
  authenticate("PLAIN", `${authzid}\0${user}\0${password}`, more);

/** Opens the stream as that user, or as nobody; what the server offers. */
export async function opened(client: Client, from?: string): Promise<Element> {
  await client.opens(from === undefined ? {} : { from });
  return client.receives(FEATURES);
}

export function textsOf(parent: Element | undefined | null, name: string): string[] {
  return parent?.getChildren(name).map((child) => child.getText()) ?? [];
}

export function offerOf(features: Element): Element {
  const offer = features.getChild("authentication", SASL2);
  if (!offer) throw new Error("SASL2 is not offered");
  return offer;
}

/** Its `<success/>`, and the features behind it. */
export async function loggedIn(client: Client): Promise<Element> {
  const success = await client.receives(`<success xmlns="${SASL2}">{any}</success>`);
  await client.receives(FEATURES);
  client.jid = success.getChildText("authorization-identifier") ?? "";
  return success;
}

/** Starts SCRAM and answers the challenge; what comes of it is still to be received. */
export async function scrams(
  client: Client,
  { hash, user, password }: { hash: ScramHash; user: string; password: string },
  more = "",
): Promise<ScramClient> {
  const scram = new ScramClient(hash.replace("-", "").toLowerCase(), user, password);
  await client.sends(authenticate(`SCRAM-${hash}`, scram.first, more));
  const challenge = await client.receives(`<challenge xmlns="${SASL2}">{any}</challenge>`);
  await client.sends(response(scram.final(Buffer.from(challenge.getText(), "base64").toString())));
  return scram;
}

export interface FastToken {
  readonly token: string;
  readonly expiry: string;
}

/** The token that `<success/>` brings. */
export function tokenIn(success: Element): FastToken | undefined {
  const token = success.getChild("token", FAST);
  return token && { token: String(token.attrs["token"]), expiry: String(token.attrs["expiry"]) };
}

export const requestToken = (mechanism = "HT-SHA-256-NONE") =>
  `<request-token xmlns="${FAST}" mechanism="${mechanism}"/>`;

/** draft-schmaus-kitten-sasl-ht-09 §3. */
export function hashed(
  token: string,
  role: "Initiator" | "Responder",
  bound: Buffer = Buffer.alloc(0),
): Buffer {
  return createHmac("sha256", Buffer.from(token, "utf8"))
    .update(Buffer.concat([Buffer.from(role), bound]))
    .digest();
}

interface FastLogin {
  readonly user?: string;
  readonly mechanism?: string;
  readonly client?: string;
  /** Attributes of `<fast/>`. */
  readonly fast?: string;
  readonly more?: string;
  readonly bound?: Buffer;
}

/** An `<authenticate/>` with a token. */
export function withToken(token: string, options: FastLogin = {}): string {
  const { user = "alice", mechanism = "HT-SHA-256-NONE", client = PHONE, fast = "", more = "" } = options;
  const message = Buffer.concat([Buffer.from(`${user}\0`), hashed(token, "Initiator", options.bound)]);
  return authenticate(mechanism, message, `${userAgent(client)}<fast xmlns="${FAST}" ${fast}/>${more}`);
}

/** A store, gone when the test is over, with an account, secret "secret", that has keys of these hashes alone. */
export async function storeWith(user: string, hashes: readonly ScramHash[]): Promise<{ sqlite: string }> {
  const folder = mkdtempSync(join(tmpdir(), "jackdaw-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const sqlite = join(folder, "db.sqlite");
  const store = openSqliteStore({ path: sqlite });
  const accounts = await Accounts.open(store, {
    clock: systemClock,
    random: systemRandom,
    iterations: 4096,
    hashes,
  });
  await accounts.create(Jid.parse(user), "secret");
  await store.commit();
  await store.close();
  return { sqlite };
}
