import { type Client, xml } from "@xmpp/client";
import type { Element } from "ltx";

/** A page of an archive. */
export interface ArchivePage {
  readonly ids: string[];
  readonly bodies: string[];
  readonly fin: Element;
}

let queries = 0;

/** A query of the archive, by hand: xmpp.js has nothing for it. */
export async function queryArchive(
  client: Client,
  fields: Readonly<Record<string, string>>,
  max: number,
  ...rsm: Element[]
): Promise<ArchivePage> {
  const queryid = `query ${++queries}`;
  const results: Element[] = [];
  const collect = (stanza: Element) => {
    const result = stanza.is("message") && stanza.getChild("result", "urn:xmpp:mam:2");
    if (result && result.attrs["queryid"] === queryid) results.push(result);
  };
  client.on("stanza", collect);
  const form = Object.entries({ FORM_TYPE: "urn:xmpp:mam:2", ...fields }).map(([name, value]) =>
    xml("field", { var: name }, xml("value", {}, value)),
  );
  const iq = xml(
    "iq",
    { type: "set" },
    xml(
      "query",
      { xmlns: "urn:xmpp:mam:2", queryid },
      xml("x", { xmlns: "jabber:x:data", type: "submit" }, ...form),
      xml("set", { xmlns: "http://jabber.org/protocol/rsm" }, xml("max", {}, String(max)), ...rsm),
    ),
  );
  const answer = await client.iqCaller.request(iq);
  client.off("stanza", collect);
  const messages = results.map((result) => result.getChild("forwarded")?.getChild("message"));
  return {
    ids: results.map(({ attrs }) => String(attrs["id"])),
    bodies: messages.map((message) => message?.getChildText("body") ?? ""),
    fin: answer.getChild("fin", "urn:xmpp:mam:2") as Element,
  };
}
