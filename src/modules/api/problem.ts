import { STATUS_CODES } from "node:http";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { AdminError } from "../../admin/command.ts";
import type { StanzaCondition } from "../../xmpp/errors.ts";

/** The nearest statuses (RFC 9110 §15) of what commands are refused with; any other is 422. */
const STATUSES: Partial<Readonly<Record<StanzaCondition, ContentfulStatusCode>>> = {
  "bad-request": 400,
  "jid-malformed": 400,
  forbidden: 403,
  "not-allowed": 403,
  "item-not-found": 404,
  conflict: 409,
  "feature-not-implemented": 501,
  "resource-constraint": 503,
};

/** Why a request was not done, in the words of RFC 9457. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: ContentfulStatusCode;
  readonly headers: Readonly<Record<string, string>>;
  readonly #condition: StanzaCondition | undefined;

  constructor(
    status: ContentfulStatusCode,
    detail: string,
    headers: Readonly<Record<string, string>> = {},
    condition?: StanzaCondition,
  ) {
    super(detail);
    this.status = status;
    this.headers = headers;
    this.#condition = condition;
  }

  /** §3.1; `condition` is the nearest one of XMPP, where there is one. */
  get body(): object {
    return {
      type: "about:blank",
      title: STATUS_CODES[this.status],
      status: this.status,
      detail: this.message,
      ...(this.#condition && { condition: this.#condition }),
    };
  }
}

/** What is wrong with a request; undefined for what is wrong with the server. */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error;
  if (!(error instanceof AdminError)) return undefined;
  return new Problem(STATUSES[error.condition] ?? 422, error.message, {}, error.condition);
}
