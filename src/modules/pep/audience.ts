import type { Host } from "../../core/host.ts";
import { type Awaitable, after, each } from "../../util/awaitable.ts";
import type { Jid } from "../../xmpp/jid.ts";
import type { Caps } from "../caps/caps.ts";
import type { PubsubNode } from "../pubsub/node.ts";
import type { Audience } from "../pubsub/pubsub-service.ts";
import type { RosterItem } from "../roster/roster-item.ts";
import type { RosterService } from "../roster/roster-service.ts";
import type { Visitors } from "./visitors.ts";

export interface AudienceParts {
  readonly host: Host;
  readonly rosters: RosterService;
  readonly caps: Caps;
  readonly visitors: Pick<Visitors, "of" | "isThere">;
  /** Whether `user` wants nothing to go to `peer`. */
  blocks(user: Jid, peer: Jid): Awaitable<boolean>;
}

/**
 * XEP-0163 §4: who gets the events of a node without a subscription: the owner's own resources, those of contacts who may
 * read it and whose presence the owner sees, and of an open node whoever sent the owner their presence; each as far as its
 * client says that it wants them.
 */
export function audienceOf(parts: AudienceParts, owner: Jid, node: PubsubNode): Awaitable<Audience> {
  const { host, rosters, visitors } = parts;
  return after(rosters.of(owner), (list) => {
    const decides = (subscriber: Jid) =>
      subscriber.isBare &&
      (subscriber.equals(owner) ||
        (list.get(subscriber)?.subscription === "both" &&
          (host.sessions.available(subscriber).length > 0 || visitors.isThere(owner, subscriber))));
    const own: Jid[] = [];
    collect(parts, owner, node, own);
    const contacts: Jid[] = [];
    for (const item of list.items()) {
      if (item.subscription === "both" && mayHear(item, node)) collect(parts, item.contact, node, contacts);
    }
    const strangers: Jid[] = [];
    for (const { jid, interests } of visitors.of(owner)) {
      if (!interests.has(node.id)) continue;
      const item = list.get(jid.bare);
      if (item?.subscription !== "both") {
        if (isOpenTo(jid, node)) strangers.push(jid);
      } else if (jid.domain !== host.domain && mayHear(item, node)) contacts.push(jid);
    }
    return after(withoutBlocked(parts, owner, contacts), (heard) =>
      after(withoutBlocked(parts, owner, strangers), (others) => ({
        recipients: [...own, ...heard],
        strangers: others,
        decides,
      })),
    );
  });
}

function collect({ host, caps }: AudienceParts, user: Jid, node: PubsubNode, recipients: Jid[]): void {
  for (const session of host.sessions.available(user)) {
    if (caps.interests(session).has(node.id)) recipients.push(session.jid);
  }
}

/** XEP-0060 §9.1.3 */
function isOpenTo(jid: Jid, { affiliations, config }: PubsubNode): boolean {
  return config.accessModel === "open" && affiliations.get(jid.bare.toString()) !== "outcast";
}

/** XEP-0060 §9.1.2; the other access models are for those who subscribe. */
function mayHear({ contact, groups }: RosterItem, { affiliations, config }: PubsubNode): boolean {
  if (affiliations.size > 0 && affiliations.get(contact.toString()) === "outcast") return false;
  switch (config.accessModel) {
    case "open":
    case "presence":
      return true;
    case "roster":
      return groups.some((group) => config.rosterGroups.includes(group));
    case "authorize":
    case "whitelist":
      return false;
  }
}

/** XEP-0163 §4.3.3 */
function withoutBlocked(
  { blocks }: AudienceParts,
  owner: Jid,
  recipients: readonly Jid[],
): Awaitable<readonly Jid[]> {
  const kept: Jid[] = [];
  const asked = each(recipients, (recipient) =>
    after(blocks(owner, recipient), (isBlocked) => {
      if (!isBlocked) kept.push(recipient);
    }),
  );
  return after(asked, () => kept);
}
