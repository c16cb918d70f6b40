import {
  ChannelBindingError,
  type ChannelBindingType,
  type SaslContext,
  SaslError,
  type SaslExchange,
  type SaslStep,
} from "../../auth/mechanism.ts";
import { el } from "../../xml/element.ts";
import type { XmlElement } from "../../xml/parser.ts";
import { StreamError } from "../../xmpp/errors.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Stream } from "../stream.ts";
import type { StreamFeature } from "../stream-feature.ts";

/** What a stream's authentication has come to; forgotten as soon as it succeeds or the stream ends. */
interface Progress {
  exchange: SaslExchange | undefined;
  /** Of the mechanism in use. */
  name: string;
  failures: number;
  /** How long the exchange was held back before its work was done; milliseconds. */
  waited: number;
  /** Mechanisms that failed for the channel binding, and that alone. */
  readonly unbound: Set<string>;
}

const BINDINGS: readonly ChannelBindingType[] = ["tls-exporter", "tls-unique", "tls-server-end-point"];

/** RFC 4648 §4 as RFC 6120 §6.4.2 asks: no line breaks, padding in place. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** RFC 6120 §6: SASL negotiation, with the channel bindings listed as in XEP-0440 1.0.0. */
export function sasl(): StreamFeature {
  const progress = new WeakMap<Stream, Progress>();

  return { ns: ns.SASL, offer, receive, forget: (stream) => void progress.delete(stream) };

  function offer(stream: Stream) {
    if (!isDue(stream)) return undefined;
    const context = contextOf(stream);
    const offered = stream.host.mechanisms.filter((mechanism) => mechanism.offered(context));
    if (offered.length === 0) return undefined;
    const mechanisms = el("mechanisms", { xmlns: ns.SASL });
    for (const { name } of offered) mechanisms.cnode(el("mechanism", {}, name));
    if (context.channelBindings.length === 0) return [mechanisms];
    const bindings = context.channelBindings.map((type) => el("channel-binding", { type }));
    return [mechanisms, el("sasl-channel-binding", { xmlns: ns.SASL_CHANNEL_BINDING }, ...bindings)];
  }

  async function receive(stream: Stream, element: XmlElement): Promise<void> {
    if (stream.user) throw new StreamError("not-authorized");
    const own = progress.get(stream) ?? newProgress();
    progress.set(stream, own);
    try {
      const step = await advance(stream, own, element);
      if (step) await answer(stream, own, step);
    } catch (error) {
      if (!(error instanceof SaslError)) throw error;
      await fail(stream, own, error);
    }
  }

  /** The exchange's next step; undefined when the client is asked for its first response. */
  async function advance(stream: Stream, own: Progress, element: XmlElement): Promise<SaslStep | undefined> {
    switch (element.name) {
      case "auth": {
        begin(stream, own, element.attributes.mechanism ?? "");
        if (element.text !== "") break;
        // RFC 4422 §3: a client-first mechanism without an initial response starts with an empty challenge.
        stream.send(el("challenge", { xmlns: ns.SASL }));
        return undefined;
      }
      case "response":
        break;
      case "abort":
        throw new SaslError("aborted");
      default:
        throw new StreamError("unsupported-stanza-type");
    }
    const { exchange } = own;
    if (!exchange) throw new SaslError("malformed-request", "a response without an exchange");
    const data = decode(element.text);
    await holdBack(stream, own);
    return isOver(stream) ? undefined : await exchange.respond(data);
  }

  function begin(stream: Stream, own: Progress, name: string): void {
    if (own.exchange) throw new SaslError("malformed-request", "an exchange is under way");
    if (!isDue(stream)) throw new SaslError("encryption-required");
    const context = contextOf(stream);
    const mechanism = stream.host.mechanisms.find((candidate) => candidate.name === name);
    // One that exists but is not offered here says itself why it cannot be used.
    if (!mechanism) throw new SaslError("invalid-mechanism");
    own.name = name;
    own.exchange = mechanism.begin(context);
  }

  async function answer(stream: Stream, own: Progress, step: SaslStep): Promise<void> {
    if (step.kind === "challenge") {
      return stream.send(el("challenge", { xmlns: ns.SASL }, encode(step.data)));
    }
    const user = step.user.toString();
    const { throttle } = stream.host;
    await pause(stream, throttle.delay(user, stream.remote) - own.waited);
    if (isOver(stream)) return;
    if (own.name !== "ANONYMOUS") throttle.succeeded(user, stream.remote);
    progress.delete(stream);
    // §6.3.10: no additional data is another thing than empty additional data.
    stream.send(el("success", { xmlns: ns.SASL }, ...(step.data ? [encode(step.data)] : [])));
    stream.log.info("authenticated", { user });
    stream.authenticated(step.user);
  }

  async function fail(stream: Stream, own: Progress, error: SaslError): Promise<void> {
    own.exchange = undefined;
    const { condition } = error;
    if (condition !== "aborted")
      stream.log.info("authentication failed", { condition, reason: error.message, remote: stream.remote });
    if (condition !== "aborted" && !isMisfit(own, error)) {
      own.failures++;
      const { throttle } = stream.host;
      // A server that is too busy to look has learnt nothing about the client.
      if (condition !== "temporary-auth-failure") throttle.failed(error.username, stream.remote);
      await pause(stream, throttle.delay(error.username, stream.remote) - own.waited);
    }
    own.waited = 0;
    if (isOver(stream)) return;
    stream.send(el("failure", { xmlns: ns.SASL }, el(error.condition)));
    // §6.4.5: a number of retries is allowed, then the stream ends.
    if (own.failures >= stream.environment.limits.authenticationAttempts) {
      stream.close("policy-violation", "too many failed attempts");
    }
  }
}

