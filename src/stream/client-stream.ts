import type { ScramHash } from "../auth/scram-keys.ts";
import type { Transport } from "../net/transport.ts";
import type { Session } from "../session/session.ts";
import { type Awaitable, after } from "../util/awaitable.ts";
import { isSpace } from "../xml/bytes.ts";
import type { Element } from "../xml/element.ts";
import type { StreamTag, XmlElement } from "../xml/parser.ts";
import { StanzaError, StreamError } from "../xmpp/errors.ts";
import type { Jid } from "../xmpp/jid.ts";
import { ns } from "../xmpp/ns.ts";
import { iq, isKind } from "../xmpp/stanza.ts";
import { Authentication } from "./authentication.ts";
import { nativeFraming } from "./native-framing.ts";
import { checkHeader, readAddress } from "./stream-header.ts";
import type { ClientEnvironment, SessionStream, StreamHost } from "./stream-host.ts";
import { XmlStream } from "./xml-stream.ts";

/** A client's XML stream: negotiation (RFC 6120 §4.3). Who it speaks for is the session's matter. */
export class ClientStream extends XmlStream<ClientEnvironment> implements SessionStream {
  /** The account that authenticated, as a bare JID. */
  user: Jid | undefined;
  /** The SASL mechanism that it did so with. */
  mechanism: string | undefined;
  authenticatedAsOf = 0;
  session: Session | undefined;
  /** The address of a user that the client claims in its header (RFC 6120 §4.7.1). */
  from: Jid | undefined;
  /** The hashes that the account of `from` has SCRAM keys for; undefined where there is no `from`. */
  hashes: readonly ScramHash[] | undefined;
  /** The hashes whose mechanisms are shown: those of the account, else those that all accounts of the domain have keys for. */
  shownHashes: readonly ScramHash[] | undefined;
  /** While set, an element of any other namespace, and white space that comes on its own, end the stream (XEP-0388 §2.4). */
  expects: string | undefined;
  #host: StreamHost | undefined;
  /** `from` of the header, whatever it names. */
  #peer: Jid | undefined;
  #authentication: Authentication | undefined;
  /** Output that waits, while something has to be said first. */
  #waiting: { readonly output: string[]; readonly released: PromiseWithResolvers<boolean> } | undefined;
  /** Whether features may still hold something of it. */
  #negotiates = true;
  /** The session that is left, until the connection is gone as well. */
  #left: Session | undefined;
  readonly #onClosed: (stream: ClientStream) => void;

  constructor(
    transport: Transport,
    environment: ClientEnvironment,
    onClosed: (stream: ClientStream) => void,
  ) {
    super(transport, environment, transport.framing ?? nativeFraming);
    this.#onClosed = onClosed;
    this.begin();
  }

  /** Known once the client's header was accepted. */
  get host(): StreamHost {
    if (!this.#host) throw new Error("stream has no host yet");
    return this.#host;
  }

  get owner(): Jid | undefined {
    return this.session?.jid ?? this.user ?? this.from;
  }

  /** What its attempts to authenticate have come to; gone once one succeeded. */
  get authentication(): Authentication {
    this.#authentication ??= new Authentication(this);
    return this.#authentication;
  }

  override write(text: string): void {
    if (this.#waiting && this.isOpen) this.#waiting.output.push(text);
    else super.write(text);
  }

  /** RFC 6120 §5.4.3.3 */
  startTls(): void {
    this.encrypt(this.host.domain);
  }

  /** The client is who it says. The stream is then started anew (RFC 6120 §6.4.6) or goes on (XEP-0388 §2.6.1). */
  authenticated(user: Jid): void {
    this.user = user;
    this.#authentication = undefined;
    this.trust();
    this.become("authenticated");
  }

  /** From now on output waits for `release`: nothing goes before what will be said there. */
  withhold(): void {
    this.#waiting ??= { output: [], released: Promise.withResolvers() };
  }

  /** Says what `withhold` was for, then what waited. */
  release(...first: readonly string[]): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const text of [...first, ...(waiting?.output ?? [])]) this.write(text);
    waiting?.released.resolve(true);
  }

  /** What is withheld is not even written. */
  override async flushed(): Promise<boolean> {
    const isWritten = !this.#waiting || (await this.#waiting.released.promise);
    return isWritten && super.flushed();
  }

  /** RFC 6120 §7: from now on stanzas go to the session. */
  bound(session: Session): void {
    this.session = session;
    this.#negotiates = false;
    this.become("bound");
  }

  override drained(): void {
    this.session?.flushed(this);
  }

  override arriving(first: number): void {
    if (this.expects !== undefined && this.pending === 0 && isSpace(first)) {
      throw new StreamError("policy-violation", "white space while an authentication is under way");
    }
  }

