/** docs/likenesses.md: what of other servers the test server shows, and where that is known from. */
import { likenesses } from "../../src/testing/mimic/likenesses.ts";
import type { Likeness } from "../../src/testing/mimic/mimicry.ts";
import type { Quirk } from "../../src/testing/mimic/quirk.ts";

const HEAD = `# Likenesses

<!-- Generated from src/testing/mimic by \`npm run docs\`. -->

What \`TestServer.start({ mimic })\` and \`jackdaw rig --mimic\` show of other servers; [testing-with-jackdaw.md](testing-with-jackdaw.md) is the
manual. Stream features, mechanisms, identities, features of the domain, version, the form of errors and the time for which sessions can be resumed
are those of the server; of its rooms these are the quirks.
`;

export function likenessesDocs(): string {
  return [HEAD, ...Object.entries(likenesses).map(([name, likeness]) => section(name, likeness))].join("\n");
}

function section(name: string, { of, source, quirks, answeredLast, roomDefaults }: Likeness): string {
  const last = answeredLast.map((namespace) => `\`${namespace}\``).join(" and ");
  const defaults = Object.entries(roomDefaults).map(([key, value]) => `\`${key}: ${String(value)}\``);
  return [
    `## \`${name}\`: ${of}\n`,
    `${source}.\n`,
    ...(last ? [`Requests of ${last} are answered when everybody has heard of what they did.\n`] : []),
    ...(defaults.length > 0 ? [`New rooms: ${defaults.join(", ")}.\n`] : []),
    "| quirk | what clients see | known from |",
    "|---|---|---|",
    ...quirks.map(row),
    "",
  ].join("\n");
}

function row({ name, does, source }: Quirk): string {
  return `| ${name} | ${does.replaceAll("<", "\\<")} | ${source} |`;
}
