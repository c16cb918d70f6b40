import { listDisabled, listUsers } from "../../admin/account-commands.ts";
import { countUsers, listOnline } from "../../admin/service-commands.ts";
import type { FormField } from "../../xmpp/forms.ts";
import type { Note } from "../adhoc/command.ts";
import { adminForm, adminResult, type Face, type Run } from "./face.ts";

const SIZES = ["25", "50", "75", "100", "150", "200"];
/** What "none", no limit, comes to: with more the answer would be larger than a stanza should be. */
const MOST = 500;
const DEFAULT_SIZE = "100";

const maxItems: FormField = {
  name: "max_items",
  type: "list-single",
  label: "How many to show",
  value: DEFAULT_SIZE,
  options: [...SIZES.map((size) => ({ value: size, label: size })), { value: "none", label: "All" }],
};

/** XEP-0133 §4.13 to §4.22: how many users there are, and which. */
export function listFaces(domain: string): readonly Face[] {
  return [
    count("get-registered-users-num", "Count the users", "registeredusersnum", "registered"),
    count("get-disabled-users-num", "Count the disabled users", "disabledusersnum", "disabled"),
    count("get-online-users-num", "Count the users online", "onlineusersnum", "online"),
    count("get-active-users-num", "Count the active users", "activeusersnum", "active"),
    count("get-idle-users-num", "Count the idle users", "idleusersnum", "idle"),
    list("get-registered-users-list", "List the users", "registereduserjids", (run, limit) =>
      run(listUsers, { domain, after: undefined, search: undefined, limit, states: false }),
    ),
    list("get-disabled-users-list", "List the disabled users", "disableduserjids", (run, limit) =>
      run(listDisabled, { domain, limit }),
    ),
    list("get-online-users-list", "List the users online", "onlineuserjids", (run, limit) =>
      run(listOnline, { domain, limit, which: "all" }),
    ),
    // These two have no "-list" (§4.21, §4.22).
    list("get-active-users", "List the active users", "activeuserjids", (run, limit) =>
      run(listOnline, { domain, limit, which: "active" }),
    ),
    list("get-idle-users", "List the idle users", "idleuserjids", (run, limit) =>
      run(listOnline, { domain, limit, which: "idle" }),
    ),
  ];
}

function count(
  node: string,
  name: string,
  field: string,
  of: "registered" | "disabled" | "online" | "active" | "idle",
): Face {
  return {
    node,
    name,
    async run(run) {
      const counts = await run(countUsers, { domain: undefined });
      return { result: adminResult([{ name: field, type: "text-single", value: String(counts[of]) }]) };
    },
  };
}

function list(
  node: string,
  name: string,
  field: string,
  read: (run: Run, limit: number) => Promise<{ readonly users: readonly string[] }>,
): Face {
  return {
    node,
    name,
    form: () => adminForm(name, [maxItems]),
    async run(run, values) {
      const size = values.text("max_items") || DEFAULT_SIZE;
      const limit = size === "none" ? MOST : Number(size);
      const { users } = await read(run, limit);
      const notes: Note[] =
        users.length === limit ? [{ type: "warn", text: `only ${limit} are shown; there may be more` }] : [];
      return { notes, result: adminResult([{ name: field, type: "jid-multi", value: users }]) };
    },
  };
}
