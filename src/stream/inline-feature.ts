import type { TokenSource } from "../auth/hashed-token.ts";
import type { SaslCondition } from "../auth/mechanism.ts";
import type { Session } from "../session/session.ts";
import type { Awaitable } from "../util/awaitable.ts";
import type { Element } from "../xml/element.ts";
import type { Jid } from "../xmpp/jid.ts";
import type { ClientStream } from "./client-stream.ts";

/** What a client asks for with `<authenticate/>` (XEP-0388 §2.3). One object for one attempt. */
export interface LoginRequest {
  readonly stream: ClientStream;
  /** The mechanism's name. */
  readonly mechanism: string;
  /** UUID v4 of the client's installation, in lower case. Never shown to anybody else. */
  readonly clientId: string | undefined;
  /** The mechanisms that take tokens on this stream. */
  readonly tokenMechanisms: readonly string[];
  readonly children: readonly Element[];
}

/** A request whose user has proved who they are. */
export interface Login {
  readonly request: LoginRequest;
  /** Their bare JID. */
  readonly user: Jid;
}

/**
 * The part of a stream feature that is negotiated along with authentication (XEP-0388). `own` are those children of
 * `<authenticate/>` that are in the feature's namespace; without any only `offer` and `announce` are called.
 */
export interface InlineFeature {
  /** Children of `<inline/>`. */
  offer?(stream: ClientStream): readonly Element[] | undefined;
  /** Children of `<authentication/>` beside the mechanisms. */
  announce?(stream: ClientStream): readonly Element[];
  /** The tokens that the client may be logging in with; or why it may not do so. */
  tokens?(request: LoginRequest, own: readonly Element[]): TokenSource | SaslCondition | undefined;
  /** What the client has to do before it is let in, in this order. */
  tasks?(login: Login, own: readonly Element[]): Awaitable<readonly LoginTask[]>;
  /**
   * Called once the client is let in, in the order of the features; `stream.user` is set.
   * @returns children of `<success/>`.
   */
  negotiate?(login: Login, own: readonly Element[]): Awaitable<readonly Element[]>;
}

/** XEP-0388 §2.6.3: what goes on between `<continue/>` and the next one, or `<success/>`. */
export interface LoginTask {
  readonly name: string;
  /**
   * Takes the content of `<next/>`, then of each `<task-data/>`.
   * @returns the content of the `<task-data/>` to answer with; undefined when the task is done; or why it failed.
   */
  respond(content: readonly Element[]): Awaitable<Element | SaslCondition | undefined>;
}

/** The part of a stream feature that is negotiated along with resource binding (XEP-0386). */
export interface BindingFeature {
  /** What it is listed as among the features that a client can ask for; undefined: it is not. */
  readonly feature?: string;
  /**
   * Called for every resource bound in this way. `own` are the children of `<bind/>` in the feature's namespace.
   * @returns children of `<bound/>`.
   */
  bound(session: Session, own: readonly Element[]): Awaitable<readonly Element[]>;
}

/** The elements of that namespace. */
export function inNamespace(elements: readonly Element[], ns: string): readonly Element[] {
  return elements.filter((element) => element.getNS() === ns);
}
