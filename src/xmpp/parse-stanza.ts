import { readFragment } from "../xml/fragment.ts";
import { Stanza } from "./stanza.ts";

/** The stanza that `toString` made this text of, such as one from the store. @throws Error when it is not one. */
export function parseStanza(text: string): Stanza {
  return Stanza.read(readFragment(text));
}
