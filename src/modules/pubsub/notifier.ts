import type { Host } from "../../core/host.ts";
import { type Awaitable, after, each, together } from "../../util/awaitable.ts";
import type { Counter } from "../../util/metrics.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { Stanza } from "../../xmpp/stanza.ts";
import type { Access } from "./access.ts";
import { type EventContent, itemEvent, subscriptionEvent, withDelay, withReplyTo } from "./events.ts";
import type { Item, PubsubNode } from "./node.ts";
import type { NodeSet } from "./node-set.ts";
import type { Audience, PubsubProfile } from "./pubsub-service.ts";
import { isCurrent, type SubscriptionOptions } from "./subscription-options.ts";

const NOBODY: Audience = { recipients: [], strangers: [], decides: () => false };

/** XEP-0060 §12.2: tells those who may know what happened at a node. */
export class Notifier {
  readonly #host: Host;
  readonly #profile: PubsubProfile;
  readonly #access: Access;
  readonly #sent: Counter;

  constructor(host: Host, profile: PubsubProfile, access: Access) {
    this.#host = host;
    this.#profile = profile;
    this.#access = access;
    this.#sent = host.metrics.counter("jackdaw_pubsub_notifications", "events sent to subscribers");
  }

  /** Tells everybody. `publisher` is the full JID of who published, if that is what happened. */
  tell(set: NodeSet, node: PubsubNode, content: EventContent, publisher?: string): Awaitable<void> {
    if (!node.config.deliverNotifications) return;
    const { audience } = this.#profile;
    return after(audience ? audience(set.service, node) : NOBODY, (found) => {
      const header = this.#header(set, node);
      const seen = publisher === undefined ? content : withReplyTo(content, publisher);
      const told = this.#tellAudience(stanzaOf(header, seen), found.recipients);
      if (node.subscriptions.size === 0 && found.strangers.length === 0) return told;
      const plain = stanzaOf(header, content);
      return together(
        told,
        this.#tellAudience(plain, found.strangers),
        this.#tellSubscribers(set, node, plain, found),
      );
    });
  }

  /** As `tell`, for what cannot be seen any more by those who are told: also who still waits for approval (§8.4.2). */
  tellGone(set: NodeSet, node: PubsubNode, content: EventContent): Awaitable<void> {
    const waiting = [...node.subscriptions.values()].filter(({ state }) => state === "pending");
    const stanza = stanzaOf(this.#header(set, node), content);
    return together(
      this.tell(set, node, content),
      each(waiting, ({ jid }) => this.#send(stanza, jid)),
    );
  }

  /** The last item, late, for one. `isTrusted`: whoever sees the presence of the owner. */
  last(set: NodeSet, node: PubsubNode, to: Jid, isTrusted: boolean): Awaitable<void> {
    if (!node.config.deliverNotifications) return;
    return after(set.last(node), (item) => {
      if (!item) return;
      const content = this.#lastContent(node, item, isTrusted);
      return this.#send(stanzaOf(this.#header(set, node), content), to);
    });
  }

  /** §8.8.4: a subscription is now so. */
  subscription(set: NodeSet, node: PubsubNode, jid: Jid, state: string): Awaitable<void> {
    const stanza = stanzaOf(this.#header(set, node), subscriptionEvent(node, jid, state));
    return this.#host.route(stanza.with({ to: jid }));
  }

  /** Subscriptions of `contact` that it may not have any more end. */
  cancelRefused(set: NodeSet, node: PubsubNode, contact: Jid): Awaitable<void> {
    if (node.subscriptions.size === 0) return;
    return each([...node.subscriptions.values()], ({ jid, state }) => {
      if (state !== "subscribed" || !jid.bare.equals(contact.bare)) return undefined;
      return after(this.#access.refusal(set, node, jid), (refusal) =>
        refusal ? this.#cancel(set, node, jid) : undefined,
      );
    });
  }

  /** XEP-0163 §7.1: who has no access any more is not subscribed any more. */
  #cancel(set: NodeSet, node: PubsubNode, jid: Jid): Awaitable<void> {
    return together(set.unsubscribe(node, jid), this.subscription(set, node, jid, "none"));
  }

  #lastContent(node: PubsubNode, item: Item, isTrusted: boolean): EventContent {
    const content = itemEvent(node, item);
    return withDelay(isTrusted ? withReplyTo(content, item.publisher) : content, item.at);
  }

  #tellAudience(stanza: Stanza, recipients: readonly Jid[]): Awaitable<void> {
    this.#sent.inc(recipients.length);
    return each(recipients, (to) => this.#host.route(stanza.with({ to })));
  }

  #tellSubscribers(set: NodeSet, node: PubsubNode, stanza: Stanza, { decides }: Audience): Awaitable<void> {
    return each([...node.subscriptions.values()], ({ jid, state, options }) => {
      if (state !== "subscribed") return undefined;
      return after(this.#access.refusal(set, node, jid), (refusal) => {
        if (refusal || !isCurrent(options, this.#host.clock.now())) return this.#cancel(set, node, jid);
        return decides(jid) || !this.#wants(jid, options) ? undefined : this.#send(stanza, jid);
      });
    });
  }

  /** §6.3, §12.4; whose presence is not known here gets them in any. */
  #wants(jid: Jid, { deliver, shows }: SubscriptionOptions): boolean {
    const { sessions, domain } = this.#host;
    if (!deliver || shows.length === 0 || jid.domain !== domain) return deliver;
    return sessions
      .available(jid.bare)
      .filter((session) => jid.isBare || session.jid.equals(jid))
      .some(({ presence }) => shows.some((show) => show === (presence?.text("show") ?? "online")));
  }

  #send(stanza: Stanza, to: Jid): Awaitable<void> {
    this.#sent.inc();
    return this.#host.route(stanza.with({ to }));
  }

  /** §12.4: with an id, so that errors can be told apart. */
  #header({ service }: NodeSet, { config }: PubsubNode) {
    const type = config.notificationType === "headline" ? "headline" : undefined;
    return { kind: "message", type, id: this.#host.random.id(), from: service } as const;
  }
}

function stanzaOf(header: Parameters<typeof Stanza.ofText>[0], { heads, inner }: EventContent): Stanza {
  return Stanza.ofText(header, heads, inner);
}
