/** Writes docs/config.md and docs/server.config.schema.json from the schemas of the server and its modules. */
import { writeFileSync } from "node:fs";
import { configDocs, configJsonSchema } from "../src/config/docs.ts";
import { defaultModules } from "../src/modules/index.ts";

const docs = new URL("../docs/", import.meta.url);
writeFileSync(new URL("config.md", docs), configDocs(defaultModules));
writeFileSync(
  new URL("server.config.schema.json", docs),
  `${JSON.stringify(configJsonSchema(defaultModules), null, 2)}\n`,
);
