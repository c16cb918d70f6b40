/** A server and clients for tests, for any test runner. docs/testing-with-jackdaw.md is the manual. */
export type { ArchivedView, ContactView, SessionView } from "./account-view.ts";
export { Client, type HeaderAttributes, streamHeader, type Wire } from "./client.ts";
export { type ConnectOptions, createRig, type PipeClient, type Rig, type RigOptions } from "./create-rig.ts";
export type { Fault, FaultAction, FaultOptions, Faults, KillOptions } from "./faults.ts";
export type { Handler, HandlerContext, StanzaHandler } from "./handlers.ts";
export { assertStanza, type MatchOptions, stanzaMatchers, type XmlLike } from "./match-stanza.ts";
export type { StanzaPattern } from "./pattern.ts";
export { Pipe, type PipeEvents, type PipeOptions } from "./pipe.ts";
export type { Direction, Seen, SeenKind } from "./seen.ts";
export type { TestClock } from "./test-clock.ts";
export type { TestServerOptions } from "./test-options.ts";
export { type ServiceName, TestServer } from "./test-server.ts";
export type { TestUser } from "./test-user.ts";
export type { ExpectNoneOptions, ExpectOptions } from "./traffic.ts";
export { Transcript } from "./transcript.ts";
export type { ContactFixture, MessageFixture, UserFixture } from "./user-fixture.ts";
export { VirtualClock } from "./virtual-clock.ts";
export { withServer } from "./with-server.ts";
