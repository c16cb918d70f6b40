import { configDocs, configJsonSchema } from "../../src/config/docs.ts";
import { defaultModules } from "../../src/modules/index.ts";
import { doap } from "./doap.ts";
import { hooksDocs } from "./hooks.ts";
import { likenessesDocs } from "./likenesses.ts";
import { xepsDocs } from "./xeps.ts";

/** Every file below docs/ that is generated, by its name, as it should be now. */
export async function generatedDocs(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ["config.md", configDocs(defaultModules)],
    ["server.config.schema.json", `${JSON.stringify(configJsonSchema(defaultModules), null, 2)}\n`],
    ["hooks.md", await hooksDocs()],
    ["xeps.md", xepsDocs()],
    ["jackdaw.doap", doap()],
    ["likenesses.md", likenessesDocs()],
  ]);
}
