import { blocking } from "../modules/blocking/blocking.ts";
import { reportsService } from "../modules/blocking/report-store.ts";
import { t } from "../util/schema.ts";
import { AdminError, command, domainArgument, hostAt, serviceOf } from "./command.ts";

/** Reports in one answer. */
const PAGE = 200;

export const listReports = command({
  name: "report-list",
  description:
    "Lists what users of a domain reported as spam or abuse, the latest first; `next` goes into `before`.",
  area: "accounts",
  changes: false,
  args: t.object({
    domain: domainArgument(),
    before: t.optional(t.integer()).doc("The report before which the page begins."),
    limit: t.integer(PAGE, { min: 1, max: PAGE }).doc("Reports in a page."),
  }),
  async run(context, { domain, before, limit }) {
    const reports = await serviceOf(hostAt(context, domain), blocking, reportsService).list(limit, before);
    const next = reports.length < limit ? undefined : reports.at(-1)?.id;
    return {
      reports: reports.map(({ id, at, reporter, jid, reason, text, messages }) => ({
        id,
        at: new Date(at).toISOString(),
        reporter,
        jid,
        reason,
        text,
        messages,
      })),
      ...(next !== undefined && { next }),
    };
  },
});

export const closeReport = command({
  name: "report-close",
  description: "Takes a report off the list, because it was dealt with.",
  area: "accounts",
  changes: true,
  args: t.object({ domain: domainArgument(), id: t.integer().doc("The report's id.") }),
  async run(context, { domain, id }) {
    if (!(await serviceOf(hostAt(context, domain), blocking, reportsService).remove(id))) {
      throw new AdminError(`there is no report ${id}`, "item-not-found");
    }
    return { id };
  },
});
