/** The PROXY protocol, versions 1 and 2: https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt */
import { isIPv4, isIPv6, type Socket } from "node:net";
import type { Clock } from "../util/clock.ts";

/** §2.1: the longest line of version 1. */
const MAX_LINE = 107;

/** §2.2 allows 64 KB of what proxies wish to add; what is of use to anybody is far shorter. */
const MAX_EXTRA = 4096;

/** §2: the header is sent at once; it may be lost and sent again by TCP. Milliseconds. */
const HEADER_TIME_MS = 5_000;

const SIGNATURE = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
const LINE_START = Buffer.from("PROXY ", "latin1");
const FIXED_LENGTH = 16;
const IPV4_LENGTH = 12;
const IPV6_LENGTH = 36;

export interface ProxyHeader {
  /** The client's address; undefined when the proxy speaks for itself, as in a check of health. */
  readonly source: string | undefined;
  /** Bytes of the header. */
  readonly length: number;
}

/** @returns undefined when more bytes are needed. @throws Error for what is no header. */
export function readProxyHeader(bytes: Buffer): ProxyHeader | undefined {
  if (startsAs(bytes, LINE_START)) return readLine(bytes);
  if (startsAs(bytes, SIGNATURE)) return readBinary(bytes);
  throw new Error("no PROXY header");
}

/**
 * Takes the header off a connection that has just been accepted, and puts back what came behind it.
 * @param taken called with the client's address. What is no header, too long or late closes the connection.
 */
export function takeProxyHeader(
  socket: Socket,
  clock: Clock,
  taken: (source: string | undefined) => void,
): void {
  let bytes: Buffer = Buffer.alloc(0);
  const timer = clock.after(HEADER_TIME_MS, () => socket.destroy());
  const ignore = () => {};
  // Not by "data": taking that listener away would leave the socket paused, for whoever takes over.
  const read = () => {
    const chunk = socket.read() as Buffer | null;
    if (!chunk) return undefined;
    bytes = Buffer.concat([bytes, chunk]);
    let header: ProxyHeader | undefined;
    try {
      header = readProxyHeader(bytes);
    } catch {
      return void socket.destroy();
    }
    if (!header) return undefined;
    timer.cancel();
    socket.off("readable", read);
    socket.off("close", timer.cancel);
    if (bytes.length > header.length) socket.unshift(bytes.subarray(header.length));
    taken(header.source);
    socket.off("error", ignore);
    return undefined;
  };
  socket.on("error", ignore);
  socket.on("close", timer.cancel);
  socket.on("readable", read);
}

/** Whether the bytes begin as `start` does, as far as there are any. */
function startsAs(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.compare(start, 0, length, 0, length) === 0;
}

/** §2.1 */
function readLine(bytes: Buffer): ProxyHeader | undefined {
  const end = bytes.subarray(0, MAX_LINE).indexOf("\r\n");
  if (end < 0) {
    if (bytes.length >= MAX_LINE) throw new Error("the PROXY line is too long");
    return undefined;
  }
  const length = end + 2;
  const [, protocol, source = "", target = "", ...ports] = bytes.toString("latin1", 0, end).split(" ");
  // What follows UNKNOWN must be ignored.
  if (protocol === "UNKNOWN") return { source: undefined, length };
  const isAddress = protocol === "TCP4" ? isIPv4 : protocol === "TCP6" ? isIPv6 : undefined;
  if (!isAddress?.(source) || !isAddress(target) || ports.length !== 2 || !ports.every(isPort)) {
    throw new Error("a malformed PROXY line");
  }
  return { source: plain(source), length };
}

/** §2.2 */
function readBinary(bytes: Buffer): ProxyHeader | undefined {
  if (bytes.length < FIXED_LENGTH) return undefined;
  const [versionAndCommand = 0, family = 0] = bytes.subarray(12, 14);
  const isLocal = versionAndCommand === 0x20;
  const rest = bytes.readUInt16BE(14);
  if (!isLocal && versionAndCommand !== 0x21) throw new Error("not version 2 of the PROXY protocol");
  if (rest > IPV6_LENGTH + MAX_EXTRA) throw new Error("the PROXY header is too long");
  const length = FIXED_LENGTH + rest;
  if (bytes.length < length) return undefined;
  const body = bytes.subarray(FIXED_LENGTH, length);
  if (isLocal) return { source: undefined, length };
  return { source: readSource(family, body), length };
}

/** Families that carry no address of the internet count as those that carry none. */
function readSource(family: number, body: Buffer): string | undefined {
  if (family === 0x11) {
    if (body.length < IPV4_LENGTH) throw new Error("the PROXY header is too short");
    return body.subarray(0, 4).join(".");
  }
  if (family === 0x21) {
    if (body.length < IPV6_LENGTH) throw new Error("the PROXY header is too short");
    const groups = Array.from({ length: 8 }, (_, index) => body.readUInt16BE(index * 2).toString(16));
    return plain(new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1));
  }
  if (family >> 4 > 3 || (family & 0x0f) > 2) throw new Error("an unknown family in the PROXY header");
  return undefined;
}

function isPort(text: string): boolean {
  return /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

/** An IPv4 address as such, also when it was mapped into IPv6. */
function plain(address: string): string {
  const mapped = /^::ffff:(?:([\d.]+)|([\da-f]{1,4}):([\da-f]{1,4}))$/i.exec(address);
  if (!mapped) return address;
  if (mapped[1] !== undefined) return mapped[1];
  const [high, low] = [mapped[2], mapped[3]].map((group) => Number.parseInt(group as string, 16));
  return [high, low].flatMap((group = 0) => [group >> 8, group & 0xff]).join(".");
}
