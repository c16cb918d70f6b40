import type { Rig } from "../create-rig.ts";
import { bareOf, type Seen } from "../seen.ts";
import type { TestClock } from "../test-clock.ts";
import type { TestUsers } from "../test-users.ts";
import { ScriptedComponent } from "./component.ts";
import { writeScript } from "./record.ts";
import { type Actor, runScript } from "./run.ts";
import type { Character } from "./script.ts";

interface ScriptsParts {
  readonly rig: Rig<TestClock>;
  readonly users: TestUsers;
  /** All that went by so far. */
  seen(): readonly Seen[];
}

/** Scansion scripts on a test server. */
export class Scripts {
  readonly #parts: ScriptsParts;
  /** By domain. */
  readonly #components = new Map<string, ScriptedComponent>();

  constructor(parts: ScriptsParts) {
    this.#parts = parts;
  }

  /** Accounts that are not there are made. @throws Error naming the line where something else happened. */
  run(script: string): Promise<void> {
    return runScript(script, { connect: (character) => this.#connect(character) });
  }

  /** Writes down what goes by from now on; what is returned makes a script of it. */
  record(title: string): () => string {
    const { rig, seen } = this.#parts;
    const from = seen().length;
    return () => writeScript(title, seen().slice(from), (user) => rig.passwordOf(user));
  }

  async #connect({ kind, jid, password }: Character): Promise<Actor> {
    const { rig, users } = this.#parts;
    if (kind === "component") return this.#component(jid);
    const name = bareOf(jid);
    if (!users.has(name)) await users.add({ name, ...(password !== undefined && { password }) });
    return rig.connect(jid, { presence: false });
  }

  /** Takes the place of the one that an earlier script played for the domain. */
  async #component(domain: string): Promise<ScriptedComponent> {
    const { rig } = this.#parts;
    await this.#components.get(domain)?.disconnects();
    const component = new ScriptedComponent(domain, rig.server, () => rig.settle());
    this.#components.set(domain, component);
    return component;
  }
}
