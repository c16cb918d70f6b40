import { ns } from "../xmpp/ns.ts";
import type { Client } from "./client.ts";

export interface Login {
  readonly domain: string;
  readonly user: string;
  readonly password: string;
  /** Default: the server's choice. */
  readonly resource?: string | undefined;
}

/** From the first header to the bound resource, with SASL PLAIN (RFC 6120 §4.3, §6, §7). Sends no presence. */
export async function logIn(client: Client, { domain, user, password, resource }: Login): Promise<void> {
  await authenticate(client, { domain, user, password });
  const wanted = resource === undefined ? "" : `<resource>${escape(resource)}</resource>`;
  await client.sends(`<iq type="set" id="bind"><bind xmlns="${ns.BIND}">${wanted}</bind></iq>`);
  const answer = await client.receives(
    `<iq type="result" id="bind"><bind xmlns="${ns.BIND}"><jid>{any}</jid></bind></iq>`,
  );
  client.jid = answer.getChild("bind")?.getChildText("jid") ?? "";
}

/** The first half: the client is authenticated and has got the features of the new stream. */
export async function authenticate(
  client: Client,
  { domain, user, password }: Omit<Login, "resource">,
): Promise<void> {
  await client.opens({ to: domain });
  await client.receives("<stream:features>{any}</stream:features>");
  const message = Buffer.from(`\0${user}\0${password}`).toString("base64");
  await client.sends(`<auth xmlns="${ns.SASL}" mechanism="PLAIN">${message}</auth>`);
  await client.receives(`<success xmlns="${ns.SASL}"/>`);
  await client.opens({ to: domain });
  await client.receives("<stream:features>{any}</stream:features>");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
