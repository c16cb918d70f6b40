import type { Element } from "../../xml/element.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import {
  hash,
  hashInput,
  interestsIn,
  interestsOf,
  isKnownAlgorithm,
  verificationString,
} from "./verification.ts";

/** What a client announces of its capabilities, and how it is verified. */
export interface Announcement {
  /** What the verified answer is remembered by; equal for all clients with the same capabilities. */
  readonly key: string;
  /** The node of disco#info to ask for. */
  readonly node: string;
  /** Whether nobody can verify it: then it holds for this client alone (XEP-0115 §5.4). */
  readonly isUnverifiable: boolean;
  /** The nodes that the answer says the client wants to hear of; undefined when it is not what was announced. */
  verify(query: Element, lang: string | undefined): ReadonlySet<string> | undefined;
}

/** Of a hash, the name of its function, the URI of a client; in UTF-16 units. */
const MAX_LENGTH = 1024;

/** What the presence announces; XEP-0390 counts before XEP-0115. */
export function announcementIn(presence: Stanza): Announcement | undefined {
  return modern(presence.child("c", ns.CAPS_2)) ?? classic(presence.child("c", ns.CAPS));
}

/** XEP-0390 §5.4: the first of the hashes that we can verify. */
function modern(c: Element | undefined): Announcement | undefined {
  const found = c
    ?.getChildren("hash", ns.HASHES)
    .map((element) => ({ algorithm: String(element.attrs.algo), value: element.getText() }))
    .find(
      ({ algorithm, value }) => isKnownAlgorithm(algorithm) && value !== "" && value.length <= MAX_LENGTH,
    );
  if (!found) return undefined;
  const { algorithm, value } = found;
  const node = `${ns.CAPS_2}#${algorithm}.${value}`;
  return {
    key: node,
    node,
    isUnverifiable: false,
    verify(query, lang) {
      // §4.1: a language that is inherited counts; not every client knows that.
      const isVerified = [undefined, lang].some((each) => {
        const input = hashInput(query, each);
        return input !== undefined && hash(algorithm, input) === value;
      });
      return isVerified ? interestsOf(query) : undefined;
    },
  };
}

function classic(c: Element | undefined): Announcement | undefined {
  const { hash: algorithm, node: uri, ver } = (c?.attrs ?? {}) as Record<string, string | undefined>;
  // §5.4: without a hash it is of the time before there were any.
  if (!algorithm || !uri || !ver || algorithm.length + uri.length + ver.length > MAX_LENGTH) return undefined;
  const isUnverifiable = !isKnownAlgorithm(algorithm);
  return {
    key: `${algorithm} ${ver}`,
    node: `${uri}#${ver}`,
    isUnverifiable,
    verify(query) {
      const text = verificationString(query);
      if (text === undefined) return undefined;
      return isUnverifiable || hash(algorithm, text) === ver ? interestsIn(text) : undefined;
    },
  };
}
