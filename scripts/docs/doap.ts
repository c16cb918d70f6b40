/** docs/jackdaw.doap: the project and what it implements, for machines (XEP-0453). */
import { escapeAttribute, escapeText } from "../../src/xml/element.ts";
import { addressOf, type Claim, collectClaims, stateOf } from "./xeps.ts";

const DESCRIPTION =
  "A standalone XMPP server, written from scratch in TypeScript, that also runs inside a Node process";

export function doap(): string {
  const claims = [...collectClaims()].filter(([, { where }]) => where.size > 0).toSorted(byNumber);
  return `<?xml version="1.0" encoding="UTF-8"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://usefulinc.com/ns/doap#" xmlns:xmpp="https://linkmauve.fr/ns/xmpp-doap#">
  <!-- Generated from the modules and src/stream/specifications.ts by \`npm run docs\`. -->
  <Project xml:lang="en">
    <name>Jackdaw</name>
    <shortdesc>${escapeText(DESCRIPTION)}</shortdesc>
    <programming-language>TypeScript</programming-language>
    <os>Linux</os>
    <os>macOS</os>
    <os>Windows</os>
    <category rdf:resource="https://linkmauve.fr/ns/xmpp-doap#category-server"/>
${claims.map(([number, claim]) => implementation(number, claim)).join("")}  </Project>
</rdf:RDF>
`;
}

function implementation(number: string, claim: Claim): string {
  const resource = escapeAttribute(addressOf(number));
  if (!number.startsWith("XEP")) return `    <implements rdf:resource="${resource}"/>\n`;
  const [version = ""] = claim.versions;
  const note = [...claim.omits].join(" ");
  return [
    "    <implements>",
    "      <xmpp:SupportedXep>",
    `        <xmpp:xep rdf:resource="${resource}"/>`,
    `        <xmpp:status>${stateOf(claim)}</xmpp:status>`,
    ...(version ? [`        <xmpp:version>${escapeText(version)}</xmpp:version>`] : []),
    ...(note ? [`        <xmpp:note xml:lang="en">${escapeText(note)}</xmpp:note>`] : []),
    "      </xmpp:SupportedXep>",
    "    </implements>\n",
  ].join("\n");
}

function byNumber([a]: readonly [string, Claim], [b]: readonly [string, Claim]): number {
  return a < b ? -1 : 1;
}
