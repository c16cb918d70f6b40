import { spawn } from "node:child_process";
import { on as eventsOf, once } from "node:events";
import { createInterface } from "node:readline";

/** A test server of Jackdaw in a process of its own: starts `jackdaw rig` and speaks to its control API. */
export class Rig {
  #process;

  /** `await using rig = await Rig.start(["romeo", "juliet"], "--clock", "virtual");` */
  static async start(users, ...options) {
    const args = users.flatMap((user) => ["--user", user]);
    const rig = spawn(
      process.execPath,
      ["node_modules/jackdaw/bin/jackdaw.js", "rig", ...args, ...options],
      // While the pipe to its input is open it runs; so it ends with this process.
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    const ended = once(rig, "exit").then(([code]) => {
      throw new Error(`jackdaw rig ended with ${code}`);
    });
    const [line] = await Promise.race([once(createInterface(rig.stdout), "line"), ended]);
    ended.catch(() => {});
    return new Rig(rig, JSON.parse(line));
  }

  constructor(child, { control, domain, services, ca, users }) {
    this.#process = child;
    Object.assign(this, { control, domain, services, ca });
    this.users = Object.fromEntries(users.map((user) => [user.jid.split("@")[0], user]));
  }

  async close() {
    const exit = once(this.#process, "exit");
    this.#process.stdin.end();
    await exit;
  }

  [Symbol.asyncDispose]() {
    return this.close();
  }

  get(operation, args = {}) {
    return this.#ask(fetch(`${this.control}/${operation}?${new URLSearchParams(args)}`));
  }

  post(operation, args = {}) {
    const headers = { "Content-Type": "application/json" };
    return this.#ask(
      fetch(`${this.control}/${operation}`, { method: "POST", headers, body: JSON.stringify(args) }),
    );
  }

  /** The first stanza that fits and that no expectation had before. */
  expect(on, within = "2s") {
    return this.post("expect", { on, within });
  }

  expectNone(on) {
    return this.post("expect-none", { on });
  }

  /** Something is said as that user, by their client or by one that is made for it. */
  send(as, xml) {
    return this.post("send", { as, xml });
  }

  /** What fits from now on, as it comes: `for await (const { direction, xml } of await rig.watch({ to: "romeo" }))`. */
  async watch(on = {}) {
    const socket = new WebSocket(`${this.control.replace("http", "ws")}/stanzas?${new URLSearchParams(on)}`);
    const messages = eventsOf(socket, "message", { close: ["close"] });
    await once(socket, "open");
    return (async function* () {
      try {
        for await (const [{ data }] of messages) yield JSON.parse(data);
      } finally {
        socket.close();
      }
    })();
  }

  async #ask(asked) {
    const answer = await asked;
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.detail);
    return body;
  }
}
