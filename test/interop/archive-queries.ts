import type { Server } from "../../src/index.ts";
import { XmppServer } from "../../src/server.ts";
import { textOf } from "../../src/stream/tap.ts";

/** Queries of one archive (XEP-0313 §4) that clients send from now on, as text. */
export function archiveQueriesTo(server: Server | XmppServer, archive: string): readonly string[] {
  if (!(server instanceof XmppServer)) throw new Error("this server cannot be watched");
  const queries: string[] = [];
  server.addTap({
    received(_, element) {
      const isQuery = element.name === "iq" && element.attributes["to"] === archive;
      if (isQuery && element.inner.includes("urn:xmpp:mam:2")) queries.push(textOf(element));
    },
  });
  return queries;
}
