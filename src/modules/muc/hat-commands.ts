import { type Awaitable, after } from "../../util/awaitable.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { type FormField, form } from "../../xmpp/forms.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import type { AdhocCommand, Outcome, Requester, Step } from "../adhoc/command.ts";
import type { Submission } from "../adhoc/submission.ts";
import { actorIn } from "./actor.ts";
import type { Context } from "./context.ts";
import { readJid } from "./foreign.ts";
import type { Hat } from "./hats.ts";
import type { Room } from "./room.ts";
import { isAdministrative } from "./standing.ts";
import type { Wardrobe } from "./wardrobe.ts";

const TITLE: FormField = { name: "hats#title", type: "text-single", label: "Hat Title" };
const URI: FormField = { name: "hats#uri", type: "text-single", label: "Hat URI" };
const HUE: FormField = { name: "hats#hue", type: "text-single", label: "Hat Hue" };
const USER: FormField = { name: "hats#jid", type: "jid-single", label: "User Address", required: true };

interface Named {
  readonly node: string;
  readonly name: string;
  allowed(room: Room, from: Jid): boolean;
}

interface FormCommand extends Named {
  form(room: Room): Step["form"];
  run(room: Room, values: Submission): Awaitable<Outcome>;
}

interface PlainCommand extends Named {
  readonly form?: undefined;
  run(room: Room): Outcome;
}

/** Who may, and what it does. */
type HatCommand = FormCommand | PlainCommand;

/** XEP-0317 §3.2 to §3.7: the commands of a room for its hats. */
export class HatCommands {
  readonly #context: Context;
  readonly #commands: readonly HatCommand[];

  constructor(context: Context, wardrobe: Wardrobe) {
    this.#context = context;
    this.#commands = hatCommands(context, wardrobe);
  }

  of({ jid }: Room): readonly AdhocCommand[] {
    return this.#commands.map((command) => this.#adhoc(jid, command));
  }

  #adhoc(jid: Jid, command: HatCommand): AdhocCommand {
    const { rooms } = this.#context;
    const { node, name, allowed } = command;
    return {
      node: `${ns.HATS_COMMANDS}:${node}`,
      name,
      // §3.3: the form may come at once.
      isDirect: true,
      allowed: ({ from }) => after(rooms.get(jid, from), (room) => allowed(room, from)),
      run: (requester) =>
        after(rooms.get(jid, requester.from), (room) =>
          command.form
            ? {
                form: command.form(room),
                submit: (values) => this.#perform(jid, command, requester, values),
              }
            : command.run(room),
        ),
    };
  }

  /** Between two stages the room may have become another one. */
  #perform(
    jid: Jid,
    { allowed, run }: FormCommand,
    { from }: Requester,
    values: Submission,
  ): Awaitable<Outcome> {
    return after(this.#context.rooms.get(jid, from), (room) => {
      if (!allowed(room, from)) throw new StanzaError("forbidden", "", { type: "cancel" });
      return run(room, values);
    });
  }
}

function hatCommands({ host, config }: Context, wardrobe: Wardrobe): readonly HatCommand[] {
  const isInCharge = (room: Room, from: Jid) => isAdministrative(actorIn(host, room, from).affiliation);
  /** Whoever is in, or belongs to the room. */
  const isInside = (room: Room, from: Jid) => {
    const { affiliation, role } = actorIn(host, room, from);
    return role !== "none" || isAdministrative(affiliation) || affiliation === "member";
  };
  const mayKnowWho = (room: Room, from: Jid) =>
    isInCharge(room, from) || (room.options.whois === "anyone" && isInside(room, from));
  return [
    {
      node: "create",
      name: "Create a hat, or change one",
      allowed: isInCharge,
      form: () => hatForm("Creating a Hat", [{ ...TITLE, required: true }, { ...URI, required: true }, HUE]),
      run: (room, values) => done(wardrobe.put(room, readHat(values, config))),
    },
    {
      node: "destroy",
      name: "Destroy a hat",
      allowed: isInCharge,
      form: (room) => hatForm("Destroying a Hat", [choice(room)]),
      run: (room, values) => done(wardrobe.destroy(room, values.text("hats#uri"))),
    },
    {
      node: "list",
      name: "List the hats",
      allowed: isInside,
      run: ({ hats }) => table("Hats List", [TITLE, URI, HUE], Array.from(hats.all, rowOf)),
    },
    {
      node: "assign",
      name: "Give somebody a hat",
      allowed: isInCharge,
      form: (room) => hatForm("Assigning a Hat", [USER, choice(room)]),
      run: (room, values) => done(wardrobe.assign(room, userIn(room, values), values.text("hats#uri"))),
    },
    {
      node: "unassign",
      name: "Take a hat from somebody",
      allowed: isInCharge,
      form: (room) => hatForm("Removing a Hat", [USER, choice(room)]),
      run: (room, values) => done(wardrobe.unassign(room, userIn(room, values), values.text("hats#uri"))),
    },
    {
      node: "list-assigned",
      name: "List who wears which hat",
      allowed: mayKnowWho,
      run({ hats }) {
        const rows = Array.from(hats.worn(), ({ user, hat }) => ({ "hats#jid": user, ...rowOf(hat) }));
        return table("Assigned Hats List", [USER, URI, TITLE, HUE], rows);
      },
    },
  ];
}

function done(work: Awaitable<void>): Awaitable<Outcome> {
  return after(work, () => ({}));
}

function hatForm(title: string, fields: readonly FormField[]): Step["form"] {
  return { title, formType: ns.HATS_COMMANDS, fields };
}

function choice({ hats }: Room): FormField {
  const options = Array.from(hats.all, ({ uri, title }) => ({ value: uri, label: title }));
  return { name: "hats#uri", type: "list-single", label: "The role", required: true, options };
}

function rowOf({ uri, title, hue }: Hat): Readonly<Record<string, string>> {
  return { "hats#uri": uri, "hats#title": title, "hats#hue": hue };
}

function table(
  title: string,
  columns: readonly FormField[],
  rows: readonly Readonly<Record<string, string>>[],
): Outcome {
  const names = columns.map(({ name = "" }) => name);
  const reported = names.map((name) => ({ name }));
  const items = rows.map((row) => names.map((name) => ({ name, value: row[name] ?? "" })));
  return { result: form({ type: "result", title, reported, items }) };
}

/** @throws StanzaError not-acceptable */
function readHat(values: Submission, { nick, text }: Context["config"]): Hat {
  const [uri, title, hue] = [values.text("hats#uri"), values.text("hats#title"), values.text("hats#hue")];
  const refuse = (why: string) => new StanzaError("not-acceptable", why);
  if (!/^[a-z][a-z0-9+.-]*:\S+$/i.test(uri)) throw refuse("a hat has a URI");
  if (uri.length > text) throw refuse(`the URI is longer than ${text} characters`);
  if (title.length > nick) throw refuse(`the title is longer than ${nick} characters`);
  if (!/^(\d{1,3}(\.\d{1,10})?)?$/.test(hue) || Number(hue) > 360) throw refuse("the hue is no angle");
  return { uri, title, hue };
}

/** An occupant JID of the room stands for who that is. @throws StanzaError */
function userIn(room: Room, values: Submission): Jid {
  const jid = readJid(values.text("hats#jid"));
  if (!jid || jid.local === "") throw new StanzaError("not-acceptable", "a hat is a user's");
  if (!jid.bare.equals(room.jid)) return jid.bare;
  const occupant = room.occupants.get(jid.resource);
  if (!occupant) throw new StanzaError("item-not-found");
  return occupant.user;
}
