/** A server and clients for tests, for any test runner. docs/testing-with-jackdaw.md is the manual. */
export { Client, type HeaderAttributes, streamHeader, type Wire } from "./client.ts";
export { type ConnectOptions, createRig, type PipeClient, type Rig, type RigOptions } from "./create-rig.ts";
export type { Fault, FaultAction, FaultOptions, Faults, KillOptions } from "./faults.ts";
export type { StanzaPattern } from "./pattern.ts";
export { Pipe, type PipeEvents, type PipeOptions } from "./pipe.ts";
export type { Direction, Seen, SeenKind } from "./seen.ts";
export type { TestClock } from "./test-clock.ts";
export { type ServiceName, TestServer, type TestServerOptions } from "./test-server.ts";
export type { TestUser } from "./test-user.ts";
export type { ExpectNoneOptions, ExpectOptions } from "./traffic.ts";
export { Transcript } from "./transcript.ts";
export { VirtualClock } from "./virtual-clock.ts";
