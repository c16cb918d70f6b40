import { demoteAdmin, listAdmins, promoteAdmin } from "../../admin/account-commands.ts";
import {
  announceText,
  removeMessage,
  setMessage,
  showMessage,
  shutDown,
} from "../../admin/service-commands.ts";
import type { FormField } from "../../xmpp/forms.ts";
import { Jid } from "../../xmpp/jid.ts";
import type { StandingMessage } from "../announce.ts";
import { adminForm, type Face, type Run } from "./face.ts";

/** XEP-0133 §4.31: seconds. */
const DELAYS = ["30", "60", "90", "120", "180", "240", "300"];

/** XEP-0133 §4.23 to §4.31: what users are told, who administers, and the end. */
export const serviceFaces: readonly Face[] = [
  {
    node: "announce",
    name: "Send an announcement to users online",
    form: () =>
      adminForm("Making an announcement", [
        { name: "announcement", type: "text-multi", label: "Announcement", required: true },
      ]),
    async run(run, values) {
      const { sessions } = await run(announceText, { domain: undefined, text: values.text("announcement") });
      return {
        notes: [{ type: "info", text: `Operation finished successfully: sent to ${sessions} sessions` }],
      };
    },
  },
  setting("set-motd", "Set the message of the day", "motd", true),
  setting("edit-motd", "Edit the message of the day", "motd", false),
  removing("delete-motd", "Delete the message of the day", "motd"),
  setting("set-welcome", "Set the welcome message", "welcome", true),
  removing("delete-welcome", "Delete the welcome message", "welcome"),
  {
    node: "edit-admin",
    name: "Edit the list of administrators",
    form: async (run) =>
      adminForm("Editing the list of administrators", [
        {
          name: "adminjids",
          type: "jid-multi",
          label: "The administrators",
          required: true,
          value: (await run(listAdmins, {})).admins,
        },
      ]),
    async run(run, values) {
      const wanted = new Set(values.list("adminjids").map((text) => Jid.parse(text).bare.toString()));
      const { admins } = await run(listAdmins, {});
      for (const user of wanted) if (!admins.includes(user)) await run(promoteAdmin, { user });
      for (const user of admins) if (!wanted.has(user)) await run(demoteAdmin, { user });
      return {};
    },
  },
  {
    node: "shutdown",
    name: "Shut the server down",
    form: () =>
      adminForm("Shutting the server down", [
        {
          name: "delay",
          type: "list-single",
          label: "How long to wait",
          value: "30",
          options: DELAYS.map((delay) => ({ value: delay, label: `${delay} seconds` })),
        },
        { name: "announcement", type: "text-multi", label: "Announcement" },
      ]),
    async run(run, values) {
      const text = values.text("announcement") || undefined;
      await run(shutDown, { delay: Number(values.text("delay") || "30"), text });
      return {};
    },
  },
];

function setting(node: string, name: string, kind: StandingMessage, again: boolean): Face {
  const text = async (run: Run): Promise<FormField> => {
    // §4.25, §4.27: with what there is, to change it.
    const current = (await run(showMessage, { domain: undefined, kind })).text;
    const empty: FormField = { name: kind, type: "text-multi", label: "The message", required: true };
    return current === undefined || node === "set-motd" ? empty : { ...empty, value: current };
  };
  return {
    node,
    name,
    form: async (run) => adminForm(name, [await text(run)]),
    async run(run, values) {
      await run(setMessage, { domain: undefined, kind, text: values.text(kind), again });
      return {};
    },
  };
}

function removing(node: string, name: string, kind: StandingMessage): Face {
  return {
    node,
    name,
    async run(run) {
      await run(removeMessage, { domain: undefined, kind });
      return {};
    },
  };
}
