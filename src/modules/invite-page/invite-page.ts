/**
 * XEP-0401 Ad-hoc Account Invitation Generation, version 0.6.0, §5.2: the landing page
 * https://xmpp.org/extensions/xep-0401.html#landing
 *
 * What people see who follow the link of an invitation: who invites them, a form that makes an account where that is
 * allowed, and the way to applications (also XEP-0379 §3.3). It works without scripts.
 */
import type { Context } from "hono";
import { defineModule } from "../../core/module.ts";
import { platformOf } from "../../html/apps.ts";
import type { HttpEnv } from "../../http/http-side.ts";
import { networkOf } from "../../util/ip-network.ts";
import { Lru } from "../../util/lru.ts";
import { t } from "../../util/schema.ts";
import { TokenBucket } from "../../util/token-bucket.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { chatService } from "../chat/chat.ts";
import type { Invitation } from "../invites/invitation.ts";
import { invites, invitesService } from "../invites/invites.ts";
import { register, registrationService } from "../register/register.ts";
import { overPage, refusedPage, tooManyPage, welcomePage } from "./answers.ts";
import { type Complaint, type FormPageParts, formPage } from "./form-page.ts";
import { type Filled, readForm } from "./read-form.ts";

/** Networks whose wrong links are counted. */
const KNOWN_NETWORKS = 10_000;
const HOUR_S = 3600;

export const invitePage = defineModule({
  name: "invitePage",
  implements: [],
  requires: [invites],
  config: t.object({
    passwordLength: t
      .integer(8, { min: 1, max: 100 })
      .doc("Characters that a password chosen on the page of an invitation has at least."),
    wrongPerHour: t
      .integer(60, { min: 1 })
      .doc("Links without an invitation that may be tried from one address (IPv6: one /64) in an hour."),
  }),

  setup(host, { passwordLength, wrongPerHour }) {
    const { http, domain } = host;
    const service = host.use(invitesService);
    const registration = host.modules.includes(register) ? host.use(registrationService) : undefined;
    const chatPath = () => host.find(chatService)?.path;
    const buckets = new Lru<string, TokenBucket>(KNOWN_NETWORKS);

    // XEP-0401 §5.1: an HTTPS URL.
    service.setLandingPage((token) =>
      http.listens && http.url.startsWith("https:") ? `${http.url}/invite/${token}` : undefined,
    );

    http.routes.get("/invite/:token", (c) =>
      withInvitation(c, (invitation, token) => show(c, invitation, token)),
    );

    http.routes.post("/invite/:token", (c) =>
      withInvitation(c, async (invitation, token) => {
        if (!isFromThisSite(c) || !isPrivate(c)) return refusedPage(domain);
        const filled = readForm(await fieldsOf(c), invitation, passwordLength);
        const outcome = filled.complaint ?? (await makeAccount(c, invitation, token, filled));
        if (outcome === "over") return overPage(domain, chatPath());
        if ("status" in outcome) {
          return show(c, invitation, token, { username: filled.username, complaint: outcome });
        }
        return welcomePage({
          domain,
          username: outcome.local,
          address: outcome.toString(),
          contact: invitation.befriend ? invitation.inviter.toString() : undefined,
          chat: chatPath(),
        });
      }),
    );

    /** What is no invitation looks the same whatever it was, and cannot be tried without end. */
    async function withInvitation(
      c: Context<HttpEnv, "/invite/:token">,
      answer: (invitation: Invitation, token: string) => Response | Promise<Response>,
    ): Promise<Response> {
      const token = c.req.param("token");
      const { remote } = c.env.peer;
      const now = host.clock.now();
      const network = networkOf(remote);
      const bucket = buckets.get(network) ?? new TokenBucket(wrongPerHour / HOUR_S, wrongPerHour, now);
      const wait = bucket.take(0, now);
      if (wait > 0) return tooManyPage(domain, wait);
      const invitation = await service.find(token);
      if (invitation) return answer(invitation, token);
      if (remote !== "") {
        bucket.take(1, now);
        buckets.set(network, bucket);
      }
      return overPage(domain, chatPath());
    }

    function show(
      c: Context<HttpEnv>,
      invitation: Invitation,
      token: string,
      rejected?: FormPageParts["rejected"],
    ): Promise<Response> {
      return formPage({
        domain,
        invitation,
        uri: service.uri(invitation, token),
        platform: platformOf(c.req.header("User-Agent") ?? ""),
        chat: chatPath(),
        isPrivate: isPrivate(c),
        passwordLength,
        rejected,
      });
    }

    /** "over": somebody else was faster. */
    async function makeAccount(
      c: Context<HttpEnv>,
      invitation: Invitation,
      token: string,
      { username, password }: Filled,
    ): Promise<Jid | Complaint | "over"> {
      const admission = service.admission(invitation);
      if (!registration || !admission) return "over";
      try {
        const applicant = { remote: c.env.peer.remote };
        return await registration.register(applicant, { username, password }, admission);
      } catch (error) {
        if (!(error instanceof StanzaError)) throw error;
        return (await service.find(token)) ? complaintOf(error) : "over";
      }
    }
  },
});

function complaintOf({ condition }: StanzaError): Complaint {
  switch (condition) {
    case "conflict":
      return { status: 409, field: "username", text: "This name is taken. Choose another one." };
    case "jid-malformed":
      return {
        status: 400,
        field: "username",
        text: "This cannot be a user name. Take letters, digits, dots and dashes, without spaces.",
      };
    case "not-acceptable":
      return { status: 400, field: "password", text: "This password cannot be used. Choose another one." };
    case "resource-constraint":
      return { status: 429, text: "Too many attempts. Wait a few minutes and try again." };
    default:
      return { status: 403, text: "No account can be created here at the moment." };
  }
}

/** Fetch Metadata (https://www.w3.org/TR/fetch-metadata/), and RFC 6454 for browsers without it: a form of ours, not of another site. */
function isFromThisSite(c: Context<HttpEnv>): boolean {
  const site = c.req.header("Sec-Fetch-Site");
  if (site !== undefined) return site === "same-origin" || site === "none";
  const origin = c.req.header("Origin");
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === new URL(c.req.url).host);
}

/** The fields of a form; none for a body that is not one. */
async function fieldsOf(c: Context<HttpEnv>): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await c.req.parseBody();
  } catch {
    return {};
  }
}

/** Whether only we read what is sent: encrypted, or from this very machine. */
function isPrivate({ env }: Context<HttpEnv>): boolean {
  const { secure, remote } = env.peer;
  return secure || remote === "::1" || /^(::ffff:)?127\./.test(remote);
}
