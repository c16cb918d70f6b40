/** What tests of push notifications (XEP-0357) say and expect. The push service is a client of this server, unless a test says otherwise. */
import type { Client } from "../../src/testing/client.ts";
import type { Element } from "../../src/xml/element.ts";

export const PUSH = "urn:xmpp:push:0";
const SERVICE = "push@localhost/app";

export const enable = (node = "n1", content = "", service = SERVICE) =>
  `<iq type="set" id="on"><enable xmlns="${PUSH}" jid="${service}" node="${node}">${content}</enable></iq>`;

export const disable = (node?: string) =>
  `<iq type="set" id="off"><disable xmlns="${PUSH}" jid="${SERVICE}"${node ? ` node="${node}"` : ""}/></iq>`;

export async function does(client: Client, request: string): Promise<void> {
  await client.sends(request);
  await client.receives(`<iq type="result"/>`);
}

/** From now on the client's session can be resumed (XEP-0198 §5); the id to resume with. */
export async function mayResume(client: Client): Promise<string> {
  await client.sends(`<enable xmlns="urn:xmpp:sm:3" resume="true"/>`);
  const answer = await client.receives(
    `<enabled xmlns="urn:xmpp:sm:3" id="{any}" resume="true" max="{any}"/>`,
  );
  return String(answer.attrs.id);
}

export const notification = (node = "n1", options = "", service = SERVICE) => `
  <iq type="set" from="localhost" to="${service}" id="{any}">
    <pubsub xmlns="http://jabber.org/protocol/pubsub">
      <publish node="${node}"><item><notification xmlns="${PUSH}">{any}</notification></item></publish>${options}
    </pubsub>
  </iq>`;

/** The service gets a notification; how it answers that is left open. */
export function isTold(service: Client, node = "n1", address = SERVICE): Promise<Element> {
  return service.receives(notification(node, "", address));
}

/** It gets one, and confirms it; the fields of the summary (§11.3.1). */
export async function confirms(
  service: Client,
  node = "n1",
  address = SERVICE,
): Promise<Readonly<Record<string, string>>> {
  const request = await isTold(service, node, address);
  await service.sends(
    `<iq type="result" to="localhost" from="${address}" id="${String(request.attrs.id)}"/>`,
  );
  return summaryOf(request);
}

/** It gets one, and answers with an error of that type and condition. */
export async function refuses(service: Client, type: string, condition: string): Promise<void> {
  const request = await isTold(service);
  await service.sends(
    `<iq type="error" to="localhost" id="${String(request.attrs.id)}"><error type="${type}"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
  );
}

function summaryOf(request: Element): Record<string, string> {
  const item = request.getChild("pubsub")?.getChild("publish")?.getChild("item");
  const form = item?.getChild("notification")?.getChild("x");
  const fields = form?.getChildren("field") ?? [];
  return Object.fromEntries(
    fields
      .filter((field) => field.attrs.var !== "FORM_TYPE")
      .map((field) => [String(field.attrs.var), field.getChildText("value") ?? ""]),
  );
}
