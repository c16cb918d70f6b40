/**
 * XEP-0115 Entity Capabilities, version 1.6.0
 * XEP-0390 Entity Capabilities 2.0, version 0.3.2
 * https://xmpp.org/extensions/xep-0115.html
 *
 * Knows what clients are interested in from the hash in their presence: asks once for each hash and believes what proves to
 * be its preimage. Announces the capabilities of the server itself.
 */
import { defineModule, defineService } from "../../core/module.ts";
import type { Session } from "../../session/session.ts";
import { type Awaitable, after } from "../../util/awaitable.ts";
import { Lru } from "../../util/lru.ts";
import { t } from "../../util/schema.ts";
import { type Element, el, serialize } from "../../xml/element.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import { disco, discoService } from "../disco.ts";
import { type Announcement, announcementIn } from "./announcement.ts";
import { hash, hashInput, verificationString } from "./verification.ts";

export interface Caps {
  /** The nodes that the client wants to hear of (XEP-0060 §9.2); none as long as that is not known. */
  interests(session: Session): ReadonlySet<string>;
  /**
   * The same of somebody, at a full JID anywhere, by what their presence announces; they are asked when nobody here knows.
   * Rejects when they do not answer.
   */
  announced(presence: Stanza, at: Jid): Promise<ReadonlySet<string>>;
}

export const capsService = defineService<Caps>("caps");

declare module "../../routing/hooks.ts" {
  interface Hooks {
    /** It is known now what an available client wants to hear of, or it is something else. */
    "caps:interests": { readonly session: Session; readonly interests: ReadonlySet<string> };
  }
}

interface State {
  /** That of the last announcement. */
  readonly key: string;
  readonly interests: ReadonlySet<string>;
}

const NOTHING: ReadonlySet<string> = new Set();
const UNKNOWN: State = { key: "", interests: NOTHING };

/** How long a client may take to say what it announced. */
const ANSWER_TIME_MS = 60_000;
/** Those elsewhere who are asked at one time. */
const MAX_ASKED = 1000;
/** XEP-0115 §4: who made this. */
const OWN_NODE = "urn:jackdaw";
const OWN_ALGORITHMS = { classic: "sha-1", modern: "sha-256" } as const;

