import { defineService } from "../../core/module.ts";
import type { AdhocCommand } from "../adhoc/command.ts";

/** What the server's administrators do with the rooms of the domain, as ad-hoc commands of group chat services. */
export const roomFacesService = defineService<readonly AdhocCommand[]>("roomFaces");
