import { useState } from "preact/hooks";
import { time } from "../../ui/format.ts";
import { messageOf } from "../../ui/hooks.ts";
import { PlainText } from "../../ui/plain-text.tsx";
import { Button, Notice } from "../../ui/ui.tsx";
import { command } from "../api.ts";
import { More, useDomain } from "../list-view.tsx";
import { useListing } from "../listing.ts";
import type { ViewProps } from "./view-props.ts";

interface Report {
  readonly id: number;
  readonly at: string;
  readonly reporter: string;
  readonly jid: string;
  readonly reason: string;
  readonly text: string;
  readonly messages: readonly string[];
}

export function Reports({ visit }: ViewProps) {
  const [domain, domainChoice] = useDomain(visit);
  const [failure, setFailure] = useState<string>();
  const list = useListing<Report>(
    async (before) => {
      const page = await command<{ reports: Report[]; next?: number }>("report-list", { domain, before });
      return { rows: page.reports, next: page.next };
    },
    [domain],
  );
  const { rows, error, reload } = list;

  function close(id: number) {
    command("report-close", { domain, id }).then(reload, (reason: unknown) => setFailure(messageOf(reason)));
  }

  return (
    <>
      <h1>Reports</h1>
      <p class="hint">What users told when they blocked somebody as spam or abuse.</p>
      {domainChoice}
      {(failure ?? error) !== undefined && <Notice kind="error">{failure ?? error}</Notice>}
      {rows?.length === 0 && <p class="empty">There are none.</p>}
      <ul class="reports">
        {rows?.map((report) => (
          <li key={report.id}>
            <p>
              <b class="long">
                <PlainText text={report.jid} />
              </b>{" "}
              for{" "}
              <b class="long">
                <PlainText text={report.reason.slice(report.reason.lastIndexOf(":") + 1)} />
              </b>
            </p>
            {report.text !== "" && (
              <blockquote>
                <PlainText text={report.text} />
              </blockquote>
            )}
            <p class="hint">
              Reported by <span class="long">{report.reporter}</span> at {time(report.at)}
              {report.messages.length > 0 && `, messages ${report.messages.join(", ")}`}
            </p>
            <div class="buttons">
              {visit.domains.some((each) => report.jid.split("/")[0]?.endsWith(`@${each}`)) && (
                <a
                  class="button plain"
                  href={`#/accounts/${encodeURIComponent(report.jid.split("/")[0] ?? "")}`}
                >
                  Open the account
                </a>
              )}
              <Button onClick={() => close(report.id)} label={`Done with the report of ${report.jid}`}>
                Done
              </Button>
            </div>
          </li>
        ))}
      </ul>
      <More list={list} />
    </>
  );
}