export const caps = defineModule({
  name: "caps",
  implements: ["XEP-0115 1.6.0", "XEP-0390 0.3.2"],
  omits: {
    "XEP-0115": ["Caps optimization (§8.4): presence is passed on as it comes."],
    "XEP-0390": ["Caps optimization (§5.3), query interception (§6.4), gratuitous capabilities (§5.6)."],
  },
  features: [ns.CAPS, ns.CAPS_2],
  requires: [disco],
  config: t.object({
    remembered: t.integer(5000, { min: 2 }).doc("Kinds of clients whose capabilities are remembered."),
  }),

  setup(host, config) {
    /** By the key of the announcement: only what was verified. */
    const known = new Lru<string, ReadonlySet<string>>(config.remembered);
    const states = host.sessionState(() => UNKNOWN);
    const asking = host.sessionState(() => false);
    const asked = host.metrics.counter("jackdaw_caps_asked", "clients asked for their capabilities");
    const forged = host.metrics.counter(
      "jackdaw_caps_refused",
      "answers that were not what clients announced",
    );

    let elsewhere = 0;

    host.provide(capsService, { interests: (session) => states.get(session).interests, announced });

    host.hook("session:presence", "observe", ({ session }) => {
      const announced = session.presence && announcementIn(session.presence);
      const { key } = states.get(session);
      if ((announced?.key ?? "") === key) return undefined;
      const interests = announced ? known.get(announced.key) : NOTHING;
      if (!announced || interests) return learn(session, announced?.key ?? "", interests ?? NOTHING);
      return ask(session, announced);
    });

    function learn(session: Session, key: string, interests: ReadonlySet<string>): Awaitable<undefined> {
      states.set(session, { key, interests });
      return after(host.emit("caps:interests", { session, interests }), () => undefined);
    }

    /** Each client is asked itself: one that does not answer, or lies, keeps nobody waiting. Nobody waits for the answer. */
    function ask(session: Session, announced: Announcement): void {
      states.set(session, { key: announced.key, interests: NOTHING });
      if (asking.get(session)) return;
      asking.set(session, true);
      asked.inc();
      const query = el("query", { xmlns: ns.DISCO_INFO, node: announced.node });
      session
        .request("get", query, ANSWER_TIME_MS)
        .then((answer) => hear(session, announced, answer))
        .catch((error: unknown) =>
          host.log.debug("a client did not tell its capabilities", { error: String(error) }),
        )
        .then(() => askAgain(session, announced))
        .catch((error: unknown) => host.log.error("capabilities failed", { error: String(error) }));
    }

    async function announced(presence: Stanza, at: Jid): Promise<ReadonlySet<string>> {
      const announcement = announcementIn(presence);
      if (!announcement) return NOTHING;
      const interests = known.get(announcement.key);
      if (interests) return interests;
      if (elsewhere >= MAX_ASKED) throw new Error("too many are being asked");
      elsewhere++;
      asked.inc();
      try {
        const query = el("query", { xmlns: ns.DISCO_INFO, node: announcement.node });
        return (
          verified(announcement, await host.request("get", at, query, ANSWER_TIME_MS), undefined) ?? NOTHING
        );
      } finally {
        elsewhere--;
      }
    }

    /** What the answer says, if it is what was announced. */
    function verified(
      announcement: Announcement,
      answer: Element | undefined,
      lang: string | undefined,
    ): ReadonlySet<string> | undefined {
      const isAnswer = answer?.is("query", ns.DISCO_INFO);
      const interests = isAnswer ? announcement.verify(answer as Element, lang) : undefined;
      if (!interests) forged.inc();
      else if (!announcement.isUnverifiable) known.set(announcement.key, interests);
      return interests;
    }

    async function hear(
      session: Session,
      announced: Announcement,
      answer: Element | undefined,
    ): Promise<void> {
      const interests = verified(announced, answer, session.stream?.lang);
      if (!interests) return;
      if (states.get(session).key === announced.key) await learn(session, announced.key, interests);
    }

    /** What the client announced while it was asked. */
    async function askAgain(session: Session, before: Announcement): Promise<void> {
      asking.set(session, false);
      const announced = session.presence && announcementIn(session.presence);
      if (!announced || announced.key === before.key) return;
      const interests = known.get(announced.key);
      if (interests) await learn(session, announced.key, interests);
      else ask(session, announced);
    }

    announceOwn();

    /** XEP-0115 §6.3, XEP-0390 §5.2: what the server itself can do. It is known when all modules are there. */
    function announceOwn(): void {
      const service = host.use(discoService);
      let own: { readonly texts: readonly string[]; readonly nodes: readonly string[] } | undefined;
      const announcement = () => (own ??= ownAnnouncement(service.domainInfo()));
      service.addNodes({
        info(node) {
          if (!announcement().nodes.includes(node)) return undefined;
          const info = service.domainInfo();
          info.attrs.node = node;
          return info;
        },
        items: () => undefined,
      });
      for (const [index, namespace] of [ns.CAPS, ns.CAPS_2].entries()) {
        host.streamFeature({
          ns: namespace,
          offer: ({ user, session }) => (user && !session ? announcement().texts[index] : undefined),
        });
      }
    }
  },
});

function ownAnnouncement(info: Element) {
  const ver = hash(OWN_ALGORITHMS.classic, verificationString(info) ?? "");
  const value = hash(OWN_ALGORITHMS.modern, hashInput(info, undefined) ?? "");
  return {
    texts: [
      el("c", { xmlns: ns.CAPS, hash: OWN_ALGORITHMS.classic, node: OWN_NODE, ver }),
      el("c", { xmlns: ns.CAPS_2 }, el("hash", { xmlns: ns.HASHES, algo: OWN_ALGORITHMS.modern }, value)),
    ].map((element) => serialize(element)),
    nodes: [`${OWN_NODE}#${ver}`, `${ns.CAPS_2}#${OWN_ALGORITHMS.modern}.${value}`],
  };
}
