/**
 * XEP-0484 Fast Authentication Streamlining Tokens, version 0.2.0
 * https://xmpp.org/extensions/xep-0484.html
 *
 * A client that has logged in with its password gets a token, with which it logs in afterwards in one round trip. A
 * token is good for one client and one mechanism, for a time, and until the password changes.
 */
import type { TokenSource } from "../../auth/hashed-token.ts";
import type { SaslCondition } from "../../auth/mechanism.ts";
import { defineModule } from "../../core/module.ts";
import type { ClientStream } from "../../stream/client-stream.ts";
import type { Login, LoginRequest } from "../../stream/inline-feature.ts";
import { t } from "../../util/schema.ts";
import { type Element, el } from "../../xml/element.ts";
import { formatDateTime } from "../../xmpp/datetime.ts";
import { ns } from "../../xmpp/ns.ts";
import { Tokens } from "./tokens.ts";

const PURGE_INTERVAL_MS = 3_600_000;

/** xs:int (§10). */
const MAX_COUNT = 2 ** 31 - 1;

export const fast = defineModule({
  name: "fast",
  implements: ["XEP-0484 0.2.0"],
  omits: { "XEP-0484": ["TLS 1.3 early data (§3.4), which is optional."] },
  config: t.object({
    lifetime: t.duration("21d", { min: 60_000 }).doc("How long a token can be used to log in."),
    rotation: t
      .duration("1d", { min: 60_000 })
      .doc("A client that logs in with a token older than this, or than half its lifetime, gets a new one."),
    clients: t
      .integer(50, { min: 1 })
      .doc(
        "Clients of one account that have tokens; with more of them the one that was away longest loses its own.",
      ),
  }),

  async setup(host, config) {
    const tokens = await Tokens.open(host, config.clients);
    /** When the token that a client logged in with was issued. */
    const used = new WeakMap<LoginRequest, number>();

    host.streamFeature({
      ns: ns.FAST,
      offer: () => undefined,
      inline: { offer, tokens: tokensOf, negotiate },
    });

    host.hook("user:deleted", "observe", ({ user }) => tokens.forget(user));
    // Who changes a password because somebody else knows it wants everybody out.
    host.accounts.onPasswordSet((user) => (user.domain === host.domain ? tokens.revokeAll(user) : undefined));
    host.every(PURGE_INTERVAL_MS, () => tokens.purge(config.lifetime));

    /** §3.1 */
    function offer(stream: ClientStream): readonly Element[] {
      const names = stream.authentication.tokenMechanisms.map((name) => el("mechanism", {}, name));
      return names.length > 0 ? [el("fast", { xmlns: ns.FAST }, ...names)] : [];
    }

    /** §3.4: which tokens a client may be using, if it says that it uses one. */
    function tokensOf(
      request: LoginRequest,
      own: readonly Element[],
    ): TokenSource | SaslCondition | undefined {
      const { clientId, mechanism } = request;
      const announced = own.find((element) => element.name === "fast");
      if (!announced) return undefined;
      const count = readCount(announced.attrs["count"] as string | undefined);
      // §4.1: the client must say which one it is.
      if (clientId === undefined || Number.isNaN(count)) return "malformed-request";
      const accepted = (issued: number): void => void used.set(request, issued);
      return (user) => tokens.candidates({ user, id: clientId }, mechanism, { count, accepted });
    }

    async function negotiate({ request, user }: Login, own: readonly Element[]): Promise<readonly Element[]> {
      const { clientId } = request;
      if (clientId === undefined || !(await host.accounts.exists(user))) return [];
      const client = { user, id: clientId };
      const issued = used.get(request);
      const isOver =
        issued !== undefined && own.some(({ name, attrs }) => name === "fast" && isTrue(attrs["invalidate"]));
      // §3.6
      if (isOver) await tokens.revoke(client);
      const wished = own.find(({ name }) => name === "request-token")?.attrs["mechanism"] as unknown;
      const isRotated = issued !== undefined && !isOver && isDue(issued);
      // §3.2: a mechanism that was not offered is none.
      const name = request.tokenMechanisms.find(
        (usable) => usable === (wished ?? (isRotated ? request.mechanism : undefined)),
      );
      if (name === undefined) return [];
      const { token, expires } = await tokens.issue(client, name, config.lifetime);
      return [el("token", { xmlns: ns.FAST, token, expiry: formatDateTime(expires) })];
    }

    function isDue(issued: number): boolean {
      return host.clock.now() - issued >= Math.min(config.rotation, config.lifetime / 2);
    }
  },
});

/** undefined: none is told; NaN: what is told is none. */
function readCount(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const count = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return count <= MAX_COUNT ? count : Number.NaN;
}

/** xs:boolean has two spellings of each value. */
function isTrue(text: unknown): boolean {
  return text === "true" || text === "1";
}