  override opened(tag: StreamTag): Awaitable<void> {
    const { environment } = this;
    checkHeader(tag);
    const to = readAddress(tag.attributes.to, "improper-addressing");
    const host = environment.hostFor(to?.toString() ?? environment.defaultDomain);
    if (!host) throw new StreamError("host-unknown");
    if (this.user && host.domain !== this.user.domain) throw new StreamError("not-authorized");
    this.#host = host;
    this.#peer = readAddress(tag.attributes.from, "invalid-from");
    // §4.7.1: user@domain. COMPAT(XML::Stream, 2026): the name of the client's machine, which is nobody's address.
    this.from = this.#peer?.local ? this.#peer : undefined;
    if (this.from && this.user && !this.from.bare.equals(this.user)) throw new StreamError("invalid-from");
    // §4.9.3.9, XEP-0388 §2.1: no client of this domain can be from another.
    if (this.from && this.from.domain !== host.domain) throw new StreamError("invalid-from");
    return after(this.#readAccount(host), () => this.#answerHeader());
  }

  /** XEP-0388 §2.1: an account is only offered what it can use; one that is not there looks like any other. */
  #readAccount(host: StreamHost): Awaitable<void> {
    if (this.user) return undefined;
    if (!this.from || !this.secure) {
      if (this.environment.offersAll) return undefined;
      return after(host.accounts.commonHashes(host.domain), (hashes) => {
        this.shownHashes = hashes;
      });
    }
    return after(host.accounts.hashesOf(this.from), (hashes) => {
      this.hashes = hashes;
      this.shownHashes = hashes;
    });
  }

  #answerHeader(): void {
    if (this.state !== "opening") return;
    this.sendHeader();
    this.become(this.user ? "authenticated" : "negotiating");
    this.write(this.offers());
  }

  /** §4.7.2: `to` is what the client calls itself. */
  override header() {
    return { from: this.#host?.domain ?? this.environment.defaultDomain, to: this.#peer?.toString() };
  }

  /** `<stream:features/>`: what can be negotiated now (RFC 6120 §4.3.2). */
  offers(): string {
    let list = "";
    for (const feature of this.host.features) {
      const offered = feature.offer(this);
      if (offered === undefined) continue;
      list += offered;
      if (feature.exclusive?.(this)) break;
    }
    return list === "" ? "<stream:features/>" : `<stream:features>${list}</stream:features>`;
  }

  override received(element: XmlElement): Awaitable<void> {
    if (this.expects !== undefined && element.ns !== this.expects) {
      throw new StreamError("policy-violation", "an authentication is under way");
    }
    if (element.ns === ns.CLIENT) {
      if (!isKind(element.name)) throw new StreamError("unsupported-stanza-type");
      return this.session ? this.session.receive(element) : this.#earlyStanza(element);
    }
    const feature = this.host.features.find((candidate) => candidate.ns === element.ns);
    if (!feature?.receive) throw new StreamError("unsupported-stanza-type");
    return feature.receive(this, element);
  }

  /** RFC 6120 §4.3.5, §7.1: before a resource is bound only the IQs that negotiate are allowed. */
  #earlyStanza(element: XmlElement): Awaitable<void> {
    const namespace = element.heads[0]?.ns;
    const feature =
      element.name === "iq" ? this.host.features.find((candidate) => candidate.ns === namespace) : undefined;
    if (!feature?.receive) throw new StreamError("not-authorized");
    this.#checkEarlyAddresses(element.attributes);
    return feature.receive(this, element);
  }

  /** §7.1: to nobody but the server and the client's own account; §8.1.2.1: and from nobody else. */
  #checkEarlyAddresses(attributes: XmlElement["attributes"]): void {
    const to = readAddress(attributes.to, "not-authorized");
    const isOwn = !to || to.toString() === this.host.domain || (this.user?.equals(to) ?? false);
    if (!isOwn) throw new StreamError("not-authorized");
    const from = readAddress(attributes.from, "invalid-from");
    if (from && this.user && !from.bare.equals(this.user)) throw new StreamError("invalid-from");
  }

  /** Answers an IQ that came before a session was bound; what was withheld for that goes behind it. */
  reply(request: XmlElement, answer: Element | StanzaError | undefined): void {
    const asked = iq({ id: request.attributes.id });
    this.release((answer instanceof StanzaError ? asked.error(answer) : asked.result(answer)).toString());
  }

  override left(reason: string, wasEnded: boolean): void {
    this.#waiting?.released.resolve(false);
    this.#waiting = undefined;
    if (this.#negotiates) for (const feature of this.#host?.features ?? []) feature.forget?.(this);
    this.#negotiates = false;
    const { session } = this;
    this.session = undefined;
    this.#left ??= session;
    session?.detach(this, reason, wasEnded);
  }

  override gone(): void {
    this.#left?.disconnected(this);
    this.#left = undefined;
    this.#onClosed(this);
  }
}
