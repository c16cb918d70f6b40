/** Writes the files below docs/ that are made from the source. test/project/docs.test.ts tells when that is due. */
import { writeFileSync } from "node:fs";
import { generatedDocs } from "./docs/generated.ts";

for (const [name, text] of await generatedDocs()) {
  writeFileSync(new URL(`../docs/${name}`, import.meta.url), text);
}
