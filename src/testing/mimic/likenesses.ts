import { ejabberd } from "./ejabberd.ts";
import type { Likeness } from "./mimicry.ts";
import { prosody } from "./prosody.ts";

/** The servers that a test server can look like. */
export const likenesses = { prosody, ejabberd } as const satisfies Readonly<Record<string, Likeness>>;

export type LikenessName = keyof typeof likenesses;
