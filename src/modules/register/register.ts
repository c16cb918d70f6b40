/**
 * XEP-0077 In-Band Registration, version 2.4
 * https://xmpp.org/extensions/xep-0077.html
 *
 * Lets users change their password and remove their account; with `open`, lets anybody make one.
 */
import { defineModule, defineService } from "../../core/module.ts";
import type { IqRequest } from "../../routing/iq-table.ts";
import type { Session } from "../../session/session.ts";
import type { ClientStream } from "../../stream/client-stream.ts";
import type { Awaitable } from "../../util/awaitable.ts";
import { networkOf } from "../../util/ip-network.ts";
import { Lru } from "../../util/lru.ts";
import { t } from "../../util/schema.ts";
import { TokenBucket } from "../../util/token-bucket.ts";
import { childElements, type Element, el, serialize } from "../../xml/element.ts";
import type { XmlElement } from "../../xml/parser.ts";
import { StanzaError, StreamError } from "../../xmpp/errors.ts";
import { Jid, JidError } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { filledIn, question, type Wanted } from "./registration-form.ts";

/** Networks whose registrations are counted. */
const KNOWN_NETWORKS = 10_000;
const HOUR_S = 3600;

/** Whoever wants an account: a stream, or one visit to a web page. */
export interface Applicant {
  /** The address they come from; "" for one in this process, who is not counted. */
  readonly remote: string;
}

/** The right of one applicant to register. */
export interface Admission {
  /** Its attempts are counted by this. */
  readonly by: string;
  /** The only local part that it may have; undefined: any. */
  readonly username: string | undefined;
  /** Makes the account with `create`, and does what goes with it. @throws StanzaError */
  register(user: Jid, create: () => Promise<void>): Promise<void>;
}

/** Whoever lets people register where that is not open to everybody. */
export interface RegistrationGate {
  /** Whether it may let somebody in at the moment: then registration is offered. */
  isOpen(): boolean;
  admission(stream: ClientStream): Admission | undefined;
  /** Whether the name is kept for somebody. */
  isReserved(user: Jid): Awaitable<boolean>;
}

export interface Registration {
  /** Whether anybody may make an account, without being let in. */
  readonly isOpen: boolean;
  /** @throws Error when there is a gate already. */
  setGate(gate: RegistrationGate): void;
  /**
   * Makes an account of this host, with the limits and the checks that everybody's registration has.
   * @returns its address. @throws StanzaError; one applicant makes one account.
   */
  register(applicant: Applicant, wanted: Wanted, admission?: Admission): Promise<Jid>;
}

export const registrationService = defineService<Registration>("registration");

const OFFER = serialize(el("register", { xmlns: ns.REGISTER_FEATURE }));

