import { audit, auditService } from "../modules/audit/audit.ts";
import { t } from "../util/schema.ts";
import { command, hostAt, serviceOf } from "./command.ts";

/** Entries in one answer. */
const PAGE = 500;

export const listAudit = command({
  name: "audit-list",
  description:
    "Tells what administrators changed, the latest first; `next` goes into `before` for what is older.",
  area: "admin",
  changes: false,
  args: t.object({
    before: t.optional(t.integer()).doc("The entry before which the page begins."),
    limit: t.integer(100, { min: 1, max: PAGE }).doc("Entries in a page."),
  }),
  async run(context, { before, limit }) {
    const entries = await serviceOf(hostAt(context), audit, auditService).list(limit, before);
    const next = entries.length < limit ? undefined : entries.at(-1)?.id;
    return {
      entries: entries.map(({ id, at, by, action, details }) => ({
        id,
        at: new Date(at).toISOString(),
        by,
        action,
        details,
      })),
      ...(next !== undefined && { next }),
    };
  },
});
