/**
 * XEP-0050 Ad-Hoc Commands, version 1.3.0
 * https://xmpp.org/extensions/xep-0050.html
 *
 * Shows users the commands that they may execute, at the domain and as well at their own account, and leads them
 * through their forms. The commands themselves are other modules' matter.
 */
import { defineModule, defineService } from "../../core/module.ts";
import type { IqRequest } from "../../routing/iq-table.ts";
import { t } from "../../util/schema.ts";
import { type Element, el } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { form } from "../../xmpp/forms.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { disco, discoService } from "../disco.ts";
import type { AdhocCommand, Outcome, Requester, Step, StepAction } from "./command.ts";
import { type CommandSession, CommandSessions } from "./command-sessions.ts";
import { refusal } from "./refusal.ts";
import { readSubmission } from "./submission.ts";

/** The commands of the domain. */
export interface Adhoc {
  /** @throws Error when the node is taken. */
  add(command: AdhocCommand): void;
  /** What whoever asks for a command that is not there hears, where its node begins so. Default: `<item-not-found/>`. */
  addPrefix(prefix: string, missing: () => StanzaError): void;
}

export const adhocService = defineService<Adhoc>("adhoc");

/** §4.1 */
const ACTIONS = ["execute", "cancel", "prev", "next", "complete"] as const;
type Action = (typeof ACTIONS)[number];

/** What all texts are written in. */
const LANGUAGE = "en";

