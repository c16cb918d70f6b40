import { useState } from "preact/hooks";
import { count, time } from "../../ui/format.ts";
import { useLoaded } from "../../ui/hooks.ts";
import { Facts, Table } from "../../ui/table.tsx";
import { ActionDialog, Button, Choice, Notice, TextField } from "../../ui/ui.tsx";
import { command } from "../api.ts";
import { ListView, useDomain, useSearch } from "../list-view.tsx";
import { useListing } from "../listing.ts";
import type { ViewProps } from "./view-props.ts";

/** Rooms that the server lists at once. */
const MOST = 500;

interface Room {
  readonly jid: string;
  readonly name: string;
  readonly public: boolean;
  readonly persistent: boolean;
  readonly occupants: number;
}

export function Rooms({ visit }: ViewProps) {
  const [domain, domainChoice] = useDomain(visit);
  const [search, searchField] = useSearch();
  const list = useListing(async () => {
    const { rooms } = await command<{ rooms: Room[] }>("room-list", { domain, search });
    return { rows: rooms };
  }, [domain, search]);
  return (
    <ListView
      title="Rooms"
      filters={
        <>
          {domainChoice}
          {searchField}
        </>
      }
      list={list}
      caption={
        list.rows?.length === MOST
          ? `The first ${MOST} rooms; search for the others`
          : `${count(list.rows?.length ?? 0, "room")}, hidden ones included`
      }
      keyOf={({ jid }) => jid}
      empty="There are none."
      columns={[
        {
          title: "Address",
          width: "long",
          cell: ({ jid }) => <a href={`#/rooms/${encodeURIComponent(jid)}`}>{jid}</a>,
          sort: ({ jid }) => jid,
        },
        { title: "Name", width: "long", cell: ({ name }) => name || "–", sort: ({ name }) => name },
        { title: "There", cell: ({ occupants }) => String(occupants), sort: ({ occupants }) => occupants },
        { title: "Kind", cell: kindOf, sort: kindOf },
      ]}
    />
  );
}

function kindOf({ public: isPublic, persistent }: Room): string {
  return `${isPublic ? "public" : "hidden"}, ${persistent ? "persistent" : "temporary"}`;
}

interface Details extends Room {
  readonly description: string;
  readonly subject: string;
  readonly created: string;
  readonly membersOnly: boolean;
  readonly moderated: boolean;
  readonly hasPassword: boolean;
  readonly lockdown: boolean;
  readonly present: readonly { readonly nick: string; readonly user: string; readonly role: string }[];
  readonly affiliations: readonly { readonly address: string; readonly affiliation: string }[];
}

const AFFILIATIONS = ["owner", "admin", "member", "outcast", "none"];

/** One room: `path` is its address. */
export function RoomPage({ path: room }: ViewProps) {
  const { value, error, reload } = useLoaded(() => command<Details>("room-show", { room }), [room]);
  const [isLocking, setLocking] = useState(false);
  const [isDestroying, setDestroying] = useState(false);
  const [changing, setChanging] = useState<{ readonly address: string; readonly affiliation: string }>();
  const [reason, setReason] = useState("");
  return (
    <>
      <p class="back">
        <a href="#/rooms">Rooms</a>
      </p>
      <h1 class="long">{room}</h1>
      {error !== undefined && <Notice kind="error">{error}</Notice>}
      {value && (
        <>
          <Facts
            facts={[
              ["Name", value.name || "–"],
              ["Description", value.description || "–"],
              ["Subject", value.subject || "–"],
              ["Kind", kindOf(value)],
              ["Entry", entryOf(value)],
              ["Made", time(value.created)],
            ]}
          />
          <div class="buttons">
            <Button onClick={() => setChanging({ address: "", affiliation: "member" })}>
              Change somebody
            </Button>
            <a class="button plain" href={`#/inspector/${encodeURIComponent(room)}`}>
              Watch
            </a>
            <Button onClick={() => setLocking(true)}>
              {value.lockdown ? "End the lock-down" : "Lock down"}
            </Button>
            <Button kind="danger" onClick={() => setDestroying(true)}>
              Destroy
            </Button>
          </div>
          <Table
            caption="Who is there"
            rows={value.present}
            keyOf={({ nick }) => nick}
            empty="Nobody."
            columns={[
              { title: "Nickname", width: "long", cell: ({ nick }) => nick },
              { title: "Account", width: "long", cell: ({ user }) => user },
              { title: "Role", cell: ({ role }) => role },
            ]}
          />
          <Table
            caption="Who belongs to it, or is banned"
            rows={value.affiliations}
            keyOf={({ address }) => address}
            empty="Nobody."
            columns={[
              { title: "Address", width: "long", cell: ({ address }) => address },
              { title: "Affiliation", cell: ({ affiliation }) => affiliation },
            ]}
            actions={(entry) => (
              <Button onClick={() => setChanging(entry)} label={`Change ${entry.address}`}>
                Change
              </Button>
            )}
          />
        </>
      )}
      {changing && (
        <ActionDialog
          title="Change somebody in this room"
          action="Change"
          run={() =>
            command("room-affiliate", { room, user: changing.address, affiliation: changing.affiliation })
          }
          onDone={() => {
            setChanging(undefined);
            reload();
          }}
          onClose={() => setChanging(undefined)}
        >
          <TextField
            label="Address"
            value={changing.address}
            onInput={(address) => setChanging({ ...changing, address })}
            autocomplete="off"
            required
          />
          <Choice
            label="Affiliation"
            value={changing.affiliation}
            options={AFFILIATIONS}
            onChange={(affiliation) => setChanging({ ...changing, affiliation })}
          />
        </ActionDialog>
      )}
      {isLocking && value && (
        <ActionDialog
          title={value.lockdown ? "End the lock-down of this room?" : "Lock this room down?"}
          action={value.lockdown ? "End it" : "Lock down"}
          run={() => command("room-lockdown", { room, on: !value.lockdown })}
          onDone={() => {
            setLocking(false);
            reload();
          }}
          onClose={() => setLocking(false)}
        >
          <p>
            {value.lockdown
              ? "The room is what it was before."
              : "Until it is ended only members may be there, and those who are without affiliation have to go."}
          </p>
        </ActionDialog>
      )}
      {isDestroying && (
        <ActionDialog
          title="Destroy this room?"
          action="Destroy"
          kind="danger"
          confirm={room}
          run={() => command("room-destroy", { room, reason })}
          onDone={() => {
            location.hash = "#/rooms";
          }}
          onClose={() => setDestroying(false)}
        >
          <p>Everybody is told, and nothing of the room is kept.</p>
          <TextField label="Reason" hint="for those who are there" value={reason} onInput={setReason} />
        </ActionDialog>
      )}
    </>
  );
}

function entryOf({ lockdown, membersOnly, hasPassword, moderated }: Details): string {
  const rules = [
    lockdown && "locked down",
    membersOnly && "members only",
    hasPassword && "with a password",
    moderated && "moderated",
  ].filter(Boolean);
  return rules.length > 0 ? rules.join(", ") : "for everybody";
}
