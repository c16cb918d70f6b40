import type { Host } from "../core/host.ts";
import type { Room } from "../modules/muc/room.ts";
import { type RoomsService, roomsService } from "../modules/muc/rooms-service.ts";
import type { XmppServer } from "../server.ts";
import type { MemoryStore } from "../store/memory.ts";
import { isPromise } from "../util/awaitable.ts";
import { nearest } from "../util/nearest.ts";
import { type Element, el, serialize } from "../xml/element.ts";
import { Jid } from "../xmpp/jid.ts";
import { ns } from "../xmpp/ns.ts";
import type { PipeClient, Rig } from "./create-rig.ts";
import type { TestClock } from "./test-clock.ts";
import type { TestUsers } from "./test-users.ts";
import type { Underway } from "./underway.ts";

/** A room with what it is to be from the start (XEP-0045). It stays when everybody leaves. */
export interface RoomFixture {
  /** `"balcony"`, of the first group chat service, or an address. */
  readonly name: string;
  /** Default: the first of the server's users. */
  readonly owner?: string;
  readonly admins?: readonly string[];
  readonly members?: readonly string[];
  readonly outcasts?: readonly string[];
  readonly subject?: string;
  /** Fields of the configuration form, without `muc#roomconfig_`: `{ membersonly: "1" }`. */
  readonly options?: Readonly<Record<string, string>>;
}

/** A room, as it is whenever somebody looks. */
export interface RoomView {
  /** Its bare JID. */
  readonly jid: string;
  readonly persistent: boolean;
  readonly occupants: readonly OccupantView[];
}

/** A room that can be looked at at once; awaited: when it is there. */
export interface RoomHandle extends RoomView, PromiseLike<RoomView> {}

export interface OccupantView {
  readonly nick: string;
  /** The bare JID of who it is. */
  readonly user: string;
  readonly role: string;
  readonly affiliation: string;
  /** Full JIDs. */
  readonly clients: readonly string[];
}

interface TestRoomsParts {
  readonly rig: Rig<TestClock>;
  readonly users: TestUsers;
  readonly underway: Underway;
  resolve(name: string): string;
  /** Those that run now. */
  hosts(): Iterable<Host>;
  store(): MemoryStore;
  failed(message: string): void;
}

/** The rooms of a test server. */
export class TestRooms {
  readonly #parts: TestRoomsParts;

  constructor(parts: TestRoomsParts) {
    this.#parts = parts;
  }

