import { ns } from "../xmpp/ns.ts";

const SPACE = 0x20;
const SLASH = 0x2f;
const GREATER_THAN = 0x3e;

const STANZAS: readonly string[] = ["<message", "<presence", "<iq"];
const STREAM_PREFIX = "<stream:";

/** A stanza with the namespace that it has on a stream from around it; anything else names its own. */
export function withClientNamespace(text: string): string {
  for (const start of STANZAS) {
    if (text.startsWith(start) && endsName(text.charCodeAt(start.length))) {
      return `${start} xmlns="${ns.CLIENT}"${text.slice(start.length)}`;
    }
  }
  return text;
}

/** An element of a stream as a document of its own. */
export function standalone(text: string): string {
  if (!text.startsWith(STREAM_PREFIX)) return withClientNamespace(text);
  const end = text.slice(STREAM_PREFIX.length).search(/[\s/>]/) + STREAM_PREFIX.length;
  return `${text.slice(0, end)} xmlns:stream="${ns.STREAMS}"${text.slice(end)}`;
}

function endsName(code: number): boolean {
  return code === SPACE || code === GREATER_THAN || code === SLASH;
}
