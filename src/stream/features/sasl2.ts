/** XEP-0388 Extensible SASL Profile, version 1.0.4, https://xmpp.org/extensions/xep-0388.html: the stream's side of it. */
import { hashedToken } from "../../auth/hashed-token.ts";
import { type Mechanism, SaslError, type SaslStep } from "../../auth/mechanism.ts";
import { type Awaitable, after } from "../../util/awaitable.ts";
import { type Element, el, serialize } from "../../xml/element.ts";
import type { XmlElement } from "../../xml/parser.ts";
import { StreamError } from "../../xmpp/errors.ts";
import { ns } from "../../xmpp/ns.ts";
import { decodeBase64, isOver, type SaslProfile } from "../authentication.ts";
import type { ClientStream } from "../client-stream.ts";
import { inNamespace, type Login, type LoginRequest, type LoginTask } from "../inline-feature.ts";
import type { StreamFeature } from "../stream-feature.ts";

/** Of one `<authenticate/>`, until it comes to success or failure. */
interface Attempt {
  readonly request: LoginRequest;
  /** Set when the SASL exchange is over. */
  login?: Login;
  /** The mechanism's last word, until it is said. */
  data: Buffer | undefined;
  /** What the client still has to do. */
  readonly tasks: LoginTask[];
  /** Whether it does the first of them already. */
  isTaskBegun: boolean;
}

/** §2.3: "MUST be a UUID v4". What is none counts as absent. */
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** What is negotiated inline are the other features of the stream's host; see `InlineFeature`. */
export function sasl2(): StreamFeature {
  const attempts = new WeakMap<ClientStream, Attempt>();
  const profile: SaslProfile = { challenge, failure, success };

  return { ns: ns.SASL2, offer, receive, forget: (stream) => void attempts.delete(stream) };

  async function receive(stream: ClientStream, element: XmlElement): Promise<void> {
    // §3.9: once <success/> or <continue/> was sent there is no other authentication.
    const isProved = stream.user !== undefined || attempts.get(stream)?.login !== undefined;
    if (stream.user || (isProved && element.name === "authenticate")) throw new StreamError("not-authorized");
    await stream.authentication.take(profile, () => advance(stream, element));
  }

  function advance(stream: ClientStream, element: XmlElement): Awaitable<SaslStep | undefined> {
    switch (element.name) {
      case "authenticate":
        return begin(stream, element);
      case "response":
        return check(stream, stream.authentication.respond(decode(element.text)));
      case "next":
      case "task-data":
        return perform(stream, element);
      case "abort":
        throw new SaslError("aborted");
      default:
        throw new StreamError("unsupported-stanza-type");
    }
  }

  function begin(stream: ClientStream, element: XmlElement): Awaitable<SaslStep | undefined> {
    // §4: only after TLS, even where that is not required.
    if (!stream.secure) throw new SaslError("encryption-required");
    const request = readRequest(stream, element);
    stream.authentication.begin(request.mechanism, findMechanism(request));
    attempts.set(stream, { request, data: undefined, tasks: [], isTaskBegun: false });
    const [initial] = own(element, "initial-response");
    if (initial) return check(stream, stream.authentication.respond(decode(initial.getText())));
    challenge(stream, undefined);
    return undefined;
  }

  /** §2.6.3: one step of the task that the client was given. */
  async function perform(stream: ClientStream, element: XmlElement): Promise<undefined> {
    const attempt = attempts.get(stream);
    const [task] = attempt?.tasks ?? [];
    const isBeginning = element.name === "next";
    const isNamed = element.attributes.task === task?.name;
    if (!attempt || !task || isBeginning === attempt.isTaskBegun || (isBeginning && !isNamed)) {
      throw new SaslError("malformed-request", "not a step of the task");
    }
    attempt.isTaskBegun = true;
    const answer = await task.respond(element.children);
    if (isOver(stream)) return;
    if (typeof answer === "string") throw new SaslError(answer, "task", attempt.login?.user.toString());
    if (answer) return stream.send(el("task-data", { xmlns: ns.SASL2 }, answer)) as undefined;
    attempt.tasks.shift();
    attempt.isTaskBegun = false;
    await goOn(stream, attempt);
  }

  function challenge(stream: ClientStream, data: Buffer | undefined): void {
    stream.expects = ns.SASL2;
    stream.send(el("challenge", { xmlns: ns.SASL2 }, ...(data ? [data.toString("base64")] : [])));
  }

  function failure(stream: ClientStream, { condition }: SaslError): void {
    stream.expects = undefined;
    attempts.delete(stream);
    stream.send(el("failure", { xmlns: ns.SASL2 }, el(condition, { xmlns: ns.SASL })));
  }

  async function success(
    stream: ClientStream,
    { user, data }: Parameters<SaslProfile["success"]>[1],
  ): Promise<void> {
    const attempt = attempts.get(stream);
    if (!attempt) throw new Error("a success of no attempt");
    const { request } = attempt;
    attempt.login = { request, user };
    attempt.data = data;
    for (const feature of stream.host.features) {
      const asked = inNamespace(request.children, feature.ns);
      if (asked.length === 0 || !feature.inline?.tasks) continue;
      attempt.tasks.push(...(await feature.inline.tasks(attempt.login, asked)));
    }
    if (!isOver(stream)) await goOn(stream, attempt);
  }

  /** The next task, or success when there is none left. */
  async function goOn(stream: ClientStream, attempt: Attempt): Promise<void> {
    const [task] = attempt.tasks;
    const { login } = attempt;
    if (!task && login) return finish(stream, attempt, login);
    if (!task) return;
    stream.expects = ns.SASL2;
    const tasks = el("tasks", {}, el("task", {}, task.name));
    stream.send(el("continue", { xmlns: ns.SASL2 }, ...lastWord(attempt), tasks));
    attempt.data = undefined;
  }

  /** §2.6.1: what was asked for along with the authentication is done, then the client is told all at once. */
  async function finish(stream: ClientStream, attempt: Attempt, login: Login): Promise<void> {
    stream.expects = undefined;
    attempts.delete(stream);
    stream.withhold();
    stream.authenticated(login.user);
    const results: Element[] = [];
    for (const feature of stream.host.features) {
      const asked = inNamespace(login.request.children, feature.ns);
      if (asked.length === 0 || !feature.inline?.negotiate) continue;
      results.push(...(await feature.inline.negotiate(login, asked)));
      if (isOver(stream)) return;
    }
    const identity = (stream.session?.jid ?? login.user).toString();
    const answer = el(
      "success",
      { xmlns: ns.SASL2 },
      ...lastWord(attempt),
      el("authorization-identifier", {}, identity),
      ...results,
    );
    // XEP-0198 §9.2: a resumed stream goes on where it was, without features.
    const isResumed = results.some((result) => result.is("resumed", ns.STREAM_MANAGEMENT));
    stream.release(serialize(answer), ...(isResumed ? [] : [stream.offers()]));
  }
}

