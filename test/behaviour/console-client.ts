import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import type { Rig } from "../../src/testing/create-rig.ts";

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
}

/** A browser that is logged in to the console, or not; what it sends may be changed for each request. */
export class ConsoleBrowser {
  readonly #rig: Rig;
  readonly #remote: string;
  cookie = "";
  csrf = "";

  constructor(rig: Rig, remote = "192.0.2.1") {
    this.#rig = rig;
    this.#remote = remote;
  }

  /** A request as the page makes it. */
  async ask(path: string, body?: object, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const answer = await this.raw(path, body, headers);
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Answer["body"] };
  }

  async raw(path: string, body?: object, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    const all = {
      "sec-fetch-site": "same-origin",
      ...(this.cookie && { cookie: this.cookie }),
      ...(body && { "content-type": "application/json", "x-csrf-token": this.csrf }),
      ...headers,
    };
    const init = body ? { method: "POST", body: JSON.stringify(body), headers: all } : { headers: all };
    const answer = await this.#rig.request(`/admin/api/${path}`, init, { remote: this.#remote });
    const cookie = answer.headers.get("set-cookie");
    if (cookie !== null) this.cookie = cookie.split(";")[0] ?? "";
    return answer;
  }

  /** SCRAM; the last answer. */
  async logsIn(user: string, password: string): Promise<Answer> {
    const begun = await this.begins(user);
    return begun.status === 200 ? this.finishes(user, begun, password) : begun;
  }

  begins(user: string): Promise<Answer> {
    return this.ask("login/begin", { user, message: `n,,${bareOf(user)}` });
  }

  async finishes(user: string, begun: Answer, password: string): Promise<Answer> {
    const { id, hash, message } = begun.body as { id: string; hash: string; message: string };
    const digest = hash.toLowerCase().replace("-", "");
    const parts = new Map(message.split(",").map((part) => [part.slice(0, 1), part.slice(2)]));
    const length = createHash(digest).digest().length;
    const salt = Buffer.from(parts.get("s") ?? "", "base64");
    const salted = pbkdf2Sync(password, salt, Number(parts.get("i")), length, digest);
    const hmac = (key: Buffer, text: string) => createHmac(digest, key).update(text).digest();
    const clientKey = hmac(salted, "Client Key");
    const storedKey = createHash(digest).update(clientKey).digest();
    const withoutProof = `c=biws,r=${parts.get("r")}`;
    const signature = hmac(storedKey, `${bareOf(user)},${message},${withoutProof}`);
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)));
    const final = await this.ask("login/finish", {
      id,
      message: `${withoutProof},p=${proof.toString("base64")}`,
    });
    if (final.status === 200) await this.#readVisit();
    return final;
  }

  async comesBy(link: string): Promise<Answer> {
    const answer = await this.ask("login/link", { secret: link.split("#link=")[1] });
    if (answer.status === 200) await this.#readVisit();
    return answer;
  }

  command(name: string, args: object = {}): Promise<Answer> {
    return this.ask(`command/${name}`, args);
  }

  async #readVisit(): Promise<void> {
    this.csrf = String((await this.ask("visit")).body["csrf"]);
  }
}

/** client-first-message-bare. */
function bareOf(user: string): string {
  return `n=${user.split("@")[0]},r=nonce`;
}
