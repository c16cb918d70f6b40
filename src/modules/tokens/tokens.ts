/**
 * RFC 6750 The OAuth 2.0 Authorization Framework: Bearer Token Usage
 *
 * Keeps the tokens that programs show over HTTP in place of a password, each good for what it was made for.
 */
import { defineModule, defineService } from "../../core/module.ts";
import { t } from "../../util/schema.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { type TokenInfo, TokenStore, type TokenWish } from "./token-store.ts";

export interface Tokens {
  /** @throws StanzaError `resource-constraint` when there are too many. */
  create(wish: TokenWish): Promise<TokenInfo & { readonly token: string }>;
  list(): Promise<readonly TokenInfo[]>;
  /** Whether there was one. */
  revoke(id: string): Promise<boolean>;
  /** Whose token that is, if it is good. */
  check(token: string): Promise<TokenInfo | undefined>;
}

/** One for all domains of a server: each provides it. */
export const tokensService = defineService<Tokens>("tokens");

export const tokens = defineModule({
  name: "tokens",
  implements: ["RFC 6750 §2.1"],
  config: t.object({
    most: t.integer(200, { min: 1 }).doc("Tokens of the whole server at the same time."),
  }),

  async setup(host, { most }) {
    const store = await TokenStore.open(host);
    host.provide(tokensService, {
      async create(wish) {
        if ((await store.count()) >= most) {
          throw new StanzaError("resource-constraint", "there are too many tokens; revoke some first");
        }
        return store.create(wish);
      },
      list: () => store.list(),
      revoke: (id) => store.revoke(id),
      check: (token) => store.check(token),
    });
  },
});
