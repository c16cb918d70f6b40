import { ConfigError, jsonSchemaOf, t } from "../../util/schema.ts";
import { STANZA_CONDITIONS, type StanzaCondition } from "../../xmpp/errors.ts";
import { duration } from "../faults/fault.ts";
import { type FaultOptions, faultKinds } from "../faults/kinds.ts";
import { patternField } from "../faults/pattern-field.ts";
import {
  archiveAnswer,
  clockAnswer,
  faultsAnswer,
  nothing,
  numbered,
  pendingAnswer,
  roomAnswer,
  rosterAnswer,
  seenAnswer,
  serverAnswer,
  sessionsAnswer,
  transcriptAnswer,
  userAnswer,
} from "./answers.ts";
import { defineOperation, type Operation, withoutDefault } from "./operation.ts";
import { deliver, speak } from "./speak.ts";
import { viewSeen, viewServer } from "./views.ts";

const user = t.string().doc('A name like "romeo", or an address.');
const id = t.integer(undefined, { min: 1 });
const optionalText = t.optional(t.string());
const texts = t.list(t.string());

/** Real milliseconds. */
const patience = (fallback: string) => duration(fallback).doc("Of real time.");

const users: readonly Operation[] = [
  defineOperation({
    name: "user-add",
    summary: "Makes an account, with what it is to have from the start.",
    changes: true,
    fields: {
      name: t.string(),
      password: optionalText,
      vcard: optionalText.doc("The <vCard/> (XEP-0054)."),
      roster: t.list(
        t.object({
          contact: t.string(),
          name: optionalText,
          groups: texts,
          subscription: t.oneOf(["none", "to", "from", "both"], "both"),
        }),
      ),
      archive: t.list(t.object({ from: t.string(), to: t.string(), body: t.string(), at: optionalText })),
      blocked: texts,
      private: texts.doc("Pieces of private XML (XEP-0049)."),
      pep: t.record(t.record(t.string())).doc("XML of items by node and item id (XEP-0163)."),
    },
    answer: userAnswer,
    run: async (fixture, { server }) => server.addUser(fixture as Parameters<typeof server.addUser>[0]),
  }),
  defineOperation({
    name: "user",
    summary: "What a client needs to log in.",
    changes: false,
    fields: { name: user },
    answer: userAnswer,
    run: ({ name }, { server }) => server.user(name),
  }),
  defineOperation({
    name: "mutual-roster",
    summary: "Lets two users see each other's presence.",
    changes: true,
    fields: { one: user, other: user },
    answer: nothing,
    run: ({ one, other }, { server }) => server.mutualRoster(one, other),
  }),
  defineOperation({
    name: "room-add",
    summary: "Makes a room.",
    changes: true,
    fields: {
      name: t.string(),
      owner: optionalText.doc("Default: the first user."),
      admins: texts,
      members: texts,
      outcasts: texts,
      subject: optionalText,
      options: t.record(t.string()).doc("Fields of the configuration, without muc#roomconfig_."),
    },
    answer: roomAnswer,
    run: (room, { server }) => server.addRoom(room as Parameters<typeof server.addRoom>[0]),
  }),
  defineOperation({
    name: "room",
    summary: "A room, and who is in it; it is made where there is none.",
    changes: true,
    fields: { name: t.string() },
    answer: roomAnswer,
    run: async ({ name }, { server }) => server.room(name),
  }),
  defineOperation({
    name: "sessions",
    summary: "The bound resources of a user, or of all.",
    changes: false,
    fields: { user: t.optional(user) },
    answer: sessionsAnswer,
    run: (args, { server }) => server.sessions(args.user),
  }),
  defineOperation({
    name: "roster",
    summary: "The contacts of a user.",
    changes: false,
    fields: { user },
    answer: rosterAnswer,
    run: (args, { server }) => server.roster(args.user),
  }),
  defineOperation({
    name: "archive",
    summary: "The archived messages of a user, the oldest first.",
    changes: false,
    fields: { user },
    answer: archiveAnswer,
    run: (args, { server }) =>
      server.archive(args.user).map(({ element, ...message }) => ({ ...message, xml: element.toString() })),
  }),
];

const traffic: readonly Operation[] = [
  defineOperation({
    name: "expect",
    summary: "The first stanza that fits and that no expectation had before; waits for it.",
    changes: true,
    fields: { on: patternField({}), within: patience("1s") },
    answer: seenAnswer,
    run: async ({ on, within }, { server }, signal) => viewSeen(await server.expect(on, { within, signal })),
  }),
  defineOperation({
    name: "expect-none",
    summary: "Nothing that fits came since the last stanza that was expected, and nothing does.",
    changes: true,
    fields: { on: patternField({}), within: patience("50ms") },
    answer: nothing,
    run: ({ on, within }, { server }) => server.expectNone(on, { within }),
  }),
  defineOperation({
    name: "forget",
    summary: "What went by so far is of no interest to expectations.",
    changes: true,
    fields: {},
    answer: nothing,
    run: (_, { server }) => server.forget(),
  }),
  defineOperation({
    name: "transcript",
    summary: "Who said what so far, secrets masked, and what went wrong by itself.",
    changes: false,
    fields: {},
    answer: transcriptAnswer,
    run: (_, { server }) => ({ transcript: server.transcript, errors: server.errors }),
  }),
  defineOperation({
    name: "send",
    summary: "Sends something as a user: as one of their clients, or as one made for it.",
    changes: true,
    fields: { as: user, xml: t.string() },
    answer: nothing,
    run: ({ as, xml }, state) => speak(state, as, xml),
  }),
  defineOperation({
    name: "deliver",
    summary: "Sends something to a user's clients, as from the server. Stream management does not count it.",
    changes: true,
    fields: { to: user, xml: t.string() },
    answer: nothing,
    run: ({ to, xml }, state) => deliver(state, to, xml),
  }),
];

