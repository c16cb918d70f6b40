/**
 * XEP-0215 External Service Discovery, version 1.0.0
 * https://xmpp.org/extensions/xep-0215.html
 *
 * Tells the users of the domain which STUN and TURN servers and the like there are for them, with credentials made for
 * the occasion where the server shares a secret with the service.
 */
import { createHmac } from "node:crypto";
import { defineModule } from "../core/module.ts";
import type { IqRequest } from "../routing/iq-table.ts";
import { ConfigError, type Infer, t } from "../util/schema.ts";
import { childElements, type Element, el } from "../xml/element.ts";
import { formatDateTime } from "../xmpp/datetime.ts";
import { StanzaError } from "../xmpp/errors.ts";
import type { Jid } from "../xmpp/jid.ts";
import { ns } from "../xmpp/ns.ts";

const service = t.object({
  type: t.string().doc('What it is: "stun", "turn", "stuns", "turns", …'),
  host: t.string().doc("Its domain name or IP address."),
  port: t.optional(t.integer(undefined, { min: 1, max: 65_535 })).doc("Its port."),
  transport: t.optional(t.oneOf(["udp", "tcp"])).doc("What it is reached by."),
  name: t.optional(t.string()).doc("Its name for people."),
  username: t.optional(t.string()).doc("A user name that is the same for everybody, with `password`."),
  password: t.optional(t.secret()).doc("The password that goes with `username`."),
  secret: t
    .optional(t.secret())
    .doc(
      "What the service shares with this server (`static-auth-secret` of coturn): everybody gets credentials of their own.",
    ),
  expires: t.duration("1d", { min: 60_000 }).doc("How long credentials made from `secret` are good for."),
});
type ExternalService = Infer<typeof service>;

/** Of the name by which a service tells its users apart: nothing of their address is in it. */
const PSEUDONYM_LENGTH = 16;

export const externalServices = defineModule({
  name: "externalServices",
  implements: ["XEP-0215 1.0.0"],
  omits: { "XEP-0215": ["Changes are not pushed (§3.2), which is optional."] },
  features: [ns.EXTERNAL_SERVICES],
  config: t.object({
    services: t.list(service).doc("Services outside of XMPP that users may use, such as STUN and TURN."),
  }),

  setup(host, { services }) {
    services.forEach(checkCredentials);
    host.iq("get", ns.EXTERNAL_SERVICES, "services", list, "host");
    host.iq("get", ns.EXTERNAL_SERVICES, "credentials", credentials, "host");

    /** §3.1, §3.2 */
    function list(request: IqRequest): Element {
      const user = localUser(request);
      const type = request.payload.attrs.type as string | undefined;
      const wanted = services.filter((each) => type === undefined || each.type === type);
      const described = wanted.map((each) => {
        const { port, transport, name } = each;
        return describe(each, user, { port: port?.toString(), transport, name });
      });
      return el("services", { xmlns: ns.EXTERNAL_SERVICES, type }, ...described);
    }

    /** §3.3 */
    function credentials(request: IqRequest): Element {
      const user = localUser(request);
      const [asked, ...others] = childElements(request.payload);
      const { host: name, type, port } = (asked?.attrs ?? {}) as Record<string, string | undefined>;
      if (!asked?.is("service", ns.EXTERNAL_SERVICES) || others.length > 0 || !name || !type) {
        throw new StanzaError("bad-request", "one service with its host and its type is expected");
      }
      const found = services.filter(
        (each) =>
          each.host === name &&
          each.type === type &&
          (port === undefined || each.port?.toString() === port) &&
          isRestricted(each),
      );
      if (found.length === 0) throw new StanzaError("item-not-found");
      const described = found.map((each) => describe(each, user, { port: each.port?.toString() }));
      return el("credentials", { xmlns: ns.EXTERNAL_SERVICES }, ...described);
    }

    /** §2: those who have no account here learn of no service, nor use it up. */
    function localUser({ session }: IqRequest): Jid {
      if (!session || session.anonymous || session.jid.domain !== host.domain) {
        throw new StanzaError("forbidden");
      }
      return session.jid.bare;
    }

    function describe(each: ExternalService, user: Jid, more: Record<string, string | undefined>): Element {
      const restricted = isRestricted(each) ? "true" : undefined;
      const { type, host: name } = each;
      return el("service", { type, host: name, ...more, restricted, ...credentialsOf(each, user) });
    }

    /** draft-uberti-behave-turn-rest-00 §2.2: the service can check these without asking anybody. */
    function credentialsOf({ username, password, secret, expires }: ExternalService, user: Jid) {
      if (secret === undefined) return { username, password };
      const until = Math.floor((host.clock.now() + expires) / 1000);
      const pseudonym = createHmac("sha256", secret).update(user.toString()).digest("base64url");
      const name = `${until}:${pseudonym.slice(0, PSEUDONYM_LENGTH)}`;
      return {
        username: name,
        password: createHmac("sha1", secret).update(name).digest("base64"),
        expires: formatDateTime(until * 1000),
      };
    }
  },
});

function isRestricted({ username, secret }: ExternalService): boolean {
  return username !== undefined || secret !== undefined;
}

function checkCredentials({ username, password, secret }: ExternalService, index: number): void {
  const path = `modules.externalServices.services.${index}`;
  if ((username === undefined) !== (password === undefined)) {
    throw new ConfigError(path, "username and password belong together");
  }
  if (username !== undefined && secret !== undefined) {
    throw new ConfigError(path, "either username and password, or secret");
  }
}
