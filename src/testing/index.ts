/** A server and clients for tests, for any test runner. */
export { Client, type HeaderAttributes, streamHeader, type Wire } from "./client.ts";
export { type ConnectOptions, createRig, type PipeClient, type Rig, type RigOptions } from "./create-rig.ts";
export { Pipe, type PipeEvents, type PipeOptions } from "./pipe.ts";
export { Transcript } from "./transcript.ts";
export { VirtualClock } from "./virtual-clock.ts";
