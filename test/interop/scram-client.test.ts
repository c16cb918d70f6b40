import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import Mechanism from "sasl-scram-sha-1";
import { describe, expect, onTestFinished } from "vitest";
import { PATIENCE_MS } from "./programs.ts";
import { type RealServer, test } from "./real-server.ts";

const CREDENTIALS = { username: "alice", password: "secret" };
const HEADER =
  "<stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";

/** As little of a client as can be: a socket, and regular expressions for what comes. */
class HandWrittenClient {
  readonly #socket: TLSSocket;
  #heard = "";

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.setEncoding("utf8").on("data", (text: string) => (this.#heard += text));
  }

  static async open({ server, certificate }: RealServer): Promise<HandWrittenClient> {
    const socket = connect({
      port: server.ports.c2sTls,
      host: "127.0.0.1",
      servername: "localhost",
      ca: certificate,
    });
    onTestFinished(() => void socket.destroy());
    await once(socket, "secureConnect");
    const client = new HandWrittenClient(socket);
    client.write(HEADER);
    await client.hears(/<\/stream:features>/);
    return client;
  }

  write(text: string): void {
    this.#socket.write(text);
  }

  /** Takes everything up to the end of the match out of what came. */
  async hears(pattern: RegExp): Promise<RegExpExecArray> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const found = pattern.exec(this.#heard);
      if (found) {
        this.#heard = this.#heard.slice(found.index + found[0].length);
        return found;
      }
      await once(this.#socket, "data", { signal }).catch(() => {
        throw new Error(`expected ${pattern}, heard ${this.#heard}`);
      });
    }
  }

  /** The challenge as text, once the mechanism has begun. */
  async begins(mechanism: Mechanism): Promise<string> {
    const first = await mechanism.response(CREDENTIALS);
    this.write(
      `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='${mechanism.name}'>${encode(first)}</auth>`,
    );
    const [, challenge = ""] = await this.hears(/<challenge [^>]*>([^<]*)<\/challenge>/);
    return decode(challenge);
  }

  async responds(text: string): Promise<void> {
    this.write(`<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>${encode(text)}</response>`);
  }
}

function encode(text: string): string {
  return Buffer.from(text).toString("base64");
}

function decode(text: string): string {
  return Buffer.from(text, "base64").toString();
}

describe("a client with the mechanism of sasl-scram-sha-1", () => {
  test("logs in, and can tell that the server knows the password too", async ({ real }) => {
    await real.server.createUser("alice@localhost", CREDENTIALS.password);
    const client = await HandWrittenClient.open(real);
    const mechanism = new Mechanism();
    mechanism.challenge(await client.begins(mechanism));
    await client.responds(await mechanism.response(CREDENTIALS));
    const [, success = ""] = await client.hears(/<success [^>]*>([^<]*)<\/success>/);
    mechanism.challenge(decode(success));
    expect(mechanism._verifier).toBe(Buffer.from(mechanism._serverSignature).toString("base64"));

    client.write(HEADER);
    await client.hears(/<\/stream:features>/);
    client.write("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
    await client.hears(/<jid>alice@localhost\/[^<]+<\/jid>/);
  });

  const forgeries: readonly [string, (challenge: string) => string][] = [
    [
      "a salt that is not the account's",
      (text) => text.replace(/s=[^,]+/, `s=${encode("another salt!!!!")}`),
    ],
    ["another number of rounds", (text) => text.replace(/i=\d+/, "i=4095")],
    ["a nonce that is not the server's", (text) => text.replace(/r=[^,]+/, "$&x")],
  ];

  test.for(forgeries)("is refused with %s", async ([, forge], { real }) => {
    await real.server.createUser("alice@localhost", CREDENTIALS.password);
    const client = await HandWrittenClient.open(real);
    const mechanism = new Mechanism();
    const challenge = await client.begins(mechanism);
    expect(forge(challenge)).not.toBe(challenge);
    mechanism.challenge(forge(challenge));
    await client.responds(await mechanism.response(CREDENTIALS));
    await client.hears(/<failure [^>]*><not-authorized\/>/);
  });

  test("is refused when it goes on with the nonce of another connection", async ({ real }) => {
    await real.server.createUser("alice@localhost", CREDENTIALS.password);
    const [first, second] = [await HandWrittenClient.open(real), await HandWrittenClient.open(real)];
    const [one, two] = [new Mechanism(), new Mechanism()];
    one.challenge(await first.begins(one));
    await second.begins(two);
    await second.responds(await one.response(CREDENTIALS));
    await second.hears(/<failure [^>]*><not-authorized\/>/);
  });
});
