/**
 * RFC 6750 The OAuth 2.0 Authorization Framework: Bearer Token Usage
 *
 * Keeps the tokens that programs show over HTTP in place of a password, each good for what it was made for.
 */
import { defineModule, defineService } from "../../core/module.ts";
import { t } from "../../util/schema.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { type Admission, Gate } from "./gate.ts";
import { type TokenInfo, TokenStore, type TokenWish } from "./token-store.ts";

export interface Tokens {
  /** @throws StanzaError `resource-constraint` when there are too many. */
  create(wish: TokenWish): Promise<TokenInfo & { readonly token: string }>;
  list(): Promise<readonly TokenInfo[]>;
  /** Whether there was one. */
  revoke(id: string): Promise<boolean>;
  /**
   * Lets in who shows a good token, not too often.
   * @param authorization the request's header of that name. @param remote the peer's address.
   */
  admit(authorization: string | undefined, remote: string): Promise<Admission>;
}

/** One for all domains of a server: each provides it. */
export const tokensService = defineService<Tokens>("tokens");

export const tokens = defineModule({
  name: "tokens",
  implements: ["RFC 6750 §2.1"],
  config: t.object({
    most: t.integer(200, { min: 1 }).doc("Tokens of the whole server at the same time."),
    perMinute: t.integer(600, { min: 1 }).doc("Requests with one token."),
    wrongPerMinute: t.integer(20, { min: 1 }).doc("Requests from one network with a token that is none."),
  }),

  async setup(host, { most, ...limits }) {
    const store = await TokenStore.open(host);
    const gate = new Gate(host.clock, limits, (token) => store.check(token));
    host.provide(tokensService, {
      async create(wish) {
        if ((await store.count()) >= most) {
          throw new StanzaError("resource-constraint", "there are too many tokens; revoke some first");
        }
        return store.create(wish);
      },
      list: () => store.list(),
      revoke: (id) => store.revoke(id),
      admit: (authorization, remote) => gate.admit(authorization, remote),
    });
  },
});
