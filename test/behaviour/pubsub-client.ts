import { createHash } from "node:crypto";
import type { Client } from "../../src/testing/client.ts";

export const PUBSUB = "http://jabber.org/protocol/pubsub";
export const OWNER = `${PUBSUB}#owner`;
export const EVENT = `${PUBSUB}#event`;
const ERRORS = `${PUBSUB}#errors`;
const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";
const CAPS = "http://jabber.org/protocol/caps";
const INFO = "http://jabber.org/protocol/disco#info";

/** What a client says that it can do: that it wants to hear of these nodes. */
export function capabilities(...nodes: readonly string[]): string {
  const features = [INFO, ...nodes.map((node) => `${node}+notify`)].toSorted();
  return `<identity category="client" type="pc" name="Test"/>${features.map((feature) => `<feature var="${feature}"/>`).join("")}`;
}

/** XEP-0115 §5.1 of `capabilities`. */
export function verification(...nodes: readonly string[]): string {
  const features = [INFO, ...nodes.map((node) => `${node}+notify`)].toSorted();
  const text = ["client/pc//Test", ...features].map((part) => `${part}<`).join("");
  return createHash("sha1").update(text).digest("base64");
}

export function presenceWithCaps(ver: string, hash = "sha-1"): string {
  return `<presence><c xmlns="${CAPS}" hash="${hash}" node="urn:test" ver="${ver}"/></presence>`;
}

/** Becomes available, wants to hear of these nodes, and has told so. What comes before it is forgotten. */
export async function wants(client: Client, ...nodes: readonly string[]): Promise<void> {
  await client.sends(presenceWithCaps(verification(...nodes)));
  client.forget((element) => element.is("presence"));
  const asked: string[] = [];
  client.forget((element) => {
    const isQuestion = element.is("iq") && element.getChild("query", INFO) !== undefined;
    if (isQuestion) asked.push(String(element.attrs.id), String(element.getChild("query")?.attrs.node));
    return isQuestion;
  });
  const [id, node] = asked;
  // Somebody with the same client told before.
  if (id === undefined) return;
  const query = `<query xmlns="${INFO}" node="${node}">${capabilities(...nodes)}</query>`;
  await client.sends(`<iq type="result" id="${id}" to="localhost">${query}</iq>`);
}

/** The server's question about that node of disco#info, as a pattern. */
export function capsQuestion(node: string): string {
  return `<iq type="get" id="{any}" from="localhost"><query xmlns="${INFO}" node="${node}"/></iq>`;
}

/** Takes the server's question and answers it with `content`, or not at all. */
export async function isAsked(client: Client, node: string, content?: string): Promise<void> {
  client.forget((element) => element.is("presence"));
  const asked = await client.receives(capsQuestion(node));
  if (content === undefined) return;
  const query = `<query xmlns="${INFO}" node="${node}">${content}</query>`;
  await client.sends(`<iq type="result" id="${String(asked.attrs["id"])}" to="localhost">${query}</iq>`);
}

/** As `receives`, for somebody who does not look at presence. */
export async function hears(client: Client, pattern: string): Promise<void> {
  client.forget((element) => element.is("presence"));
  await client.receives(pattern);
}

export async function hearsNothing(client: Client): Promise<void> {
  client.forget((element) => element.is("presence"));
  await client.receivesNothing();
}

/** A form of the owner, or of one who publishes. */
export function form(formType: string, fields: Readonly<Record<string, string | readonly string[]>>): string {
  const texts = Object.entries(fields).map(([name, value]) => {
    const values = typeof value === "string" ? [value] : value;
    return `<field var="pubsub#${name}">${values.map((each) => `<value>${each}</value>`).join("")}</field>`;
  });
  const type = `<field var="FORM_TYPE" type="hidden"><value>${PUBSUB}#${formType}</value></field>`;
  return `<x xmlns="jabber:x:data" type="submit">${type}${texts.join("")}</x>`;
}

type Fields = Readonly<Record<string, string | readonly string[]>>;

/** The request to publish `<e>text</e>`. */
export function publication(node: string, id: string, text: string, options?: Fields): string {
  const extra = options ? `<publish-options>${form("publish-options", options)}</publish-options>` : "";
  const attribute = id && ` id="${id}"`;
  const item = `<item${attribute}><e xmlns="urn:e">${text}</e></item>`;
  return `<pubsub xmlns="${PUBSUB}"><publish node="${node}">${item}</publish>${extra}</pubsub>`;
}

/** Sends a request; `to` is the account asked, "" for one's own. */
export async function asks(client: Client, type: "get" | "set", to: string, payload: string): Promise<void> {
  await client.sends(`<iq type="${type}" id="q"${to && ` to="${to}"`}>${payload}</iq>`);
}

/** Publishes to one's own account, and has been told that it is done. */
export async function publishes(
  client: Client,
  node: string,
  id: string,
  text: string,
  options?: Fields,
): Promise<void> {
  await asks(client, "set", "", publication(node, id, text, options));
  await hears(
    client,
    `<iq type="result" id="q"><pubsub xmlns="${PUBSUB}"><publish node="${node}"><item id="${id || "{any}"}"/></publish></pubsub></iq>`,
  );
}

/** Configures one's own node. */
export async function configures(client: Client, node: string, fields: Fields): Promise<void> {
  await asks(
    client,
    "set",
    "",
    `<pubsub xmlns="${OWNER}"><configure node="${node}">${form("node_config", fields)}</configure></pubsub>`,
  );
  await hears(client, `<iq type="result" id="q"/>`);
}

/** An event about items, as a pattern; `extra` is what follows it. */
export function itemsEvent(node: string, items: string, extra = "{...}"): string {
  return `<message type="headline">${extra}<event xmlns="${EVENT}"><items node="${node}">${items}</items></event></message>`;
}

export function itemOf(id: string, text: string): string {
  return `<item id="${id}"><e xmlns="urn:e">${text}</e></item>`;
}

/** An error answer to a request, as a pattern. */
export function refusal(type: string, condition: string, detail = "", feature = ""): string {
  const attribute = feature && ` feature="${feature}"`;
  const more = detail && `<${detail} xmlns="${ERRORS}"${attribute}/>`;
  return `<iq type="error" id="q">{...}<error type="${type}"><${condition} xmlns="${STANZAS}"/>${more}</error></iq>`;
}

/** The answer to a request for items, as a pattern. */
export function itemsAnswer(node: string, items: string, rsm = ""): string {
  return `<iq type="result" id="q"><pubsub xmlns="${PUBSUB}"><items node="${node}">${items}</items>${rsm}</pubsub></iq>`;
}

export function itemsRequest(node: string, inner = "", rsm = ""): string {
  return `<pubsub xmlns="${PUBSUB}"><items node="${node}">${inner}</items>${rsm}</pubsub>`;
}
