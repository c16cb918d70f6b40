import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Clock } from "../util/clock.ts";

/** ALPN (RFC 7301) of the protocols that share a port: XEP-0368 §2, RFC 7301 §6. */
export const ALPN = { xmpp: "xmpp-client", http: "http/1.1" } as const;

export type Spoken = keyof typeof ALPN;

const LESS_THAN = 0x3c;
/** RFC 8446 §5.1: the type of the first record. */
const TLS_HANDSHAKE = 0x16;
const SPACES = new Set([0x09, 0x0a, 0x0d, 0x20]);
/** UTF-8's byte order mark begins so. */
const BYTE_ORDER_MARK = 0xef;

/**
 * What the client of a shared port speaks: what it has chosen by ALPN, else what its first byte is the beginning of. A
 * client that makes up its mind too late is cut off.
 * @param timeout milliseconds, the handshake included.
 */
export function tellSpoken(
  socket: TLSSocket,
  clock: Clock,
  timeout: number,
  told: (spoken: Spoken) => void,
): void {
  const timer = clock.after(timeout, () => socket.destroy());
  const tell = (spoken: Spoken) => {
    timer.cancel();
    socket.off("close", timer.cancel);
    told(spoken);
  };
  socket.once("close", timer.cancel);
  socket.once("secure", () => {
    if (socket.alpnProtocol === ALPN.xmpp) return tell("xmpp");
    if (socket.alpnProtocol === ALPN.http) return tell("http");
    peek(socket, (byte) => tell(beginsXml(byte) ? "xmpp" : "http"));
    return undefined;
  });
}

/** Whether the client of a port speaks TLS there, by its first byte; one from whom none comes in time is cut off. */
export function tellTls(socket: Socket, clock: Clock, timeout: number, told: (isTls: boolean) => void): void {
  const timer = clock.after(timeout, () => socket.destroy());
  socket.once("close", timer.cancel);
  peek(socket, (byte) => {
    timer.cancel();
    socket.off("close", timer.cancel);
    told(byte === TLS_HANDSHAKE);
  });
}

/** Looks at the first byte that comes, and leaves it where it was. */
function peek(socket: Socket, seen: (byte: number) => void): void {
  // Not by "data": taking that listener away would leave the socket paused, for whoever takes over.
  const read = () => {
    const chunk = socket.read() as Buffer | null;
    if (!chunk) return;
    socket.off("readable", read);
    socket.unshift(chunk);
    seen(chunk[0] as number);
  };
  socket.on("readable", read);
}

/** No request of HTTP begins so (RFC 9112 §3). */
function beginsXml(byte: number): boolean {
  return byte === LESS_THAN || byte === BYTE_ORDER_MARK || SPACES.has(byte);
}
