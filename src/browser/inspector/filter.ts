import type { Entry, Kind } from "./sighting.ts";

/** What is shown of what is kept; empty texts let everything through. */
export interface Filter {
  readonly kinds: ReadonlySet<Kind>;
  readonly session: string;
  readonly namespace: string;
  /** Anywhere in the XML. */
  readonly text: string;
}

/** Without regard to case. */
export function filterBy({ kinds, ...texts }: Filter): (entry: Entry) => boolean {
  const [session, namespace, text] = [texts.session, texts.namespace, texts.text].map((each) =>
    each.trim().toLowerCase(),
  ) as [string, string, string];
  return (entry) =>
    kinds.has(entry.kind) &&
    entry.session.toLowerCase().includes(session) &&
    (namespace === "" || [...entry.namespaces].some((each) => each.toLowerCase().includes(namespace))) &&
    (text === "" || entry.xml.toLowerCase().includes(text) || entry.gist.toLowerCase().includes(text));
}
