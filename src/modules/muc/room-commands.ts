/** XEP-0050 Ad-Hoc Commands, version 1.3.0, at rooms: https://xmpp.org/extensions/xep-0050.html */
import { type Awaitable, after } from "../../util/awaitable.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { AdhocCommand, Outcome, Requester, Step } from "../adhoc/command.ts";
import type { Submission } from "../adhoc/submission.ts";
import { type Actor, actorIn } from "./actor.ts";
import type { AffiliationChanges } from "./affiliation-changes.ts";
import type { Announcements } from "./announcements.ts";
import type { Context } from "./context.ts";
import { readJid } from "./foreign.ts";
import type { OwnerQueries } from "./owner-queries.ts";
import type { Removal } from "./removal.ts";
import type { Room } from "./room.ts";
import type { RoomConfiguration } from "./room-configuration.ts";
import { AFFILIATIONS, isAffiliation } from "./standing.ts";

/** Nodes, and what the forms are about. */
const NODES = "urn:jackdaw:room";

interface Parts {
  readonly affiliations: AffiliationChanges;
  readonly announcements: Announcements;
  readonly configuration: RoomConfiguration;
  readonly owner: OwnerQueries;
  readonly removal: Removal;
}

/** What an owner may do with a room, beside what is in the form. */
interface OwnerCommand {
  readonly node: string;
  readonly name: string;
  /** Whether it makes sense as the room is. Default: always. */
  readonly applies?: (room: Room) => boolean;
  readonly form?: (room: Room) => Step["form"];
  run(room: Room, actor: Actor, values: Submission | undefined): Awaitable<string>;
}

/** The commands of rooms, which are for their owners. */
export class RoomCommands {
  readonly #context: Context;
  readonly #commands: readonly OwnerCommand[];

  constructor(context: Context, parts: Parts) {
    this.#context = context;
    this.#commands = ownerCommands(context, parts);
  }

  of(room: Room): readonly AdhocCommand[] {
    return this.#commands.map((command) => this.#adhoc(room, command));
  }

  #adhoc({ jid }: Room, { node, name, applies, form, run }: OwnerCommand): AdhocCommand {
    const { rooms, host } = this.#context;
    /** Between two stages the room may have become another one, or have other owners. */
    const owned = <T>(requester: Requester, work: (room: Room, actor: Actor) => Awaitable<T>): Awaitable<T> =>
      after(rooms.get(jid, requester.from), (room) => {
        const actor = actorIn(host, room, requester.from);
        if (actor.affiliation !== "owner") throw new StanzaError("forbidden", "", { type: "cancel" });
        return work(room, actor);
      });
    const perform = (requester: Requester, values?: Submission): Awaitable<Outcome> =>
      after(
        owned(requester, (room, actor) => run(room, actor, values)),
        (text) => ({ notes: [{ type: "info", text }] }),
      );
    return {
      node,
      name,
      allowed: ({ from }) =>
        after(rooms.get(jid, from), (room) => {
          const isOwner = actorIn(host, room, from).affiliation === "owner";
          return isOwner && (applies?.(room) ?? true);
        }),
      run: (requester) =>
        form
          ? owned(requester, (room) => ({ form: form(room), submit: (values) => perform(requester, values) }))
          : perform(requester),
    };
  }
}

function ownerCommands(
  { config }: Context,
  { affiliations, announcements, configuration, owner, removal }: Parts,
): readonly OwnerCommand[] {
  const lock = (lockdown: boolean) => (room: Room) =>
    after(configuration.change(room, { ...room.configured, lockdown }), (tell) =>
      after(tell(), () => (lockdown ? "The room is locked down." : "The room is open as before.")),
    );
  return [
    {
      node: `${NODES}#configure`,
      name: "Configure the room",
      form: (room) => owner.form(room),
      run: (room, actor, values) =>
        after(owner.configure(room, actor, values?.values ?? new Map()), (tell) =>
          after(tell(), () => "The room is configured."),
        ),
    },
    {
      node: `${NODES}#lock-down`,
      name: "Lock the room down: members only, moderated, no registration",
      applies: ({ configured }) => !configured.lockdown,
      run: lock(true),
    },
    {
      node: `${NODES}#end-lock-down`,
      name: "End the lock-down",
      applies: ({ configured }) => configured.lockdown,
      run: lock(false),
    },
    {
      node: `${NODES}#affiliate`,
      name: "Say what somebody is in the room",
      form: () => affiliateForm,
      run(room, actor, values) {
        const address = readJid(values?.text("jid"));
        const affiliation = values?.text("affiliation");
        if (!address || !isAffiliation(affiliation)) throw new StanzaError("bad-request");
        const reason = values?.text("reason").slice(0, config.text).toWellFormed();
        const change = { address: address.bare, affiliation, reason };
        affiliations.check(room, actor, change);
        affiliations.checkAll(room, [change]);
        const news = { actor: actor.occupant?.nick, reason };
        return after(affiliations.apply(room, change, news), (tell) =>
          after(tell(), () => `${address.bare.toString()}: ${affiliation}`),
        );
      },
    },
    {
      node: `${NODES}#announce`,
      name: "Announce something in the room",
      form: () => ({
        title: "Announcement",
        formType: NODES,
        fields: [{ name: "text", type: "text-multi", label: "What everybody reads", required: true }],
      }),
      run: (room, _actor, values) =>
        after(announcements.announce(room, values?.text("text") ?? ""), () => "It is announced."),
    },
    {
      node: `${NODES}#destroy`,
      name: "Destroy the room",
      form: () => destroyForm,
      run(room, _actor, values) {
        const venue = values?.text("venue");
        const jid = venue ? readJid(venue)?.toString() : undefined;
        const reason = (values?.text("reason") ?? "").slice(0, config.text).toWellFormed();
        return after(removal.destroy(room, { jid, reason }), () => "The room is no more.");
      },
    },
  ];
}

const reasonField = { name: "reason", type: "text-single", label: "Reason" } as const;

const affiliateForm: Step["form"] = {
  title: "Affiliation",
  formType: NODES,
  fields: [
    { name: "jid", type: "jid-single", label: "User, or domain for all of its users", required: true },
    {
      name: "affiliation",
      type: "list-single",
      label: "Affiliation",
      required: true,
      options: AFFILIATIONS.map((value) => ({ value })),
    },
    reasonField,
  ],
};

const destroyForm: Step["form"] = {
  title: "The end of the room",
  instructions: "Everybody has to leave, and nothing of the room is kept.",
  formType: NODES,
  fields: [reasonField, { name: "venue", type: "jid-single", label: "Room to go to instead" }],
};
