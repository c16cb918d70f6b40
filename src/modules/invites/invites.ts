/**
 * XEP-0379 Pre-Authenticated Roster Subscription, version 0.3.3
 * XEP-0401 Ad-hoc Account Invitation Generation, version 0.6.0
 * XEP-0445 Pre-Authenticated In-Band Registration, version 0.2.0
 * https://xmpp.org/extensions/xep-0401.html
 *
 * Lets users and administrators invite people by a link: to become contacts, and to make an account first where that is
 * allowed.
 */
import { defineModule, defineService } from "../../core/module.ts";
import type { ClientStream } from "../../stream/client-stream.ts";
import { Lru } from "../../util/lru.ts";
import { t } from "../../util/schema.ts";
import { TokenBucket } from "../../util/token-bucket.ts";
import { el, serialize } from "../../xml/element.ts";
import type { XmlElement } from "../../xml/parser.ts";
import { StanzaError, StreamError } from "../../xmpp/errors.ts";
import { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { adhoc, adhocService } from "../adhoc/adhoc.ts";
import { presence } from "../presence/presence.ts";
import { type Admission, register, registrationService } from "../register/register.ts";
import { roster } from "../roster/roster.ts";
import { Friends } from "./friends.ts";
import type { Invitation, InvitationWish, NewInvitation } from "./invitation.ts";
import { type InviteRights, inviteCommands, type WantedInvitation } from "./invite-commands.ts";
import { InviteStore } from "./invite-store.ts";
import { inviteUri, landingUrl } from "./invite-uri.ts";

export interface Invites {
  /** @throws StanzaError `conflict` when the name is taken, or kept for somebody else. */
  create(wish: InvitationWish): Promise<NewInvitation>;
  /** Those that hold, the one that ends first before the others. */
  list(): Promise<readonly Invitation[]>;
  /** Whether there was such an invitation. */
  revoke(id: string): Promise<boolean>;
  /** Whether an invitation keeps the name for somebody. */
  isReserved(user: Jid): Promise<boolean>;
  /** The invitation that the token proves; undefined when it is over, and when whoever invited is not here any more. */
  find(token: string): Promise<Invitation | undefined>;
  /** The right to register that an invitation gives, for one applicant. */
  admission(invitation: Invitation): Admission | undefined;
  /** The `xmpp:` link of an invitation (XEP-0401 §5.1, §5.4). */
  uri(invitation: Invitation, token: string): string;
  /** Where the page of an invitation is, unless `landingUrl` names another one. @throws Error when there is one already. */
  setLandingPage(urlOf: (token: string) => string | undefined): void;
  /** For how long invitations hold unless something else is said; milliseconds. */
  readonly lifetime: number;
}

export const invitesService = defineService<Invites>("invites");

/** Tokens that one stream may try. */
const MAX_ATTEMPTS = 10;
/** Users whose invitations are counted. */
const KNOWN_INVITERS = 10_000;
const HOUR_S = 3600;
const HOUR_MS = 3_600_000;

const landing = t.custom(
  'an address like "https://example.org/invite/#{token}"',
  { type: "string", pattern: "^https://" },
  (value) =>
    typeof value === "string" && /^https:\/\/.*\{(token|uri)\}/.test(value) && URL.canParse(value)
      ? value
      : undefined,
);

const TOKEN_OFFER = serialize(el("register", { xmlns: ns.IBR_TOKEN }));

export const invites = defineModule({
  name: "invites",
  implements: ["XEP-0379 0.3.3", "XEP-0401 0.6.0", "XEP-0445 0.2.0"],
  omits: {
    "XEP-0401": ["Clients that know Extensible In-Band Registration (XEP-0389) only."],
  },
  requires: [roster, presence, adhoc],
  config: t.object({
    accounts: t
      .oneOf(["admins", "users", "nobody"], "admins")
      .doc("Who may invite people to make an account here; everybody may invite contacts who have one."),
    lifetime: t.duration("7d", { min: 60_000 }).doc("How long an invitation holds."),
    perUser: t.integer(20, { min: 1 }).doc("Invitations of one user that hold at the same time."),
    perHour: t.integer(10, { min: 1 }).doc("Invitations that one user may make in an hour."),
    landingUrl: t
      .optional(landing)
      .doc(
        "Another web page for those who have no client yet than the server's own: `https://` with `{token}`, or with `{uri}` for the whole `xmpp:` link.",
      ),
  }),

  async setup(host, config) {
    const store = await InviteStore.open(host);
    const friends = new Friends(host, store);
    const shown = new WeakMap<ClientStream, Invitation>();
    const attempts = new WeakMap<ClientStream, number>();
    const buckets = new Lru<string, TokenBucket>(KNOWN_INVITERS);
    const registration = host.modules.includes(register) ? host.use(registrationService) : undefined;
    let landingPage: ((token: string) => string | undefined) | undefined;

    host.provide(invitesService, {
      create,
      list: () => store.list(),
      revoke: async (id) => (await store.revoke(id)) !== undefined,
      isReserved: (user) => store.isReserved(user.local),
      find: (token) => friends.find(token),
      admission: admissionOf,
      uri: (invitation, token) => inviteUri(invitation, host.domain, token),
      setLandingPage(only) {
        if (landingPage) throw new Error("there is a page for invitations already");
        landingPage = only;
      },
      lifetime: config.lifetime,
    });
    registration?.setGate({
      isOpen: () => store.isOpen,
      admission(stream) {
        const invitation = shown.get(stream);
        return invitation && admissionOf(invitation);
      },
      isReserved: (user) => store.isReserved(user.local),
    });
    if (host.modules.includes(adhoc)) {
      const rights: InviteRights = { mayInviteAccounts, createFor };
      for (const command of inviteCommands(host, rights)) host.use(adhocService).add(command);
    }

    // XEP-0445 §3. There is nothing to be offered as long as nobody is invited.
    host.streamFeature({
      ns: ns.PARS,
      offer: (stream) =>
        registration && store.isOpen && stream.user === undefined && mayTalk(stream)
          ? TOKEN_OFFER
          : undefined,
      receive: takeToken,
    });

    // Behind those who keep strangers away, before the subscription takes its usual way.
    host.hook("presence:received", "rewrite", ({ user, stanza }) =>
      stanza.type === "subscribe" && stanza.has("preauth", ns.PARS)
        ? friends.subscribe(user, stanza)
        : undefined,
    );
    host.hook("user:deleted", "observe", ({ user }) => store.removeAllOf(user));
    host.hook("store:lost", "observe", () => store.reread());
    host.every(HOUR_MS, () => store.sweep());

    async function create(wish: InvitationWish): Promise<NewInvitation> {
      const username = wish.username === undefined ? undefined : await freeName(wish.username);
      const mayRegister = wish.mayRegister && registration !== undefined;
      if (wish.kind === "account" && !mayRegister) {
        throw new StanzaError("not-allowed", "no account can be made here");
      }
      const { token, invitation } = await store.create({ ...wish, username, mayRegister });
      const uri = inviteUri(invitation, host.domain, token);
      const page = config.landingUrl ? landingUrl(config.landingUrl, uri, token) : landingPage?.(token);
      return { ...invitation, uri, landingUrl: page };
    }

    /** XEP-0401 §6.2: the name is kept until the invitation is over. */
    async function freeName(text: string): Promise<string> {
      const jid = Jid.of(text, host.domain);
      if (await host.accounts.exists(jid))
        throw new StanzaError("conflict", "there is such an account already");
      if (await store.isReserved(jid.local)) {
        throw new StanzaError("conflict", "the name is kept for somebody else");
      }
      return jid.local;
    }

    /** An invitation that a user asks for: these are limited. */
    async function createFor(inviter: Jid, wanted: WantedInvitation): Promise<NewInvitation> {
      const now = host.clock.now();
      const key = inviter.toString();
      const bucket = buckets.get(key) ?? new TokenBucket(config.perHour / HOUR_S, config.perHour, now);
      buckets.set(key, bucket);
      if (!bucket.tryTake(1, now))
        throw new StanzaError("resource-constraint", "too many invitations, try later");
      if ((await store.countOf(inviter)) >= config.perUser) {
        throw new StanzaError("resource-constraint", "too many of your invitations wait to be taken");
      }
      const mayRegister = mayInviteAccounts(inviter);
      return create({ ...wanted, inviter, mayRegister, uses: 1, lifetime: config.lifetime });
    }

    function mayInviteAccounts(user: Jid): boolean {
      if (!registration || config.accounts === "nobody") return false;
      return config.accounts === "users" || host.isAdmin(user);
    }

    /** XEP-0445 §4: the token is looked at now, and used when the account is made. */
    async function takeToken(stream: ClientStream, element: XmlElement): Promise<void> {
      if (element.ns !== ns.CLIENT) throw new StreamError("unsupported-stanza-type");
      // RFC 6120 §7.1: an authenticated client has to bind a resource first.
      if (stream.user !== undefined) throw new StreamError("not-authorized");
      try {
        stream.reply(element, await checkToken(stream, element));
      } catch (error) {
        if (!(error instanceof StanzaError)) throw error;
        stream.reply(element, error);
      }
    }

    async function checkToken(
      stream: ClientStream,
      { attributes, children }: XmlElement,
    ): Promise<undefined> {
      if (!registration) throw new StanzaError("service-unavailable");
      if (!mayTalk(stream)) throw new StanzaError("not-authorized", "the connection is not encrypted");
      const [preauth, ...others] = children;
      const token: unknown = preauth?.attrs["token"];
      if (attributes["type"] !== "set" || others.length > 0 || typeof token !== "string") {
        throw new StanzaError("bad-request");
      }
      const tried = (attempts.get(stream) ?? 0) + 1;
      if (tried > MAX_ATTEMPTS) throw new StreamError("policy-violation", "too many tokens");
      attempts.set(stream, tried);
      const invitation = await friends.find(token);
      if (!invitation?.mayRegister) {
        throw new StanzaError("item-not-found", "The provided token is invalid or expired");
      }
      shown.set(stream, invitation);
    }

    function admissionOf(invitation: Invitation): Admission | undefined {
      if (!invitation.mayRegister) return undefined;
      return {
        by: `invitation ${invitation.id}`,
        username: invitation.username,
        // Two who come with the same token at the same time come one after the other.
        register: (user, make) =>
          host.exclusive(invitation.inviter, async () => {
            if (!(await store.isLeft(invitation))) {
              throw new StanzaError("not-acceptable", "the invitation was taken by somebody else");
            }
            await make();
            await store.use(invitation);
            if (invitation.befriend) await friends.join(invitation.inviter, user);
          }),
      };
    }
  },
});

/** RFC 6120 §5.3.1: nothing goes before TLS where that is required. */
function mayTalk(stream: ClientStream): boolean {
  return stream.secure || !stream.environment.tlsRequired;
}