function offer(stream: ClientStream): string | undefined {
  if (stream.user || !stream.secure) return undefined;
  const { offered } = stream.authentication;
  // §2.1: not without a mechanism.
  if (offered.length === 0) return undefined;
  const { features } = stream.host;
  const inline = features.flatMap((feature) => feature.inline?.offer?.(stream) ?? []);
  const authentication = el(
    "authentication",
    { xmlns: ns.SASL2 },
    ...offered.map(({ name }) => el("mechanism", {}, name)),
    ...(inline.length > 0 ? [el("inline", {}, ...inline)] : []),
    ...features.flatMap((feature) => feature.inline?.announce?.(stream) ?? []),
  );
  return serialize(authentication);
}

function readRequest(stream: ClientStream, element: XmlElement): LoginRequest {
  const [userAgent] = own(element, "user-agent");
  const id = String(userAgent?.attrs["id"] ?? "").toLowerCase();
  return {
    stream,
    mechanism: element.attributes.mechanism ?? "",
    clientId: UUID_V4.test(id) ? id : undefined,
    tokenMechanisms: stream.authentication.tokenMechanisms,
    children: element.children,
  };
}

/** One that is offered to everybody, or one that takes a token of this client. @throws SaslError */
function findMechanism(request: LoginRequest): Mechanism | undefined {
  const { host } = request.stream;
  const offered = host.mechanisms.find(({ name }) => name === request.mechanism);
  if (offered) return offered;
  for (const { ns: namespace, inline } of host.features) {
    const asked = inNamespace(request.children, namespace);
    const source = asked.length > 0 ? inline?.tokens?.(request, asked) : undefined;
    if (typeof source === "string") throw new SaslError(source, "no token can be used");
    if (source) return hashedToken(request.mechanism, source);
  }
  return undefined;
}

/**
 * §2.3: an identity that is not the one of the stream header fails. Here it does so when it was left to the server as
 * well: there is no second header, so nothing else would find the false `from` (RFC 6120 §4.9.3.9).
 */
function check({ from }: ClientStream, step: Awaitable<SaslStep>): Awaitable<SaslStep> {
  return after(step, (taken) => {
    if (taken.kind === "success" && from && !from.bare.equals(taken.user)) {
      throw new SaslError("invalid-authzid", "not the address of the stream header", taken.user.toString());
    }
    return taken;
  });
}

/** §2.6.1, §2.6.3: additional data with success. */
function lastWord({ data }: Attempt): Element[] {
  return data ? [el("additional-data", {}, data.toString("base64"))] : [];
}

/** Children of that name in the namespace of the element itself, which they do not say again. */
function own(element: XmlElement, name: string): Element[] {
  return element.children.filter((child) => child.name === name && child.getNS() === undefined);
}

/** §2.2: white space should not be there, and is ignored. @throws SaslError */
function decode(text: string): Buffer {
  return decodeBase64(text.replaceAll(/[ \t\r\n]/g, ""));
}
