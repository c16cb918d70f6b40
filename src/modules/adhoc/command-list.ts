import type { DiscoNodes } from "../../core/service-host.ts";
import type { IqRequest } from "../../routing/iq-table.ts";
import type { Awaitable } from "../../util/awaitable.ts";
import { type Element, el } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { form } from "../../xmpp/forms.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import type { AdhocCommand, Outcome, Requester, Step, StepAction } from "./command.ts";
import type { CommandSession, CommandSessions } from "./command-sessions.ts";
import { refusal } from "./refusal.ts";
import { readSubmission } from "./submission.ts";

/** §4.1 */
const ACTIONS = ["execute", "cancel", "prev", "next", "complete"] as const;
type Action = (typeof ACTIONS)[number];

/** What all texts are written in. */
const LANGUAGE = "en";

/** The commands that there are for somebody at an address, by their nodes. */
export type CommandsOf = (request: IqRequest) => Awaitable<ReadonlyMap<string, AdhocCommand>>;

/** XEP-0050 §2, §3: the commands of some address, shown and executed. */
export class CommandList implements DiscoNodes {
  readonly #sessions: CommandSessions;
  readonly #commandsOf: CommandsOf;
  readonly #missing: (node: string) => StanzaError;

  /** `missing`: what whoever asks for a command that is not there hears (§4.4). */
  constructor(
    sessions: CommandSessions,
    commandsOf: CommandsOf,
    missing: (node: string) => StanzaError = () => new StanzaError("item-not-found"),
  ) {
    this.#sessions = sessions;
    this.#commandsOf = commandsOf;
    this.#missing = missing;
  }

  /** §2.2: the list of commands, and each command. */
  async info(node: string, request: IqRequest): Promise<Element | undefined> {
    if (node === ns.COMMANDS) {
      return described(node, el("identity", { category: "automation", type: "command-list" }));
    }
    const command = (await this.#commandsOf(request)).get(node);
    if (!command) return undefined;
    await this.#authorize(command, request);
    return described(
      node,
      el("identity", { category: "automation", type: "command-node", name: command.name }),
    );
  }

  /** §2.2: nobody is shown what they may not execute. */
  async items(node: string, request: IqRequest): Promise<Element | undefined> {
    const list = el("query", { xmlns: ns.DISCO_ITEMS, node });
    const commands = await this.#commandsOf(request);
    if (node !== ns.COMMANDS) return commands.has(node) ? list : undefined;
    for (const command of commands.values()) {
      if (!(await command.allowed(requesterOf(request)))) continue;
      list.cnode(el("item", { jid: request.to.toString(), node: command.node, name: command.name }));
    }
    return list;
  }

  /** What is refused is not sent back: a form may hold a password. */
  async execute(request: IqRequest): Promise<Element> {
    try {
      return await this.#execute(request);
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      const { condition, message, type, detail } = error;
      throw new StanzaError(condition, message, { type, echo: false, ...(detail && { detail }) });
    }
  }

  async #execute(request: IqRequest): Promise<Element> {
    const { payload } = request;
    const { node, sessionid } = payload.attrs as Record<string, string | undefined>;
    if (!node) throw new StanzaError("bad-request", "a command has a node");
    const command = (await this.#commandsOf(request)).get(node);
    if (!command) throw this.#missing(node);
    await this.#authorize(command, request);
    const action = readAction(payload.attrs.action);
    if (sessionid === undefined) {
      checkLanguage(payload.attrs["xml:lang"]);
      return this.#begin(command, action, request);
    }
    return this.#proceed(
      this.#sessions.take(sessionid, subject(command, request), request.from),
      action,
      payload,
    );
  }

  /** §3.3: without a session a command can only be begun. */
  async #begin(command: AdhocCommand, action: Action, request: IqRequest): Promise<Element> {
    if (action !== "execute") throw refusal("bad-action", "no session is under way");
    const { from: by, payload } = request;
    const stage = await command.run(requesterOf(request));
    const session = { id: this.#sessions.newId(subject(command, request), by), command, by, steps: [] };
    const isFilled = command.isDirect && "submit" in stage && payload.getChild("x", ns.DATA_FORMS);
    if (!isFilled) return this.#show(session, stage);
    return this.#show(session, await stage.submit(readSubmission(payload, stage.form), actionsOf(stage)[0]));
  }

