import type { TokenInfo } from "../modules/tokens/token-store.ts";
import { tokens, tokensService } from "../modules/tokens/tokens.ts";
import { t } from "../util/schema.ts";
import { AdminError, command, explained, hostAt, serviceOf } from "./command.ts";
import type { AdminContext } from "./context.ts";
import { SCOPE_NAMES, SCOPES } from "./scopes.ts";

const MAX_NAME_LENGTH = 64;
const DAY_MS = 86_400_000;

const scopesInWords = SCOPE_NAMES.map((name) => `\`${name}\`: ${SCOPES[name]}`).join("; ");

export const createToken = command({
  name: "token-create",
  description: "Makes a token with which a program may use the HTTP interface; it is shown this once.",
  area: "admin",
  changes: true,
  isSecret: true,
  args: t.object({
    name: t.string().doc("What it is for."),
    scopes: t.list(t.oneOf(SCOPE_NAMES)).doc(`What it lets do. ${scopesInWords}.`),
    days: t
      .optional(t.integer(undefined, { min: 1, max: 36_500 }))
      .doc("How long it holds; absent: for ever."),
  }),
  async run(context, { name, scopes, days }) {
    if (name === "" || name.length > MAX_NAME_LENGTH) {
      throw new AdminError(`a token needs a name of at most ${MAX_NAME_LENGTH} characters`);
    }
    if (scopes.length === 0) throw new AdminError("a token needs at least one scope");
    const wish = {
      name,
      scopes: [...new Set(scopes)],
      by: context.by.name,
      lifetime: days === undefined ? undefined : days * DAY_MS,
    };
    const { token, ...made } = await explained(() => tokensOf(context).create(wish));
    return { ...shown(made), token };
  },
});

export const listTokens = command({
  name: "token-list",
  description: "Lists the tokens of programs, without their secrets.",
  area: "admin",
  changes: false,
  args: t.object({}),
  run: async (context) => ({ tokens: (await tokensOf(context).list()).map(shown) }),
});

export const revokeToken = command({
  name: "token-revoke",
  description: "Takes a token back; it is good no longer from then on.",
  area: "admin",
  changes: true,
  args: t.object({ id: t.string().doc("The token's id.") }),
  async run(context, { id }) {
    if (!(await tokensOf(context).revoke(id))) {
      throw new AdminError(`there is no token ${id}`, "item-not-found");
    }
    return { id };
  },
});

function tokensOf(context: AdminContext) {
  return serviceOf(hostAt(context), tokens, tokensService);
}

function shown({ id, name, scopes, by, created, expires, used }: TokenInfo) {
  return {
    id,
    name,
    scopes,
    by,
    created: new Date(created).toISOString(),
    ...(expires !== undefined && { expires: new Date(expires).toISOString() }),
    ...(used !== undefined && { used: new Date(used).toISOString() }),
  };
}