export const adhoc = defineModule({
  name: "adhoc",
  implements: ["XEP-0050 1.3.0"],
  omits: {
    "XEP-0050": [
      "The list of commands is not pushed in messages (§2.3), which is optional.",
      "Texts are English. Another language in the stanza or stream header is a wish, and answered in English; one on the `<command/>` itself is refused with `<bad-locale/>` (§3.7).",
    ],
  },
  features: [ns.COMMANDS, ns.DATA_FORMS],
  accountFeatures: [ns.COMMANDS],
  requires: [disco],
  config: t.object({
    sessionsPerUser: t
      .integer(5, { min: 1, max: 100 })
      .doc("Commands that one user may have under way; with one more the oldest is forgotten."),
    sessions: t.integer(1000, { min: 1 }).doc("Commands that all users together may have under way."),
    expires: t.duration("15m", { min: 10_000 }).doc("How long a form waits to be filled in."),
  }),

  setup(host, config) {
    const commands = new Map<string, AdhocCommand>();
    const prefixes = new Map<string, () => StanzaError>();
    const sessions = new CommandSessions(host.clock, host.random, config);

    host.provide(adhocService, {
      add(command) {
        if (commands.has(command.node)) throw new Error(`two commands at the node ${command.node}`);
        commands.set(command.node, command);
      },
      addPrefix: (prefix, missing) => void prefixes.set(prefix, missing),
    });
    const service = host.find(discoService);
    service?.addNodes({ info, items });
    service?.addOwnNodes({ info, items });
    for (const at of ["host", "self"] as const)
      host.iq("set", ns.COMMANDS, "command", withoutEcho(execute), at as "host");
    host.hook("session:close", "observe", ({ session }) => sessions.endAll(session.jid));
    host.every(config.expires, () => sessions.sweep());

    /** §2.2: the list of commands, and each command. */
    async function info(node: string, request: IqRequest): Promise<Element | undefined> {
      if (node === ns.COMMANDS) {
        return described(node, el("identity", { category: "automation", type: "command-list" }));
      }
      const command = commands.get(node);
      if (!command) return undefined;
      await authorize(command, request);
      return described(
        node,
        el("identity", { category: "automation", type: "command-node", name: command.name }),
      );
    }

    /** §2.2: nobody is shown what they may not execute. */
    async function items(node: string, request: IqRequest): Promise<Element | undefined> {
      const list = el("query", { xmlns: ns.DISCO_ITEMS, node });
      if (node !== ns.COMMANDS) return commands.has(node) ? list : undefined;
      for (const command of commands.values()) {
        if (!(await command.allowed(requesterOf(request)))) continue;
        list.cnode(el("item", { jid: request.to.toString(), node: command.node, name: command.name }));
      }
      return list;
    }

    async function execute(request: IqRequest): Promise<Element> {
      const { payload } = request;
      const { node, sessionid } = payload.attrs as Record<string, string | undefined>;
      if (!node) throw new StanzaError("bad-request", "a command has a node");
      const command = commands.get(node);
      if (!command) throw missing(node);
      await authorize(command, request);
      const action = readAction(payload.attrs.action);
      if (sessionid === undefined) {
        checkLanguage(payload.attrs["xml:lang"]);
        return begin(command, action, request);
      }
      return proceed(sessions.take(sessionid, node, request.from), action, payload);
    }

    /** §4.4 */
    function missing(node: string): StanzaError {
      for (const [prefix, error] of prefixes) if (node.startsWith(prefix)) return error();
      return new StanzaError("item-not-found");
    }

    /** §3.3: without a session a command can only be begun. */
    async function begin(command: AdhocCommand, action: Action, request: IqRequest): Promise<Element> {
      if (action !== "execute") throw refusal("bad-action", "no session is under way");
      const stage = await command.run(requesterOf(request));
      const { from: by } = request;
      return show({ id: sessions.newId(command.node, by), command, by, steps: [] }, stage);
    }

    /** @throws StanzaError; then the session is as it was. */
    async function proceed(session: CommandSession, action: Action, payload: Element): Promise<Element> {
      // §2.4.3
      if (action === "cancel") return answer(session, "canceled");
      try {
        return await follow(session, action, payload);
      } catch (error) {
        sessions.put(session);
        throw error;
      }
    }

    async function follow(
      session: CommandSession,
      action: Exclude<Action, "cancel">,
      payload: Element,
    ): Promise<Element> {
      const { steps } = session;
      const step = steps.at(-1) as Step;
      if (action === "prev") {
        const [before, earlier] = [steps.at(-2), steps.slice(0, -2)];
        if (!before) throw refusal("bad-action", "this is the first form");
        return show({ ...session, steps: earlier }, before);
      }
      const actions = actionsOf(step);
      const meant: StepAction = action === "execute" ? actions[0] : action;
      if (!actions.includes(meant)) throw refusal("bad-action", `"${meant}" is not possible here`);
      return show(session, await step.submit(readSubmission(payload, step.form), meant));
    }

    /** What the requester sees of the stage that was reached. */
    function show(session: CommandSession, stage: Step | Outcome): Element {
      if (!("submit" in stage)) return completed(session, stage);
      const next = { ...session, steps: [...session.steps, stage] };
      sessions.put(next);
      const actions = actionsOf(stage);
      const allowed = el("actions", { execute: actions[0] });
      if (next.steps.length > 1) allowed.cnode(el("prev"));
      // §4.2 (schema): in this order.
      for (const action of ["next", "complete"] as const) {
        if (actions.includes(action)) allowed.cnode(el(action));
      }
      return answer(next, "executing", allowed, form({ ...stage.form, type: "form" }));
    }

    async function authorize(command: AdhocCommand, request: IqRequest): Promise<void> {
      if (await command.allowed(requesterOf(request))) return;
      // §4.4: "cancel", where RFC 6120 has "auth".
      throw new StanzaError("forbidden", "", { type: "cancel" });
    }
  },
});

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

/** What is refused is not sent back: a form may hold a password. */
function withoutEcho(handler: (request: IqRequest) => Promise<Element>) {
  return async (request: IqRequest): Promise<Element> => {
    try {
      return await handler(request);
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      const { condition, message, type, detail } = error;
      throw new StanzaError(condition, message, { type, echo: false, ...(detail && { detail }) });
    }
  };
}
