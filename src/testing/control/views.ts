import type { Seen } from "../seen.ts";
import type { TestServer } from "../test-server.ts";
import type { SeenAnswer, ServerAnswer } from "./answers.ts";

/** Something that went over a stream, as JSON. */
export function viewSeen({ direction, kind, session, client, from, to, time, xml }: Seen): SeenAnswer {
  return { direction, kind, session, client, from, to, time, xml };
}

/** What a suite has to know to begin. */
export function viewServer(server: TestServer): ServerAnswer {
  const services: Record<string, string> = {};
  for (const name of ["xmpp", "xmpps", "ws", "wss", "bosh", "http", "https"] as const) {
    try {
      services[name] = server.service(name);
    } catch {
      // Not offered.
    }
  }
  const { domain, port, tlsPort, ca } = server;
  return { domain, port, tlsPort, services, ca };
}
