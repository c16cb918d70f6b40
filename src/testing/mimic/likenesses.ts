import { ejabberd } from "./ejabberd.ts";
import type { Likeness } from "./mimicry.ts";
import { openfire } from "./openfire.ts";
import { prosody } from "./prosody.ts";

/** The servers that a test server can look like. */
export type LikenessName = "prosody" | "ejabberd" | "openfire";

export const likenesses: Readonly<Record<LikenessName, Likeness>> = { prosody, ejabberd, openfire };