export const register = defineModule({
  name: "register",
  implements: ["XEP-0077 2.4"],
  omits: {
    "XEP-0077": [
      "The old error codes (§9), which RFC 6120 does not have any more.",
      "Redirection (§5), which is optional.",
    ],
  },
  features: [ns.REGISTER],
  config: t.object({
    open: t.boolean(false).doc("Anybody may make an account."),
    perHour: t
      .integer(10, { min: 1, off: true })
      .doc(
        'Attempts to make an account from one address (IPv6: one /64) in an hour; a name that is taken counts as well. "off": any number.',
      ),
    perHourInAll: t
      .integer(1000, { min: 1, off: true })
      .doc(
        'The same of all addresses together; attempts with an invitation do not count. "off": any number.',
      ),
    passwordChange: t.boolean(true).doc("Users may change their password."),
    removal: t.boolean(true).doc("Users may remove their account with everything in it."),
  }),

  setup(host, config) {
    const buckets = new Lru<string, TokenBucket>(KNOWN_NETWORKS);
    const everybody = new TokenBucket(config.perHourInAll / HOUR_S, config.perHourInAll, host.clock.now());
    const refused = host.metrics.counter("jackdaw_registrations_refused", "registrations over a limit");
    const made = host.metrics.counter("jackdaw_registrations", "accounts that were made by registration");
    const successful = new WeakSet<Applicant>();
    let gate: RegistrationGate | undefined;

    host.provide(registrationService, {
      isOpen: config.open,
      register: makeAccount,
      setGate(only) {
        if (gate) throw new Error("there is a gate already");
        gate = only;
      },
    });

    for (const at of ["address", "host"] as const) {
      host.iq("get", ns.REGISTER, "query", read, at);
      host.iq("set", ns.REGISTER, "query", withoutEcho(change), at);
    }

    // §8. When it is not open nothing is offered, and whoever asks all the same gets an answer (§3.1).
    host.streamFeature({
      ns: ns.REGISTER,
      offer: (stream) => (isOffered() && stream.user === undefined && mayTalk(stream) ? OFFER : undefined),
      receive: answer,
    });

    function isOffered(): boolean {
      return config.open || (gate?.isOpen() ?? false);
    }

    function read(request: IqRequest): Element {
      const { jid } = own(request, "service-unavailable");
      const instructions = "You have an account. Enter a new password to change it.";
      return question({ instructions, username: jid.local, registered: true });
    }

    /** §3.2 removal, §3.3 change of password. */
    async function change(request: IqRequest): Promise<"answered" | undefined> {
      const session = own(request, "registration-required");
      const user = session.jid.bare;
      if (request.payload.getChild("remove")) return remove(session, request);
      if (!config.passwordChange) throw new StanzaError("not-allowed");
      const filled = filledIn(request.payload);
      if (!filled) throw new StanzaError("bad-request", "a user name and a password are needed");
      if (!user.equals(addressOf(filled.username))) throw new StanzaError("forbidden");
      await host.accounts.setPassword(user, filled.password);
      host.log.info("password changed", { user: user.toString() });
      return undefined;
    }

    async function remove(session: Session, { stanza, payload }: IqRequest): Promise<"answered"> {
      if (childElements(payload).length > 1) throw new StanzaError("bad-request");
      if (!config.removal) throw new StanzaError("not-allowed");
      // The sessions end with the account, so the answer goes first; both leave when the removal is committed.
      session.send(stanza.result());
      await host.removeUser(session.jid.bare);
      host.log.info("account removed by its user", { user: session.jid.bare.toString() });
      return "answered";
    }

    /** The sender's session, if it is of an account of this host. */
    function own({ session, to }: IqRequest, otherwise: "service-unavailable" | "registration-required") {
      const isOwn = to.equals(host.jid) ? session?.jid.domain === host.domain : session?.jid.bare.equals(to);
      if (!session || !isOwn || session.anonymous) throw new StanzaError(otherwise);
      return session;
    }

    /** §3.1.1: a stream that is not authenticated asks for the fields, then sends them. */
    async function answer(stream: ClientStream, element: XmlElement): Promise<void> {
      if (element.ns !== ns.CLIENT) throw new StreamError("unsupported-stanza-type");
      // RFC 6120 §7.1: an authenticated client has to bind a resource first.
      if (stream.user !== undefined) throw new StreamError("not-authorized");
      try {
        stream.reply(element, await respond(stream, element));
      } catch (error) {
        if (!(error instanceof StanzaError)) throw error;
        stream.reply(element, error);
      }
    }

    async function respond(stream: ClientStream, { attributes, children }: XmlElement) {
      const admission = gate?.admission(stream);
      if (!isOffered() && !admission) throw new StanzaError("service-unavailable");
      if (!mayTalk(stream)) throw new StanzaError("not-authorized", "the connection is not encrypted");
      if (!config.open && !admission) throw new StanzaError("not-allowed", "an invitation is needed");
      const [query, ...others] = children;
      if (!query || others.length > 0) throw new StanzaError("bad-request");
      if (attributes.type === "get") return asked(admission?.username);
      if (attributes.type !== "set") throw new StanzaError("bad-request");
      const filled = filledIn(query);
      if (!filled) throw new StanzaError("not-acceptable", "a user name and a password are needed");
      await makeAccount(stream, filled, admission);
      return undefined;
    }

    async function makeAccount(applicant: Applicant, wanted: Wanted, admission?: Admission): Promise<Jid> {
      if (!config.open && !admission) throw new StanzaError("not-allowed", "an invitation is needed");
      const user = addressOf(wanted.username);
      // Before it is said whether the name is taken: else names could be tried without end.
      const giveBack = takeTurn(applicant, admission);
      if (!admission) takeTurnOfAll();
      await checkName(user, admission);
      const make = () => host.accounts.create(user, wanted.password);
      await (admission ? admission.register(user, make) : make());
      successful.add(applicant);
      made.inc();
      if (admission) giveBack();
      host.log.info("account made by registration", {
        user: user.toString(),
        remote: applicant.remote,
        ...(admission && { invitation: admission.by }),
      });
      return user;
    }

    /** @throws StanzaError when the name is somebody else's, though there is no account yet. */
    async function checkName(user: Jid, admission: Admission | undefined): Promise<void> {
      if (admission?.username !== undefined) {
        if (user.local === admission.username) return;
        throw new StanzaError("not-acceptable", "the invitation is for another user name");
      }
      // Whoever has the address of an administrator is one.
      if (host.isAdmin(user) || (await gate?.isReserved(user))) throw new StanzaError("conflict");
    }

    /**
     * Returns what takes the attempt back.
     * @throws StanzaError after an account was made, and when the address, or whoever has the invitation, tried too often of late.
     */
    function takeTurn(applicant: Applicant, admission: Admission | undefined): () => void {
      if (!Number.isFinite(config.perHour)) return () => {};
      if (successful.has(applicant))
        throw new StanzaError("not-acceptable", "one account for each connection");
      if (applicant.remote === "" && !admission) return () => {};
      const now = host.clock.now();
      const source = admission?.by ?? networkOf(applicant.remote);
      const bucket = buckets.get(source) ?? new TokenBucket(config.perHour / HOUR_S, config.perHour, now);
      buckets.set(source, bucket);
      if (!bucket.tryTake(1, now)) throw tooMany();
      return () => void bucket.take(-1, host.clock.now());
    }

    /** @throws StanzaError when too many came of late, from however many addresses. */
    function takeTurnOfAll(): void {
      if (!Number.isFinite(config.perHourInAll)) return;
      if (!everybody.tryTake(1, host.clock.now())) throw tooMany();
    }

    function tooMany(): StanzaError {
      refused.inc();
      return new StanzaError("resource-constraint", "too many registrations, try again later");
    }

    function addressOf(username: string): Jid {
      try {
        return Jid.of(username, host.domain);
      } catch (error) {
        if (error instanceof JidError) throw new StanzaError("jid-malformed", "not a valid user name");
        throw error;
      }
    }
  },
});

/** §3.3: what is refused is not sent back, for it may hold a password. */
function withoutEcho<T>(handler: (request: IqRequest) => Promise<T>) {
  return async (request: IqRequest): Promise<T> => {
    try {
      return await handler(request);
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      throw new StanzaError(error.condition, error.message, { type: error.type, echo: false });
    }
  };
}

/** RFC 6120 §5.3.1: nothing goes before TLS where that is required. */
function mayTalk(stream: ClientStream): boolean {
  return stream.secure || !stream.environment.tlsRequired;
}

function asked(username: string | undefined): Element {
  const instructions = username === undefined ? "Choose a user name and a password." : "Choose a password.";
  return question({ instructions, username, registered: false });
}
