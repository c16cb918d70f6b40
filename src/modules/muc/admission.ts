import { createHash, timingSafeEqual } from "node:crypto";
import { type Awaitable, after, isPromise } from "../../util/awaitable.ts";
import { Rates } from "../../util/rates.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import type { Context } from "./context.ts";
import type { Room } from "./room.ts";
import { type Affiliation, isAdministrative } from "./standing.ts";

/** XEP-0045 §7.2, §10.1.1: who may enter a room, and who may make one. */
export class Admission {
  readonly #context: Context;
  readonly #guesses: Rates;

  constructor(context: Context) {
    this.#context = context;
    this.#guesses = new Rates(context.config.passwordsPerMinute, context.host.clock);
  }

  /** @throws StanzaError as §7.2.17 has them. */
  check(room: Room, client: Jid, nick: string, stanza: Stanza): Awaitable<unknown> {
    this.#checkRules(room, client, nick, stanza);
    const asked = this.#context.host.emit("muc:joining", { room, client, nick });
    // Meanwhile somebody else may have come under this nickname, or the room may have ended.
    return isPromise(asked) ? asked.then(() => this.#checkRules(room, client, nick, stanza)) : undefined;
  }

  #checkRules(room: Room, client: Jid, nick: string, stanza: Stanza): void {
    const user = client.bare;
    const affiliation = room.affiliationOf(user);
    const { membersOnly, password } = room.options;
    // §7.2.8
    if (affiliation === "outcast") throw new StanzaError("forbidden");
    // §7.2.11
    if (room.isGone || (room.isLocked && affiliation !== "owner")) throw new StanzaError("item-not-found");
    // §7.2.7: before the password, which those who cannot enter with it are not told to be right or wrong.
    if (membersOnly && affiliation === "none") throw new StanzaError("registration-required");
    if (password !== "") this.#checkPassword(room, user, password, passwordIn(stanza));
    checkNickIsFree(room, nick, user);
    this.#checkSpace(room, nick, user, affiliation);
  }

  /** §7.2.6, §14.1: in clear, so guesses are bounded. */
  #checkPassword({ jid }: Room, user: Jid, password: string, given: string): void {
    if (given === "") throw new StanzaError("not-authorized");
    if (!this.#guesses.tryTake(`${jid.toString()} ${user.toString()}`)) {
      throw new StanzaError("resource-constraint", "too many attempts to enter");
    }
    if (!isSame(password, given)) throw new StanzaError("not-authorized");
  }

  /** §10.1.1. @throws StanzaError not-allowed when this user may make no rooms. */
  create(to: Jid, client: Jid): Awaitable<Room> {
    const { host, rooms, config } = this.#context;
    const user = client.bare;
    if (to.local.length > config.roomId) {
      throw new StanzaError("policy-violation", `the name is longer than ${config.roomId} characters`);
    }
    return after(this.#mayCreate(user), (mayCreate) => {
      if (!mayCreate) throw new StanzaError("not-allowed");
      return after(this.#ownedBy(user), (count) => {
        if (count >= config.roomsPerUser) {
          throw new StanzaError("resource-constraint", "you own too many rooms");
        }
        return after(rooms.find(to), (made) => {
          if (made) throw new StanzaError("item-not-found", "somebody else is making this room");
          return rooms.create(to, user, host.clock.now());
        });
      });
    });
  }

  #mayCreate(user: Jid): Awaitable<boolean> {
    const { host, config } = this.#context;
    if (config.create === "anyone" || host.isAdmin(user)) return true;
    return config.create === "users" && host.serves(user.domain) && host.accounts.exists(user);
  }

  #ownedBy(user: Jid): Awaitable<number> {
    const { store, rooms, service } = this.#context;
    return after(store.roomsOf(service.domain, user, "owner"), (stored) => {
      let count = stored.length;
      for (const room of rooms.active) {
        if (!room.options.persistent && room.affiliationOf(user) === "owner") count++;
      }
      return count;
    });
  }

  /** §7.2.10: admins and owners find room in one that is full. */
  #checkSpace(room: Room, nick: string, user: Jid, affiliation: Affiliation): void {
    const { config } = this.#context;
    const present = room.occupants.get(nick);
    if (present) {
      if (present.seats.length >= config.sessionsPerOccupant) {
        throw new StanzaError("resource-constraint", "too many clients under this nickname");
      }
      return;
    }
    if (room.occupantsOf(user).length >= config.nicknames) {
      throw new StanzaError("resource-constraint", "you have too many nicknames here");
    }
    const most = Math.min(room.options.maxOccupants || config.occupants, config.occupants);
    const reserve = isAdministrative(affiliation) ? config.reserve : 0;
    if (room.occupants.size >= most + reserve) {
      throw new StanzaError("service-unavailable", "the room is full", { type: "wait" });
    }
  }
}

/** §7.2.9: nobody else has the nickname, or has reserved it, or one that looks the same. @throws StanzaError conflict */
export function checkNickIsFree(room: Room, nick: string, user: Jid): void {
  const holder = room.affiliations.holderOf(nick);
  if (holder !== undefined && holder !== user.toString()) throw new StanzaError("conflict");
  const present = room.occupants.get(nick) ?? room.lookalikeOf(nick);
  if (present && !present.user.equals(user)) throw new StanzaError("conflict");
}

function passwordIn(stanza: Stanza): string {
  return stanza.child("x", ns.MUC)?.getChildText("password", ns.MUC) ?? "";
}

/** Takes no longer the more of the password is right. */
function isSame(expected: string, given: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(expected), digest(given));
}
