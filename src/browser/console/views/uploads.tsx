import { size, time } from "../../ui/format.ts";
import { useLoaded } from "../../ui/hooks.ts";
import { PlainText } from "../../ui/plain-text.tsx";
import { Facts } from "../../ui/table.tsx";
import { command } from "../api.ts";
import { DangerButton, List, useDomain, useQuestion, useSearch } from "../list-view.tsx";
import { useListing } from "../listing.ts";
import type { ViewProps } from "./view-props.ts";

interface File {
  readonly id: string;
  readonly owner: string;
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly stored: string;
  readonly expires?: string;
}

const MOST = 200;

export interface Usage {
  readonly files: number;
  readonly bytes: number;
  /** Of bytes. */
  readonly limit?: number;
}

export function Uploads({ visit }: ViewProps) {
  const [domain, domainChoice] = useDomain(visit);
  const [user, userField] = useSearch("Account", "only files of this address");
  const isOfOne = user.includes("@");
  const whose = isOfOne ? { user } : { domain };
  const usage = useLoaded(() => command<Usage>("upload-usage", whose), [domain, user]);
  const list = useListing(async () => {
    const { uploads } = await command<{ uploads: File[] }>("upload-list", { ...whose, limit: MOST });
    return { rows: uploads };
  }, [domain, user]);
  const { ask, dialog } = useQuestion(() => {
    usage.reload();
    list.reload();
  });
  return (
    <>
      <h1>Uploads</h1>
      <div class="filters">
        {domainChoice}
        {userField}
        {isOfOne && usage.value && usage.value.files > 0 && (
          <DangerButton
            ask={ask}
            title="Remove all files of this account?"
            action="Remove all"
            confirm={user}
            run={() => command("upload-remove-all", { user })}
          />
        )}
      </div>
      {usage.value && (
        <Facts
          facts={[
            ["Files", String(usage.value.files)],
            ["Size", size(usage.value.bytes)],
            ["Limit", usage.value.limit === undefined ? "no limit" : size(usage.value.limit)],
          ]}
        />
      )}
      <List
        list={list}
        caption={list.rows?.length === MOST ? `The latest ${MOST} files` : "The latest files"}
        keyOf={({ id }) => id}
        empty="Nothing was uploaded."
        columns={[
          { title: "File", width: "long", cell: ({ name }) => name, sort: ({ name }) => name },
          { title: "Owner", width: "long", cell: ({ owner }) => owner, sort: ({ owner }) => owner },
          { title: "Type", cell: ({ type }) => type || "–", sort: ({ type }) => type },
          { title: "Size", width: "short", cell: (file) => size(file.size), sort: (file) => file.size },
          {
            title: "Stored",
            width: "short",
            cell: ({ stored }) => time(stored),
            sort: ({ stored }) => stored,
          },
          {
            title: "Until",
            width: "short",
            cell: ({ expires }) => (expires ? time(expires) : "for ever"),
            sort: ({ expires }) => expires ?? "z",
          },
        ]}
        actions={({ id, name, owner }) => (
          <DangerButton
            ask={ask}
            label={`Remove ${name}`}
            title="Remove this file?"
            action="Remove"
            run={() => command("upload-remove", { id })}
          >
            <p>
              <b class="long">
                <PlainText text={name} />
              </b>{" "}
              of <span class="long">{owner}</span>. Nobody can load it any more.
            </p>
          </DangerButton>
        )}
      />
      {dialog}
    </>
  );
}
