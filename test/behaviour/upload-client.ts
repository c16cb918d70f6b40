import { readdirSync } from "node:fs";
import { expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import type { RigOptions } from "../../src/testing/create-rig.ts";
import { test as rigTest } from "../../src/testing/rig.ts";

/** With a server that listens for HTTP, as uploads need; requests go past the port. */
export const test = rigTest.extend<{ readonly options: RigOptions; readonly listening: undefined }>({
  options: [uploading({}), { scope: "test" }],
  listening: [
    async ({ server }, use) => {
      await server.listen();
      await use(undefined);
    },
    { auto: true },
  ],
});

/** A server with these settings of the module. Clients may be quiet for as long as they like. */
export function uploading(
  upload: object,
  more: { readonly domain?: string[]; readonly auth?: object } = {},
): RigOptions {
  const { domain, auth = {} } = more;
  return {
    ...(domain && { domain }),
    listen: { c2s: false, c2sTls: false, http: 0 },
    config: { modules: { upload }, limits: { idleTime: "off" }, auth },
  };
}

export const UPLOAD = "urn:xmpp:http:upload:0";
const PURPOSE = "urn:xmpp:http:upload:purpose:0";

/** What a client asks for. */
export interface Wish {
  readonly filename?: string;
  readonly size?: number | string;
  readonly type?: string;
  /** Of XEP-0363 §5: `<profile/>`, or `<ephemeral expire-before="…"/>`. */
  readonly purpose?: string;
}

export interface Slot {
  readonly put: string;
  readonly get: string;
}

export const CAT = Buffer.from("a picture of a cat");

export async function asksForSlot(client: Client, wish: Wish = {}, to = "upload.localhost"): Promise<void> {
  const { filename = "cat.png", size = CAT.length, type, purpose = "" } = wish;
  const attributes = `filename="${filename}" size="${size}"${type === undefined ? "" : ` content-type="${type}"`}`;
  const inner = purpose.replace(/^<(\w+)/, `<$1 xmlns="${PURPOSE}"`);
  await client.sends(
    `<iq type="get" id="u1" to="${to}"><request xmlns="${UPLOAD}" ${attributes}>${inner}</request></iq>`,
  );
}

export async function getsSlot(client: Client, wish: Wish = {}): Promise<Slot> {
  await asksForSlot(client, wish);
  const answer = await client.receives(
    `<iq type="result" id="u1" from="upload.localhost"><slot xmlns="${UPLOAD}"><put url="{any}"/><get url="{any}"/></slot></iq>`,
  );
  const slot = answer.getChild("slot", UPLOAD);
  const url = (name: string) => String(slot?.getChild(name)?.attrs["url"]);
  return { put: url("put"), get: url("get") };
}

/** An error answer; the request is in it, as everywhere. */
export async function isRefused(client: Client, condition: string, type: string, detail = ""): Promise<void> {
  await client.receives(
    `<iq type="error" id="u1" from="upload.localhost">
      <request xmlns="${UPLOAD}" filename="{any}" size="{any}"/>
      <error type="${type}"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>${detail}</error></iq>`,
  );
}

/** What `fetch` takes for an upload. */
export function body(content: Buffer | string, headers: Readonly<Record<string, string>> = {}): RequestInit {
  const bytes = Buffer.from(content);
  return {
    method: "PUT",
    body: bytes,
    headers: { "content-length": String(bytes.length), ...headers },
  };
}

/** A slot with a cat in it. */
export async function putsCat(
  client: Client,
  request: (url: string, init?: RequestInit) => Promise<Response>,
  wish: Wish = {},
): Promise<Slot> {
  const slot = await getsSlot(client, wish);
  const answer = await request(slot.put, body(CAT));
  if (answer.status !== 201) throw new Error(`the cat was refused: ${answer.status} ${await answer.text()}`);
  return slot;
}

/** Files in the folders below a folder, and pieces of files. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}

/** For what the server does in its own time, with the disk. */
export function eventually<T>(read: () => T) {
  return expect.poll(read, { timeout: 10_000 });
}

/** A body that a test gives out piece by piece. */
export class SlowBody {
  readonly stream: ReadableStream<Uint8Array>;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #cancelled = false;

  constructor() {
    this.stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => {
        this.#cancelled = true;
      },
    });
  }

  /** Whether the server wants no more of it. */
  get cancelled(): boolean {
    return this.#cancelled;
  }

  sends(content: Buffer): void {
    this.#controller?.enqueue(content);
  }

  ends(): void {
    this.#controller?.close();
  }

  breaks(): void {
    this.#controller?.error(new Error("the connection is gone"));
  }

  /** For a slot of `length` bytes. */
  init(length: number): RequestInit {
    const headers = { "content-length": String(length) };
    return { method: "PUT", body: this.stream, headers, duplex: "half" } as RequestInit;
  }
}
