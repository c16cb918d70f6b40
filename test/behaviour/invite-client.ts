import type { Client } from "../../src/testing/client.ts";
import { COMMANDS } from "./admin-client.ts";

export const INVITE = "urn:xmpp:invite#invite";
export const CREATE_ACCOUNT = "urn:xmpp:invite#create-account";
export const PARS = "urn:xmpp:pars:0";
const IBR_TOKEN = "urn:xmpp:ibr-token:0";
const REGISTER = "http://jabber.org/features/iq-register";
const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";

/** What is in the answer of a command that makes an invitation. */
export interface Shown {
  readonly uri: string;
  readonly token: string;
  readonly landingUrl: string | undefined;
  readonly expire: string;
}

/** Takes the answer of a command that made an invitation. */
export async function receivesInvitation(client: Client, node: string): Promise<Shown> {
  const answer = await client.receives(`
    <iq type="result"><command xmlns="${COMMANDS}" node="${node}" sessionid="{any}" status="completed"
      xml:lang="en"><x xmlns="jabber:x:data" type="result">
        <field var="FORM_TYPE" type="hidden"><value>urn:xmpp:invite#invitation</value></field>{...}</x></command></iq>`);
  const fields = answer.getChild("command")?.getChild("x")?.getChildren("field") ?? [];
  const values = new Map(fields.map((field) => [field.attrs["var"] as string, field.getChildText("value")]));
  const uri = values.get("uri") ?? "";
  const token = /preauth=([^;]+)/.exec(uri)?.[1] ?? "";
  return {
    uri,
    token,
    landingUrl: values.get("landing-url") ?? undefined,
    expire: values.get("expire") ?? "",
  };
}

/** Asks for an invitation to become a contact. */
export async function invites(client: Client): Promise<Shown> {
  await client.sends(
    `<iq type="set" id="i1" to="localhost"><command xmlns="${COMMANDS}" node="${INVITE}"/></iq>`,
  );
  return receivesInvitation(client, INVITE);
}

/** Opens a stream; which ways to register are offered. */
export async function offered(client: Client): Promise<{ register: boolean; token: boolean }> {
  await client.opens({ to: "localhost" });
  const features = String(await client.receivesAny());
  return { register: features.includes(REGISTER), token: features.includes(IBR_TOKEN) };
}

export async function shows(client: Client, token: string): Promise<void> {
  await client.sends(
    `<iq type="set" id="pa1" to="localhost"><preauth xmlns="${PARS}" token="${token}"/></iq>`,
  );
}

export async function registers(client: Client, name: string, password = "sesame"): Promise<void> {
  await client.sends(`<iq type="set" id="reg"><query xmlns="jabber:iq:register">
    <username>${name}</username><password>${password}</password></query></iq>`);
}

/** A new stream shows a token and makes an account with it. */
export async function joins(client: Client, token: string, name: string): Promise<void> {
  await offered(client);
  await shows(client, token);
  await client.receives(`<iq type="result" id="pa1" from="{none}"/>`);
  await registers(client, name);
  await client.receives(`<iq type="result" id="reg"/>`);
}

/** An answer on a stream without a session. */
export async function isTurnedDown(client: Client, condition: string, type: string): Promise<void> {
  await client.receives(
    `<iq type="error"><error type="${type}"><${condition} xmlns="${STANZAS}"/></error></iq>`,
  );
}