  /** Makes a room as its owner would, with a client that is gone afterwards. @throws Error when the server refuses something. */
  async add(fixture: RoomFixture): Promise<RoomView> {
    const jid = roomAddress(this.#parts.rig.server, fixture.name);
    await this.#make(jid, fixture);
    return this.#view(jid);
  }

  /** A room that is there, or is made for the first of the users. @throws Error when there can be none. */
  handle(name: string): RoomHandle {
    const jid = roomAddress(this.#parts.rig.server, name);
    if (this.#find(jid) || this.#isStored(jid)) return awaitable(() => this.#view(jid), Promise.resolve());
    const made = this.#make(jid, { name });
    made.catch((error: unknown) => this.#parts.failed(`the room ${name} was not made: ${String(error)}`));
    return awaitable(() => this.#view(jid), made);
  }

  #make(jid: Jid, fixture: RoomFixture): Promise<void> {
    const { rig, users, underway, resolve } = this.#parts;
    const owner = fixture.owner ?? users.first?.name;
    if (owner === undefined) throw new Error(`the room ${fixture.name} needs an owner: there are no users`);
    return underway.run(async () => {
      const client = await rig.connect(resolve(owner), { presence: false, unseen: true });
      await furnishRoom(client, jid, fixture, resolve);
    });
  }

  #view(jid: Jid): RoomView {
    const [find, isStored] = [() => this.#find(jid), () => this.#isStored(jid)];
    return {
      jid: jid.toString(),
      get persistent() {
        return find()?.options.persistent ?? isStored();
      },
      get occupants() {
        return occupantsOf(find());
      },
    };
  }

  /** Those of all domains. */
  get services(): RoomsService[] {
    return [...this.#parts.hosts()].flatMap((host) => host.find(roomsService) ?? []);
  }

  /** The store is in memory: nothing is promised. */
  #find(jid: Jid): Room | undefined {
    const room = this.services.find(({ domains }) => domains.includes(jid.domain))?.find(jid);
    return isPromise(room) ? undefined : room;
  }

  #isStored(jid: Jid): boolean {
    const rows = this.#parts.store().rows<{ room: string }>("muc_rooms");
    return rows.some(({ room }) => room === jid.toString());
  }
}

/** Whoever waits gets a view that cannot be waited for again. */
function awaitable(view: () => RoomView, made: Promise<unknown>): RoomHandle {
  const then: RoomHandle["then"] = (...handlers) => made.then(view).then(...handlers);
  // oxlint-disable-next-line unicorn/no-thenable -- to be awaited is what it is for
  return Object.defineProperty(view(), "then", { value: then }) as RoomHandle;
}

/** `"balcony"` is a room of the default domain's first group chat service. @throws Error when there is none. */
function roomAddress(server: XmppServer, name: string): Jid {
  if (name.includes("@")) return Jid.parse(name);
  const [domain] = server.host().find(roomsService)?.domains ?? [];
  if (domain === undefined) throw new Error("there is no group chat service: the module muc is switched off");
  return Jid.parse(`${name}@${domain}`);
}

function occupantsOf(room: Room | undefined): OccupantView[] {
  if (!room) return [];
  return Array.from(room.occupants.values(), ({ nick, user, role, seats }) => ({
    nick,
    user: user.toString(),
    role,
    affiliation: room.affiliationOf(user),
    clients: seats.map((seat) => seat.jid.toString()),
  }));
}

/** As its owner would. @throws Error when the server refuses something. */
async function furnishRoom(
  owner: PipeClient,
  jid: Jid,
  fixture: RoomFixture,
  resolve: (name: string) => string,
): Promise<void> {
  const room = jid.toString();
  const seat = `${room}/owner`;
  await owner.sends(serialize(el("presence", { to: seat }, el("x", { xmlns: ns.MUC }))));
  const items = [
    ...itemsOf("admin", fixture.admins, resolve),
    ...itemsOf("member", fixture.members, resolve),
    ...itemsOf("outcast", fixture.outcasts, resolve),
  ];
  if (items.length > 0) await ask(owner, room, el("query", { xmlns: ns.MUC_ADMIN }, ...items));
  await checkOptions(owner, room, Object.keys(fixture.options ?? {}));
  // After the members, whom a room that is theirs already would invite.
  await ask(owner, room, el("query", { xmlns: ns.MUC_OWNER }, formOf(fixture)));
  if (fixture.subject !== undefined) {
    const subject = el("subject", {}, fixture.subject);
    await owner.sends(serialize(el("message", { to: room, type: "groupchat" }, subject)));
  }
  await owner.sends(serialize(el("presence", { to: seat, type: "unavailable" })));
  await owner.disconnects();
}

/** A form may have fields that nobody knows (XEP-0004 §3.2); the options of a test may not. */
async function checkOptions(owner: PipeClient, room: string, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const form = await ask(owner, room, el("query", { xmlns: ns.MUC_OWNER }), "get");
  const fields = form.getChild("query")?.getChild("x", ns.DATA_FORMS)?.getChildren("field") ?? [];
  const known = fields.map((field) => String(field.attrs["var"]).replace(/^muc#roomconfig_/, ""));
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const meant = nearest(unknown, known);
  throw new Error(
    `the fixture of ${room}: there is no option ${unknown}${meant === undefined ? "" : `, did you mean "${meant}"?`}`,
  );
}

function formOf({ options = {} }: RoomFixture) {
  const fields = Object.entries({ persistentroom: "1", ...options }).map(([name, value]) =>
    el("field", { var: `muc#roomconfig_${name}` }, el("value", {}, value)),
  );
  const type = el("field", { var: "FORM_TYPE", type: "hidden" }, el("value", {}, ns.MUC_CONFIG));
  return el("x", { xmlns: ns.DATA_FORMS, type: "submit" }, type, ...fields);
}

function itemsOf(
  affiliation: string,
  names: readonly string[] | undefined,
  resolve: (name: string) => string,
) {
  return (names ?? []).map((name) => el("item", { affiliation, jid: resolve(name) }));
}

async function ask(
  owner: PipeClient,
  to: string,
  query: ReturnType<typeof el>,
  type: "get" | "set" = "set",
): Promise<Element> {
  const id = "fixture";
  await owner.sends(serialize(el("iq", { type, to, id }, query)));
  for (;;) {
    const answer = await owner.receivesAny();
    if (answer.attrs["id"] !== id) continue;
    if (answer.attrs["type"] === "result") return answer;
    throw new Error(`the fixture of ${to}: ${serialize(answer)}`);
  }
}
