import type { IqRequest } from "../../routing/iq-table.ts";
import { type Awaitable, after } from "../../util/awaitable.ts";
import { Lru } from "../../util/lru.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import type { Context } from "./context.ts";
import { withoutOrigin } from "./foreign.ts";
import type { Room } from "./room.ts";

/** A request that was passed on to an occupant. */
interface Pending {
  readonly client: Jid;
  readonly id: string | undefined;
  /** As whom the asked is known. */
  readonly asked: Jid;
  readonly target: Jid;
}

/** XEP-0045 §17.4, rule 3: requests from one occupant to another, neither of whom learns the other's address. */
export class OccupantRequests {
  readonly #context: Context;
  /** By room, then by the id that the room gave. */
  readonly #pending = new WeakMap<Room, Lru<string, Pending>>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** XEP-0410 §3.3: whether the asker is there, if it is the own occupant; any other is asked. */
  ping({ from, to, stanza }: IqRequest): Awaitable<"answered" | undefined> {
    return after(this.#context.rooms.find(to), (room) => {
      const asker = room?.occupantOf(from);
      if (!room || !asker) throw new StanzaError("not-acceptable", "", { type: "cancel" });
      if (asker.nick === to.resource) return undefined;
      return after(this.#forward(room, stanza), () => "answered" as const);
    });
  }

  receive(stanza: Stanza): Awaitable<void> {
    const to = stanza.to as Jid;
    const isRequest = stanza.type === "get" || stanza.type === "set";
    if (to.local === "" || to.resource === "") {
      if (isRequest) throw new StanzaError("service-unavailable");
      return this.#answerTo(stanza);
    }
    if (!isRequest) return this.#answerTo(stanza);
    return after(this.#context.rooms.find(to), (room) => {
      if (!room?.occupantOf(stanza.from as Jid)) {
        // §6.6: nobody outside learns of those inside.
        const isDisco = stanza.has("query", ns.DISCO_INFO) || stanza.has("query", ns.DISCO_ITEMS);
        if (isDisco) throw new StanzaError("bad-request");
        throw new StanzaError("not-acceptable", "you are not in the room", { type: "cancel" });
      }
      return this.#forward(room, stanza);
    });
  }

  #forward(room: Room, stanza: Stanza): Awaitable<void> {
    const { host, config, pace } = this.#context;
    const client = stanza.from as Jid;
    const asker = room.occupantOf(client);
    const asked = room.occupants.get((stanza.to as Jid).resource);
    if (!asker || !asked) throw new StanzaError("item-not-found");
    pace.countRequest(room, client);
    // What belongs to the account is answered by its server, whichever of its clients is here.
    const target = stanza.has("vCard", ns.VCARD) ? asked.user : asked.first.jid;
    const id = host.random.id();
    let pending = this.#pending.get(room);
    if (!pending) this.#pending.set(room, (pending = new Lru(config.requests)));
    pending.set(id, { client, id: stanza.id, asked: asked.jid, target });
    return host.route(stanza.with({ from: asker.jid, to: target, id }));
  }

  /** Only the one who was asked may answer, once. */
  #answerTo(answer: Stanza): Awaitable<void> {
    const { rooms, host } = this.#context;
    const to = answer.to as Jid;
    if (to.local === "") return undefined;
    return after(rooms.find(to), (room) => {
      const pending = room && this.#pending.get(room)?.get(answer.id ?? "");
      if (!room || !pending || !answer.from?.equals(pending.target)) return undefined;
      this.#pending.get(room)?.delete(answer.id ?? "");
      const { client, id, asked } = pending;
      return host.route(withoutOrigin(answer).with({ from: asked, to: client, id }));
    });
  }
}
