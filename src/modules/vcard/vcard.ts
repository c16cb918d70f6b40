/**
 * XEP-0054 vcard-temp, version 1.3.0
 * XEP-0153 vCard-Based Avatars, version 1.1.1
 * https://xmpp.org/extensions/xep-0054.html
 *
 * Keeps a card of each user that everybody may read, and tells in the user's presence which picture is on it
 * (XEP-0153, XEP-0398), so that no client has to fetch its own card at each log-in.
 */
import { defineModule } from "../../core/module.ts";
import { isPiece } from "../../core/user-data.ts";
import { type Awaitable, after } from "../../util/awaitable.ts";
import { Rates } from "../../util/rates.ts";
import { t } from "../../util/schema.ts";
import { clone, type Element, serialize } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { photoOf, withPicture } from "../../xmpp/photo.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import { presence } from "../presence/presence.ts";
import { domainVCard, domainVCardSchema } from "./domain-vcard.ts";
import { withoutPhoto, withPhoto } from "./presence-photo.ts";
import { vcardService } from "./vcard-service.ts";
import { VCardStore } from "./vcard-store.ts";

export const vcard = defineModule({
  name: "vcard",
  implements: ["XEP-0054 1.3.0", "XEP-0153 1.1.1"],
  features: [ns.VCARD],
  accountFeatures: [ns.VCARD],
  requires: [presence],
  config: t.object({
    size: t.size("250 KB").doc("The largest vCard, its picture included."),
    changesPerMinute: t
      .integer(30, { min: 1, off: true })
      .doc("How often one account may change its vCard in a minute: all its contacts hear of a new picture."),
    domain: domainVCardSchema.doc("The vCard of the domain itself; without any of it there is none."),
  }),

  async setup(host, config) {
    const cards = await VCardStore.open(host);
    const rates = new Rates(config.changesPerMinute, host.clock);
    const limited = host.metrics.counter("jackdaw_vcards_limited", "changes of vCards over the limit");
    const ofDomain = domainVCard(config.domain);

    // §3.1: one's own.
    host.iq("get", ns.VCARD, "vCard", ({ session }) =>
      after(cards.get(session.jid), (card) => {
        if (!card) throw new StanzaError("item-not-found");
        return card;
      }),
    );

    // §3.2.
    host.iq("set", ns.VCARD, "vCard", async ({ session, payload }) => {
      refuseTooLarge(payload);
      if (!rates.tryTake(session.jid.bare.toString())) {
        limited.inc();
        throw new StanzaError("resource-constraint", "the vCard is changed too often", { type: "wait" });
      }
      if (await cards.put(session.jid, payload)) await changed(session.jid.bare, payload);
    });

    host.provide(vcardService, {
      get: (user) => cards.get(user),
      photoHash: (user) => cards.photoHash(user),
      async setPhoto(user, photo) {
        const card = withPicture(await cards.get(user), photo);
        if (isTooLarge(card)) return false;
        if (await cards.put(user, card)) await showPhoto(user);
        return true;
      },
    });

    // §3.3: of everybody else's the server tells, and the same when there is no card as when there is no user.
    host.iq(
      "get",
      ns.VCARD,
      "vCard",
      ({ to }) =>
        after(cards.get(to), (card) => {
          if (!card) throw new StanzaError("service-unavailable");
          return card;
        }),
      "address",
    );
    host.iq("set", ns.VCARD, "vCard", refuse, "address");
    host.iq("set", ns.VCARD, "vCard", refuse, "host");
    host.iq(
      "get",
      ns.VCARD,
      "vCard",
      () => {
        if (!ofDomain) throw new StanzaError("service-unavailable");
        return clone(ofDomain);
      },
      "host",
    );

    // XEP-0398 §4: in broadcasts and in directed presence, such as that to rooms.
    host.hook("presence:sent", "rewrite", (event) =>
      event.stanza.type === undefined
        ? after(announced(event.session.jid, event.stanza), (stanza) => {
            event.stanza = stanza;
          })
        : undefined,
    );

    host.hook("user:deleted", "observe", ({ user }) => cards.remove(user));
    host.hook("store:lost", "observe", () => cards.forget());

    // XEP-0227 §4.7.
    host.hook("user:export", "observe", async ({ user, write }) => {
      const text = await cards.text(user);
      if (text !== undefined) await write(text);
    });
    host.hook("user:import", "observe", async (event) => {
      if (!isPiece(event, "vCard", ns.VCARD)) return undefined;
      if ((await cards.text(event.user)) !== undefined) event.present("vCards");
      else {
        refuseTooLarge(event.element);
        event.added("vCards");
        if (await cards.put(event.user, event.element)) await changed(event.user, event.element);
      }
      return "handled";
    });

    /** Users without a vCard have nothing to tell, unless their client says that it would. */
    function announced(user: Jid, stanza: Stanza): Awaitable<Stanza> {
      return after(cards.photoHash(user), (hash) => {
        if (hash === undefined && !stanza.has("x", ns.VCARD_UPDATE)) return stanza;
        return withPhoto(stanza, hash ?? "");
      });
    }

    async function changed(user: Jid, card: Element): Promise<void> {
      await showPhoto(user);
      await host.emit("vcard:photo", { user, photo: photoOf(card) });
    }

    /** Another picture: contacts hear of it in the presence of every available resource. */
    async function showPhoto(user: Jid): Promise<void> {
      for (const session of host.sessions.available(user).slice()) {
        const { presence: current } = session;
        if (current) await host.emit("presence:sent", { session, stanza: withoutPhoto(current) });
      }
    }

    function refuseTooLarge(card: Element): void {
      if (isTooLarge(card))
        throw new StanzaError("not-acceptable", "the vCard is too large", { echo: false });
    }

    function isTooLarge(card: Element): boolean {
      return Buffer.byteLength(serialize(card)) > config.size;
    }
  },
});

/** §3.2: nobody changes somebody else's. */
function refuse(): never {
  throw new StanzaError("forbidden", "", { echo: false });
}
