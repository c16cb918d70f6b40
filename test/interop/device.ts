import { join } from "node:path";
import { vi } from "vitest";
import { PATIENCE_MS, Program } from "./programs.ts";
import type { RealServer } from "./real-server.ts";
import { stanza } from "./stanza-peer.ts";
import { bodiesOf, chat, jidOf, PASSWORD, xmppJs } from "./xmpp-js-peer.ts";

/** A client that goes on with its session when it lost its connection (XEP-0198 §5), whatever program it is. */
export interface Device {
  readonly jid: string;
  /** The bodies of messages that came, in their order. */
  readonly bodies: readonly string[];
  /** Settles when the message is on its way. */
  write(to: string, body: string): Promise<void>;
  /** Settles with the next resumption. */
  resumes(): Promise<void>;
}

/** What a device needs to know: the address of an account with {@link PASSWORD}, and a port for STARTTLS or TLS. */
export interface Dial {
  readonly local: string;
  /** The port that is asked for; see `tls` of {@link Way}. */
  readonly port: number;
}

/** How one kind of client comes to the server. */
export interface Way {
  readonly name: string;
  /** Whether it wants TLS from the first byte. */
  readonly tls: boolean;
  open(real: RealServer, dial: Dial): Promise<Device>;
}

export const viaXmppJs: Way = {
  name: "xmpp.js",
  tls: false,
  async open(real, { local, port }) {
    const service = `xmpp://127.0.0.1:${port}`;
    const { client } = await xmppJs(real, { username: local, resource: "js", service });
    const bodies = bodiesOf({ client });
    client.reconnect.delay = 10;
    await vi.waitUntil(() => client.streamManagement.enabled, { timeout: PATIENCE_MS });
    return {
      jid: jidOf({ client }),
      bodies,
      write: (to, body) => client.send(chat(to, body)),
      resumes: () => new Promise((resolve) => void client.streamManagement.once("resumed", resolve)),
    };
  },
};

export const viaStanza: Way = {
  name: "stanza",
  tls: true,
  async open(real, { local, port }) {
    const { client } = await stanza(real, `${local}@localhost`, {
      password: PASSWORD,
      transports: { tls: `xmpps://localhost:${port}` },
      autoReconnect: false,
    });
    const bodies: string[] = [];
    client.on("message", ({ body }) => {
      if (body !== undefined) bodies.push(body);
    });
    // stanza 12.22 would forget what it sends again, and take acknowledgements of that for those of later messages.
    client.sm.on("resend", ({ kind, stanza }) => client.sm.unacked.push([kind, stanza]));
    // By itself it would wait for seconds.
    client.on("disconnected", () => {
      if (!client.sessionTerminating) client.connect();
    });
    return {
      jid: client.jid,
      bodies,
      async write(to, body) {
        await client.send("message", { to, type: "chat", body });
      },
      resumes: () => new Promise((resolve) => void client.once("stream:management:resumed", () => resolve())),
    };
  },
};

/** slixmpp in the Python given, by a script that does what it is told line by line. */
export function viaSlixmpp(python: string, ended: (device: Program) => void): Way {
  return {
    name: "slixmpp",
    tls: false,
    async open({ directory, caFile }, { local, port }) {
      const jid = `${local}@localhost/python`;
      const settings = { port, ca: caFile, jid, password: PASSWORD };
      const program = new Program({
        file: python,
        args: [join(import.meta.dirname, "slixmpp-device.py"), JSON.stringify(settings)],
        home: directory,
        env: { PYTHONDONTWRITEBYTECODE: "1" },
      });
      ended(program);
      await program.prints(/^managed$/m);
      const count = (word: string) => program.output.split("\n").filter((line) => line === word).length;
      return {
        jid,
        get bodies() {
          return Array.from(program.output.matchAll(/^received (.*)$/gm), ([, body]) => String(body));
        },
        async write(to, body) {
          program.write(`${to} ${body}\n`);
          await vi.waitUntil(() => count(`sent ${body}`) > 0, { timeout: PATIENCE_MS });
        },
        resumes() {
          const before = count("resumed");
          return vi.waitUntil(() => count("resumed") > before, { timeout: PATIENCE_MS }).then(() => {});
        },
      };
    },
  };
}
