import type { IncomingMessage } from "node:http";

/** What is wrong with a request that Node takes, and that others on the way may read in another way: the answer's status. */
export function faultOf({ headers, rawHeaders, httpVersion }: IncomingMessage): 400 | 501 | undefined {
  const coding = headers["transfer-encoding"];
  if (coding !== undefined) {
    // RFC 9112 §6.1: "MUST treat the message as if the framing is faulty".
    if (httpVersion === "1.0") return 400;
    // Node takes what is coded otherwise as well for what it was before.
    if (coding.toLowerCase() !== "chunked") return 501;
  }
  // RFC 9112 §3.2: of several, others may take another one.
  return countHosts(rawHeaders) > 1 ? 400 : undefined;
}

/** @param rawHeaders names and values by turns. */
function countHosts(rawHeaders: readonly string[]): number {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (name.length === 4 && name.toLowerCase() === "host") hosts++;
  }
  return hosts;
}