const faults: readonly Operation[] = [
  {
    name: "fault-add",
    summary: "Lets something go wrong.",
    changes: true,
    fields: {},
    json: { oneOf: [...faultKinds.values()].map(({ schema }) => withoutDefault(jsonSchemaOf(schema))) },
    answer: numbered,
    // What it may say is known to the kind of fault.
    run: (options, { server, faults: all }) => ({ id: all.add(server.faults.add(options as FaultOptions)) }),
  },
  defineOperation({
    name: "faults",
    summary: "How often each fault has happened, and how much it holds.",
    changes: false,
    fields: {},
    answer: faultsAnswer,
    run: (_, state) =>
      state.faults.entries.map(([each, { hits, held }]) => ({ id: each, hits, held: held.map(viewSeen) })),
  }),
  defineOperation({
    name: "fault-release",
    summary: "Lets what a fault holds go on.",
    changes: true,
    fields: { id },
    answer: nothing,
    run: (args, state) => state.faults.get(args.id).release(),
  }),
  defineOperation({
    name: "fault-remove",
    summary: "Ends a fault; what it holds stays so until it is released.",
    changes: true,
    fields: { id },
    answer: nothing,
    run: (args, state) => state.faults.get(args.id).remove(),
  }),
];

const conditions = Object.keys(STANZA_CONDITIONS) as StanzaCondition[];

const handlers: readonly Operation[] = [
  defineOperation({
    name: "handler-add",
    summary: "What clients send and fits is answered so, in place of the server; without an answer never.",
    changes: true,
    fields: {
      on: patternField(),
      reply: texts.doc("The payload of a result, or whole stanzas."),
      error: t.optional(t.oneOf(conditions)),
      text: optionalText.doc("Of the error, for people."),
      delay: duration("0s").doc("On the server's clock."),
      times: t.optional(t.integer(undefined, { min: 1 })).doc("Default: always."),
    },
    answer: numbered,
    run: ({ on, reply, error, text, delay, times }, state) => {
      if (reply.length > 0 && error !== undefined) {
        throw new ConfigError("", "a handler has a reply or an error, not both");
      }
      const handler = state.server.on(on).delay(delay);
      if (reply.length > 0) handler.reply(...reply);
      if (error !== undefined) handler.error(error, text);
      if (times !== undefined) handler.times(times);
      return { id: state.handlers.add(handler) };
    },
  }),
  defineOperation({
    name: "handler-remove",
    summary: "It is as if the handler had never been.",
    changes: true,
    fields: { id },
    answer: nothing,
    run: (args, state) => state.handlers.get(args.id).remove(),
  }),
  defineOperation({
    name: "unhandled",
    summary:
      "What becomes of requests that no handler takes: the server answers, or it is an error, which the transcript names.",
    changes: true,
    fields: { what: t.oneOf(["pass", "error"]) },
    answer: nothing,
    run: ({ what }, { server }) => server.unhandled(what),
  }),
  defineOperation({
    name: "scansion-run",
    summary: "Plays a scansion script to its end.",
    changes: true,
    fields: { script: t.string() },
    answer: nothing,
    run: ({ script }, { server }) => server.runScansion(script),
  }),
  defineOperation({
    name: "pending",
    summary: "Handlers that were not asked as often as they should have been.",
    changes: false,
    fields: {},
    answer: pendingAnswer,
    run: (_, { server }) => server.pending(),
  }),
];

const time: readonly Operation[] = [
  defineOperation({
    name: "clock",
    summary: "What time it is on the server, in milliseconds since the epoch.",
    changes: false,
    fields: {},
    answer: clockAnswer,
    run: (_, { server }) => ({ now: server.clock.now() }),
  }),
  defineOperation({
    name: "clock-advance",
    summary: "Turns a virtual clock, and settles when all that was due is done.",
    changes: true,
    fields: { by: duration("1s") },
    answer: nothing,
    run: ({ by }, { server }) => server.clock.advance(by),
  }),
  defineOperation({
    name: "settle",
    summary: "Waits until the server has dealt with everything.",
    changes: true,
    fields: {},
    answer: nothing,
    run: (_, { server }) => server.settle(),
  }),
  defineOperation({
    name: "snapshot",
    summary: "Remembers everything that is kept.",
    changes: true,
    fields: {},
    answer: numbered,
    run: (_, { server, snapshots }) => ({ id: snapshots.add(server.snapshot()) }),
  }),
  defineOperation({
    name: "snapshot-restore",
    summary: "Makes the server what it was. Connections are cut without a word.",
    changes: true,
    fields: { id },
    answer: nothing,
    run: async (args, { snapshots, clients }) => {
      clients.clear();
      await snapshots.get(args.id).restore();
    },
  }),
  defineOperation({
    name: "server",
    summary: "Where clients connect to, and the authority that they are to trust.",
    changes: false,
    fields: {},
    answer: serverAnswer,
    run: (_, { server }) => viewServer(server),
  }),
];

/** All that can be asked of a rig. */
export const operations: readonly Operation[] = [...users, ...traffic, ...faults, ...handlers, ...time];
