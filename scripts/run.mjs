// node scripts/run.mjs FILE [ARGUMENT ...]: installs what is missing, then runs FILE, a path from the root
// of the checkout, under a Node that is new enough.
import { join } from "node:path";
import { isModern, runHere, runUnder } from "../bin/launch.js";
import { ensureInstalled, newerNode, root } from "./setup.mjs";

const [file = "", ...args] = process.argv.slice(2);
const isServer = file === "src/main.ts";

ensureInstalled({ development: !isServer || !isModern(process.versions.node) });
const node = newerNode();
if (node === undefined) await runHere(join(root, file), args);
else runUnder(node, join(root, file), args);
