import type { Socket } from "node:net";

/**
 * The first line that arrives, without its end. Rejects when it is longer than `maxBytes`, when the connection ends
 * before the line does, or after `timeout` milliseconds of silence.
 */
export function readLine(socket: Socket, maxBytes: number, timeout: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    socket.setTimeout(timeout, () => fail("took too long"));
    socket.on("error", (error) => fail(error.message));
    socket.on("end", () => fail("closed before the line was complete"));
    socket.on("data", (chunk: Buffer) => {
      const end = chunk.indexOf(0x0a);
      const part = end === -1 ? chunk : chunk.subarray(0, end);
      bytes += part.length;
      if (bytes > maxBytes) return fail("the line is too long");
      chunks.push(part);
      if (end !== -1) {
        done();
        resolve(Buffer.concat(chunks).toString("utf8"));
      }
    });

    function fail(reason: string) {
      done();
      reject(new Error(reason));
    }

    function done() {
      socket.setTimeout(0);
      socket.removeAllListeners("timeout");
      for (const event of ["data", "end", "error"]) socket.removeAllListeners(event);
      socket.on("error", () => {}); // whatever comes now concerns nobody
    }
  });
}
