import type { Client } from "../../src/testing/client.ts";

export const COMMANDS = "http://jabber.org/protocol/commands";
export const ADMIN = "http://jabber.org/protocol/admin";
const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";

/** A field of a form that is submitted. */
export function field(name: string, ...values: string[]): string {
  return `<field var="${name}">${values.map((value) => `<value>${value}</value>`).join("")}</field>`;
}

/** Begins a command. */
export async function executes(client: Client, node: string, to = "localhost"): Promise<void> {
  await client.sends(`<iq type="set" id="a1" to="${to}"><command xmlns="${COMMANDS}" node="${node}"/></iq>`);
}

/** Takes the form of a command that was begun; the session's id is captured as `sid`. */
export async function receivesForm(client: Client, node: string, form = "{...}"): Promise<void> {
  await client.receives(`
    <iq type="result" id="a1"><command xmlns="${COMMANDS}" node="${node}" sessionid="{any}" status="executing"
        xml:lang="en"><actions execute="complete"><complete/></actions>
      <x xmlns="jabber:x:data" type="form">${form}</x></command></iq>`);
}

/** Fills in the form of the command that `client` began last. */
export async function submits(client: Client, node: string, ...fields: string[]): Promise<void> {
  const id = [...client.heard.matchAll(/sessionid="([^"]+)"/g)].at(-1)?.[1];
  await client.sends(`
    <iq type="set" id="a2" to="localhost"><command xmlns="${COMMANDS}" node="${node}" sessionid="${id}">
      <x xmlns="jabber:x:data" type="submit">${field("FORM_TYPE", ADMIN)}${fields.join("")}</x></command></iq>`);
}

/** The command is done, with these children of its `<command/>`. */
export async function completes(
  client: Client,
  node: string,
  children = '<note type="info">Operation finished successfully</note>',
  id = "a2",
): Promise<void> {
  await client.receives(`
    <iq type="result" id="${id}"><command xmlns="${COMMANDS}" node="${node}" sessionid="{any}" status="completed"
      xml:lang="en">${children}</command></iq>`);
}

/** The answer has the error and nothing of what was sent. */
export async function isRefused(client: Client, condition: string, type: string, detail = ""): Promise<void> {
  const specific = detail && `<${detail} xmlns="${COMMANDS}"/>`;
  await client.receives(
    `<iq type="error"><error type="${type}"><${condition} xmlns="${STANZAS}"/>${specific}</error></iq>`,
  );
}

/** Begins a command with a form, and fills it in. */
export async function does(client: Client, name: string, ...fields: string[]): Promise<void> {
  const node = `${ADMIN}#${name}`;
  await executes(client, node);
  await receivesForm(client, node);
  await submits(client, node, ...fields);
}

/** A form of type result with these fields. */
export function result(...fields: string[]): string {
  return `<x xmlns="jabber:x:data" type="result">
    <field var="FORM_TYPE" type="hidden"><value>${ADMIN}</value></field>${fields.join("")}</x>`;
}

export function resultField(name: string, type: string, ...values: string[]): string {
  return `<field var="${name}" type="${type}">${values.map((value) => `<value>${value}</value>`).join("")}</field>`;
}
