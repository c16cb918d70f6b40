import { type Awaitable, after, each } from "../../util/awaitable.ts";
import { Lru } from "../../util/lru.ts";
import { TokenBucket } from "../../util/token-bucket.ts";
import { type Element, el } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { message, type Stanza } from "../../xmpp/stanza.ts";
import type { AffiliationChanges } from "./affiliation-changes.ts";
import type { Context } from "./context.ts";
import { readJid } from "./foreign.ts";
import type { Occupant } from "./occupant.ts";
import { readText } from "./read-text.ts";
import type { Room } from "./room.ts";
import { isAdministrative } from "./standing.ts";

/** Invitations that can be declined. */
const KNOWN_INVITATIONS = 10_000;
/** Accounts whose invitations are counted. */
const KNOWN_ACCOUNTS = 10_000;

interface Invitation {
  readonly inviter: Jid;
  readonly reason?: string | undefined;
  /** §7.9: the thread of the chat that goes on in the room; "" without one. */
  readonly thread?: string | undefined;
}

/** XEP-0045 §7.8.2: invitations that the room passes on, and what becomes of them. */
export class Invitations {
  readonly #context: Context;
  readonly #affiliations: AffiliationChanges;
  /** What was sent and not declined yet: the room, whom it asks in, and by whom. */
  readonly #open = new Lru<string, true>(KNOWN_INVITATIONS);
  readonly #buckets = new Lru<string, TokenBucket>(KNOWN_ACCOUNTS);

  constructor(context: Context, affiliations: AffiliationChanges) {
    this.#context = context;
    this.#affiliations = affiliations;
  }

  /** @throws StanzaError when one of those who are invited cannot be, or the inviter may not; then nobody is invited. */
  invite(room: Room, inviter: Occupant, stanza: Stanza, x: Element): Awaitable<void> {
    const { config } = this.#context;
    const affiliation = room.affiliationOf(inviter.user);
    const { membersOnly, allowInvites } = room.options;
    // §9.5: in a members-only room to invite is to make a member.
    if (membersOnly && !isAdministrative(affiliation) && !(allowInvites && affiliation === "member")) {
      throw new StanzaError("forbidden");
    }
    const invites = x.getChildren("invite", ns.MUC_USER);
    if (invites.length > config.invitees) throw new StanzaError("policy-violation", "too many invitations");
    this.#takeTurns(inviter.user, invites.length);
    const invited = invites.map((invite) => {
      const invitee = readJid(invite.attrs.to);
      if (!invitee || invitee.local === "") throw new StanzaError("jid-malformed");
      if (room.affiliationOf(invitee) === "outcast")
        throw new StanzaError("forbidden", "banned from the room");
      const proceed = invite.getChild("continue", ns.MUC_USER);
      const invitation: Invitation = {
        inviter: inviter.user,
        reason: readText(invite, "reason", config.text),
        thread: proceed && String(proceed.attrs.thread ?? ""),
      };
      return { invitee, invitation };
    });
    const known = each(invited, ({ invitee }) => this.#mustExist(invitee));
    return after(known, () =>
      each(invited, ({ invitee, invitation }) => this.#invite(room, invitee, invitation, stanza.id)),
    );
  }

  /** §9.5: those who were made members of a members-only room hear of it. */
  send(room: Room, invitee: Jid, invitation: Invitation, id?: string): Awaitable<void> {
    const { password } = room.options;
    const { inviter, reason, thread } = invitation;
    const invite = el("invite", { from: inviter.toString() });
    if (reason) invite.cnode(el("reason", {}, reason));
    if (thread !== undefined) invite.cnode(el("continue", { thread: thread || undefined }));
    const x = el("x", { xmlns: ns.MUC_USER }, invite);
    if (password) x.cnode(el("password", {}, password));
    // §7.8.2, the note: clients and servers that know nothing else take this for an invitation.
    const old = el("x", {
      xmlns: ns.CONFERENCE,
      jid: room.jid.toString(),
      password: password || undefined,
      reason,
    });
    this.#open.set(keyOf(room, invitee, inviter), true);
    return this.#context.host.route(message({ from: room.jid, to: invitee, id }, x, old));
  }

  /** §7.8.2: to the one who invited, once, and to nobody else: it carries no messages, and tells of no members. */
  decline(room: Room, stanza: Stanza, x: Element): Awaitable<void> {
    const { host, delivery, config } = this.#context;
    const decline = x.getChild("decline", ns.MUC_USER) as Element;
    const to = readJid(decline.attrs.to);
    if (!to) throw new StanzaError("jid-malformed");
    const inviter = to.bare.equals(room.jid) ? room.occupants.get(to.resource)?.user : to.bare;
    const decliner = (stanza.from as Jid).bare;
    if (!inviter || !this.#open.delete(keyOf(room, decliner, inviter)))
      throw new StanzaError("item-not-found");
    const answer = el("decline", { from: decliner.toString() });
    const reason = readText(decline, "reason", config.text);
    if (reason) answer.cnode(el("reason", {}, reason));
    const told = message({ from: room.jid, id: stanza.id }, el("x", { xmlns: ns.MUC_USER }, answer));
    const present = room.occupantsOf(inviter);
    if (present.length > 0) return each(present, (occupant) => delivery.toOccupant(occupant, told));
    return host.route(told.with({ to: inviter }));
  }

  /** @throws StanzaError when the account has invited too many of late. */
  #takeTurns(user: Jid, count: number): void {
    const { host, config } = this.#context;
    const now = host.clock.now();
    const key = user.toString();
    let bucket = this.#buckets.get(key);
    if (!bucket) {
      bucket = new TokenBucket(config.invitationsPerMinute / 60, 10 * config.invitationsPerMinute, now);
      this.#buckets.set(key, bucket);
    }
    if (bucket.tryTake(count, now)) return;
    throw new StanzaError("policy-violation", "too many invitations", { type: "wait" });
  }

  #invite(room: Room, invitee: Jid, invitation: Invitation, id: string | undefined): Awaitable<void> {
    const isNew = room.options.membersOnly && room.affiliationOf(invitee) === "none";
    const admitted = isNew ? this.#affiliations.admit(room, invitee.bare) : undefined;
    return after(admitted, () => this.send(room, invitee, invitation, id));
  }

  /** §7.8.2: of somebody of this server it is known whether there is one. */
  #mustExist(invitee: Jid): Awaitable<void> {
    const { host } = this.#context;
    if (invitee.domain !== host.domain || host.sessions.of(invitee.bare).length > 0) return undefined;
    return after(host.accounts.exists(invitee.bare), (exists) => {
      if (!exists) throw new StanzaError("item-not-found");
    });
  }
}

function keyOf({ jid }: Room, invitee: Jid, inviter: Jid): string {
  return [jid, invitee.bare, inviter.bare].join(" ");
}
