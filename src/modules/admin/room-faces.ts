import { affiliate, announceInRooms, destroyRoom, listRooms, lockRoom } from "../../admin/room-commands.ts";
import { type FormField, form } from "../../xmpp/forms.ts";
import type { Step } from "../adhoc/command.ts";
import type { Face } from "./face.ts";

/** Rooms in one answer. */
const MOST = 200;

const ROOMS = "urn:jackdaw:rooms";

const AFFILIATIONS = ["owner", "admin", "member", "outcast", "none"] as const;

const roomField: FormField = { name: "room", type: "jid-single", label: "Room", required: true };
const reasonField: FormField = { name: "reason", type: "text-single", label: "Reason" };

const COLUMNS: readonly FormField[] = [
  { name: "jid", type: "jid-single", label: "Address" },
  { name: "name", type: "text-single", label: "Name" },
  { name: "occupants", type: "text-single", label: "Occupants" },
];

/** The rooms of a domain, for those who administer the server. */
export function roomFaces(domain: string): readonly Face[] {
  return [
    {
      node: "list",
      name: "List the rooms, hidden ones included",
      form: () =>
        roomForm("Rooms", [{ name: "search", type: "text-single", label: "Part of name or address" }]),
      async run(run, values) {
        const { rooms } = await run(listRooms, { domain, search: values.text("search"), limit: MOST });
        const items = rooms.map(({ jid, name, occupants }) => [
          { name: "jid", value: jid },
          { name: "name", value: name },
          { name: "occupants", value: String(occupants) },
        ]);
        return { result: form({ type: "result", title: "Rooms", reported: COLUMNS, items }) };
      },
    },
    {
      node: "destroy",
      name: "Destroy a room",
      form: () => roomForm("The end of a room", [roomField, reasonField]),
      async run(run, values) {
        await run(destroyRoom, { room: values.text("room"), reason: values.text("reason") });
        return {};
      },
    },
    {
      node: "affiliate",
      name: "Say what somebody is in a room",
      form: () =>
        roomForm("Affiliation", [
          roomField,
          { name: "user", type: "jid-single", label: "User, or domain for all of its users", required: true },
          {
            name: "affiliation",
            type: "list-single",
            label: "Affiliation",
            required: true,
            options: AFFILIATIONS.map((value) => ({ value })),
          },
        ]),
      async run(run, values) {
        // The form has checked that it is one of them.
        const affiliation = values.text("affiliation") as (typeof AFFILIATIONS)[number];
        await run(affiliate, { room: values.text("room"), user: values.text("user"), affiliation });
        return {};
      },
    },
    {
      node: "lock-down",
      name: "Lock a room down, or end that",
      form: () =>
        roomForm("Lock-down", [
          roomField,
          { name: "on", type: "boolean", label: "Members only, moderated, no registration", value: true },
        ]),
      async run(run, values) {
        await run(lockRoom, { room: values.text("room"), on: values.flag("on") });
        return {};
      },
    },
    {
      node: "announce",
      name: "Announce something in all rooms",
      form: () =>
        roomForm("Announcement", [
          { name: "text", type: "text-multi", label: "What everybody reads", required: true },
        ]),
      async run(run, values) {
        const { rooms } = await run(announceInRooms, { domain, room: undefined, text: values.text("text") });
        return { notes: [{ type: "info", text: `Announced in ${rooms} rooms` }] };
      },
    },
  ];
}

function roomForm(title: string, fields: readonly FormField[]): Step["form"] {
  return { title, formType: ROOMS, fields };
}
