import type { IqRequest } from "../../routing/iq-table.ts";
import { type Awaitable, after, all, each, together } from "../../util/awaitable.ts";
import { type Element, el } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { type FormContent, form, readForm } from "../../xmpp/forms.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { type Actor, actorIn } from "./actor.ts";
import type { AffiliationChange, AffiliationChanges } from "./affiliation-changes.ts";
import { configForm, readConfig, type Submission } from "./config-form.ts";
import type { Context } from "./context.ts";
import { readJid } from "./foreign.ts";
import { readText } from "./read-text.ts";
import type { Removal } from "./removal.ts";
import type { Room } from "./room.ts";
import type { RoomConfiguration } from "./room-configuration.ts";

/** XEP-0045 §10: `muc#owner`, what a room is and its end. */
export class OwnerQueries {
  readonly #context: Context;
  readonly #removal: Removal;
  readonly #configuration: RoomConfiguration;
  readonly #affiliations: AffiliationChanges;

  constructor(
    context: Context,
    removal: Removal,
    configuration: RoomConfiguration,
    affiliations: AffiliationChanges,
  ) {
    this.#context = context;
    this.#removal = removal;
    this.#configuration = configuration;
    this.#affiliations = affiliations;
  }

  /** §10.1.3, §10.2 */
  get(room: Room, { from }: IqRequest): Element {
    this.#checkOwner(room, from);
    return el("query", { xmlns: ns.MUC_OWNER }, form({ type: "form", ...this.form(room) }));
  }

  /** What an owner may fill in; a new room waits for whoever does (§10.1.3). */
  form(room: Room): Omit<FormContent, "type"> {
    const { host, config } = this.#context;
    if (room.isLocked) room.waitsUntil = host.clock.now() + config.unconfigured;
    return configForm(room, config);
  }

  set(room: Room, request: IqRequest): Awaitable<"answered" | undefined> {
    const { from, payload } = request;
    const actor = this.#checkOwner(room, from);
    const destroy = payload.getChild("destroy", ns.MUC_OWNER);
    if (destroy) return after(this.#destroy(room, destroy), () => undefined);
    const x = payload.getChild("x", ns.DATA_FORMS);
    if (!x) throw new StanzaError("bad-request", "neither a form nor the end of the room");
    const submitted = readForm(x);
    // §10.1.3, §10.2: to give up a new room is to destroy it; with another one all stays as it was.
    if (submitted.type === "cancel") {
      return room.isLocked ? after(this.#removal.destroy(room), () => undefined) : undefined;
    }
    if (submitted.type !== "submit") throw new StanzaError("bad-request", "the form is not submitted");
    // §10.1.2: an empty form takes the defaults. COMPAT(xmpp4r, 2026): the payload says as well what form it is.
    if (submitted.formType !== undefined && submitted.formType !== ns.MUC_CONFIG) {
      throw new StanzaError("bad-request", "this is another form");
    }
    return after(this.configure(room, actor, submitted.values), (tell) => {
      void this.#context.host.route(request.stanza.result());
      return after(tell(), () => "answered" as const);
    });
  }

  #checkOwner(room: Room, client: Jid): Actor {
    const actor = actorIn(this.#context.host, room, client);
    if (actor.affiliation !== "owner") throw new StanzaError("forbidden");
    return actor;
  }

  /** §10.2: by what an owner filled in; occupants hear of it by what is returned. @throws StanzaError */
  configure(
    room: Room,
    actor: Actor,
    values: ReadonlyMap<string, readonly string[]>,
  ): Awaitable<() => Awaitable<void>> {
    const submission = readConfig(room, values, this.#context.config);
    const changes = listChanges(room, submission);
    this.#affiliations.checkAll(room, changes);
    return after(this.#configuration.change(room, submission.options), (adapt) => {
      const news = { actor: actor.occupant?.nick };
      const changed = changes.map((change) => this.#affiliations.apply(room, change, news));
      return after(
        all(changed),
        (tell) => () =>
          together(
            each(tell, (each) => each()),
            adapt(),
          ),
      );
    });
  }

  /** §10.9 */
  #destroy(room: Room, destroy: Element): Awaitable<void> {
    const { text } = this.#context.config;
    const venue: unknown = destroy.attrs.jid;
    if (venue !== undefined && venue !== "" && !readJid(venue)) throw new StanzaError("jid-malformed");
    return this.#removal.destroy(room, {
      jid: (venue as string | undefined) || undefined,
      reason: readText(destroy, "reason", text),
      password: readText(destroy, "password", text),
    });
  }
}

/** §10.2: who is an admin or owner from now on. Former admins are members, former owners admins unless that list lacks them. */
function listChanges(room: Room, { owners, admins }: Submission): readonly AffiliationChange[] {
  const wanted = new Map<string, AffiliationChange>();
  const grant = (affiliation: "owner" | "admin", list: readonly Jid[] = []) => {
    for (const address of list) {
      if (room.affiliations.get(address.toString())?.affiliation !== affiliation) {
        wanted.set(address.toString(), { address, affiliation });
      }
    }
  };
  const revoke = (
    affiliation: "owner" | "admin",
    list: readonly Jid[] | undefined,
    next: "admin" | "member",
  ) => {
    if (!list) return;
    for (const [key] of room.affiliations.with(affiliation)) {
      if (list.some((address) => address.toString() === key) || wanted.has(key)) continue;
      const address = readJid(key);
      if (address) wanted.set(key, { address, affiliation: next });
    }
  };
  // Whoever stands in both lists is an owner.
  const onlyAdmins = admins?.filter((admin) => !isOwner(room, owners, admin));
  grant("admin", onlyAdmins);
  grant("owner", owners);
  revoke("admin", admins, "member");
  revoke("owner", owners, admins ? "member" : "admin");
  return [...wanted.values()];
}

function isOwner(room: Room, owners: readonly Jid[] | undefined, user: Jid): boolean {
  if (owners) return owners.some((owner) => owner.equals(user));
  return room.affiliations.get(user.toString())?.affiliation === "owner";
}