  /** @throws StanzaError; then the session is as it was. */
  async #proceed(session: CommandSession, action: Action, payload: Element): Promise<Element> {
    // §2.4.3
    if (action === "cancel") return answer(session, "canceled");
    try {
      return await this.#follow(session, action, payload);
    } catch (error) {
      this.#sessions.put(session);
      throw error;
    }
  }

  async #follow(
    session: CommandSession,
    action: Exclude<Action, "cancel">,
    payload: Element,
  ): Promise<Element> {
    const { steps } = session;
    const step = steps.at(-1) as Step;
    if (action === "prev") {
      const [before, earlier] = [steps.at(-2), steps.slice(0, -2)];
      if (!before) throw refusal("bad-action", "this is the first form");
      return this.#show({ ...session, steps: earlier }, before);
    }
    const actions = actionsOf(step);
    const meant: StepAction = action === "execute" ? actions[0] : action;
    if (!actions.includes(meant)) throw refusal("bad-action", `"${meant}" is not possible here`);
    return this.#show(session, await step.submit(readSubmission(payload, step.form), meant));
  }

  /** What the requester sees of the stage that was reached. */
  #show(session: CommandSession, stage: Step | Outcome): Element {
    if (!("submit" in stage)) return completed(session, stage);
    const next = { ...session, steps: [...session.steps, stage] };
    this.#sessions.put(next);
    const actions = actionsOf(stage);
    const allowed = el("actions", { execute: actions[0] });
    if (next.steps.length > 1) allowed.cnode(el("prev"));
    // §4.2 (schema): in this order.
    for (const action of ["next", "complete"] as const) {
      if (actions.includes(action)) allowed.cnode(el(action));
    }
    return answer(next, "executing", allowed, form({ ...stage.form, type: "form" }));
  }

  async #authorize(command: AdhocCommand, request: IqRequest): Promise<void> {
    if (await command.allowed(requesterOf(request))) return;
    // §4.4: "cancel", where RFC 6120 has "auth".
    throw new StanzaError("forbidden", "", { type: "cancel" });
  }
}

function completed(session: CommandSession, { notes = [], result }: Outcome): Element {
  const children = notes.map(({ type, text }) => el("note", { type }, text));
  return answer(session, "completed", ...children, ...(result ? [result] : []));
}

function answer(
  { id, command }: CommandSession,
  status: "executing" | "completed" | "canceled",
  ...children: Element[]
): Element {
  const attributes = { xmlns: ns.COMMANDS, node: command.node, sessionid: id, status, "xml:lang": LANGUAGE };
  return el("command", attributes, ...children);
}

function described(node: string, identity: Element): Element {
  const features = [ns.COMMANDS, ns.DATA_FORMS].map((feature) => el("feature", { var: feature }));
  return el("query", { xmlns: ns.DISCO_INFO, node }, identity, ...features);
}

function requesterOf({ from, session }: { from: Jid; session?: Requester["session"] }): Requester {
  return { from, session };
}

function actionsOf({ actions = ["complete"] }: Step): readonly [StepAction, ...StepAction[]] {
  return actions;
}

function readAction(text: unknown): Action {
  const action = ACTIONS.find((known) => known === (text ?? "execute"));
  if (!action) throw refusal("malformed-action", "there is no such action");
  return action;
}

function checkLanguage(text: unknown): void {
  if (typeof text !== "string" || text === "") return;
  if (text.toLowerCase().split("-")[0] !== LANGUAGE) throw refusal("bad-locale", "only English is spoken");
}

/** What a session is about: the same command of another address is another one. */
function subject({ node }: AdhocCommand, { to }: IqRequest): string {
  return `${to.bare.toString()} ${node}`;
}