/**
 * Whether the mechanism fails for the first time, and for its channel binding. Such a client has guessed nothing and
 * goes on to the next mechanism of its list, which is no retry (RFC 6120 §6.4.5): some know no binding of ours
 * and have to get past each SCRAM to PLAIN.
 */
function isMisfit({ name, unbound }: Progress, error: SaslError): boolean {
  if (!(error instanceof ChannelBindingError) || unbound.has(name)) return false;
  unbound.add(name);
  return true;
}

function newProgress(): Progress {
  return { exchange: undefined, name: "", failures: 0, waited: 0, unbound: new Set() };
}

/**
 * Who failed too often waits before the work, and not for its answer alone: guesses whose answer nobody stays for would
 * else cost PBKDF2 without end, and take its queue from everybody else.
 */
async function holdBack(stream: Stream, own: Progress): Promise<void> {
  const due = Math.max(0, stream.host.throttle.delay(undefined, stream.remote) - own.waited);
  own.waited += due;
  await pause(stream, due);
}

function isDue(stream: Stream): boolean {
  return stream.user === undefined && (stream.secure || !stream.environment.tlsRequired);
}

function isOver(stream: Stream): boolean {
  return stream.state === "closing" || stream.state === "closed";
}

function contextOf(stream: Stream): SaslContext {
  const { transport, host, environment } = stream;
  const bindings = BINDINGS.filter((type) => transport.channelBinding(type) !== undefined);
  return {
    domain: host.domain,
    secure: stream.secure,
    remote: stream.remote,
    streamFrom: stream.from,
    channelBindings: bindings,
    channelBinding: (type) => transport.channelBinding(type),
    clientCertificate: () => transport.clientCertificate(),
    accounts: host.accounts,
    random: environment.random,
  };
}

/** @throws SaslError */
function decode(text: string): Buffer {
  if (text === "=") return Buffer.alloc(0);
  if (!BASE64.test(text)) throw new SaslError("incorrect-encoding");
  return Buffer.from(text, "base64");
}

function encode(data: Buffer): string {
  return data.length === 0 ? "=" : data.toString("base64");
}

/** Waits in the server's own time, which tests turn by hand. */
async function pause(stream: Stream, ms: number): Promise<void> {
  if (ms > 0) await new Promise<void>((resolve) => void stream.environment.clock.after(ms, resolve));
}
