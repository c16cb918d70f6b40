/** An account of a test server, and what clients need to log in to it. */
export interface TestUser {
  /** The part before the `@`. */
  readonly name: string;
  readonly domain: string;
  /** The bare JID. */
  readonly jid: string;
  readonly password: string;
  /**
   * For `client()` of @xmpp/client as it is. `createClient()` of stanza takes `jid`, `password` and `transports` of it; the
   * `Connection` of strophe.js is made with `server.service("ws")` and connects with `jid` and `password`.
   */
  readonly connectOptions: ConnectOptions;
}

export interface ConnectOptions {
  readonly service: string;
  readonly domain: string;
  readonly username: string;
  readonly jid: string;
  readonly password: string;
}
