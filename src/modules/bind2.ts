/**
 * XEP-0386 Bind 2, version 1.1.0
 * https://xmpp.org/extensions/xep-0386.html
 *
 * Binds a resource along with authentication and sets the session up before anything can reach it. What is set up is
 * for other features to say (`BindingFeature`).
 */
import { createHash } from "node:crypto";
import { defineModule } from "../core/module.ts";
import type { Session } from "../session/session.ts";
import type { ClientStream } from "../stream/client-stream.ts";
import type { Login } from "../stream/inline-feature.ts";
import { childElements, type Element, el } from "../xml/element.ts";
import { StanzaError } from "../xmpp/errors.ts";
import { JidError } from "../xmpp/jid.ts";
import { ns } from "../xmpp/ns.ts";
import { streamManagement } from "./stream-management.ts";

/** Octets of a tag; a longer one is not taken. A resource has room for 1023 (RFC 7622 §3.4). */
const MAX_TAG_BYTES = 256;

/** Octets of the part of a resource that the server makes. */
const GENERATED_BYTES = 12;

export const bind2 = defineModule({
  name: "bind2",
  implements: ["XEP-0386 1.1.0"],
  // §4.2: resumption goes first, so stream management comes first in the list of features.
  requires: [streamManagement],

  setup(host) {
    /** The installation of the client that a session is of. */
    const installation = host.sessionState<string | undefined>(() => undefined);

    host.streamFeature({
      ns: ns.BIND2,
      offer: () => undefined,
      inline: { offer: (stream) => [advertisement(stream)], negotiate },
    });

    async function negotiate(login: Login, own: readonly Element[]): Promise<readonly Element[]> {
      const { stream } = login.request;
      const request = own.find((element) => element.is("bind", ns.BIND2));
      // §4.2: a session that was resumed has its resource.
      if (!request || stream.session) return [];
      const session = await bind(login, request.getChildText("tag", ns.BIND2) ?? "");
      return session ? [await setUp(stream, session, childElements(request))] : [];
    }

    /** undefined when no resource can be bound, or nobody is there any more. */
    async function bind(login: Login, tag: string): Promise<Session | undefined> {
      const { user, request } = login;
      const { stream, clientId } = request;
      endOthers(login);
      try {
        const session = await stream.host.bind(stream, user, resourceFor(login, tag));
        if (stream.state !== "authenticated") {
          session.detach(stream, "connection lost", true);
          return undefined;
        }
        installation.set(session, clientId);
        stream.bound(session);
        return session;
      } catch (error) {
        if (!(error instanceof StanzaError)) throw error;
        // The specification knows no failure: the client is let in, without a resource.
        stream.log.info("no resource bound", { user: user.toString(), condition: error.condition });
        return undefined;
      }
    }

    /** §4.2: earlier sessions of the same client are over. */
    function endOthers({ user, request }: Login): void {
      if (request.clientId === undefined) return;
      for (const session of host.sessions.of(user).slice()) {
        if (installation.get(session) === request.clientId) {
          session.close("conflict", "replaced by a new connection of the same client");
        }
      }
    }

    /** §4.3: the client's tag, then something that is stable for a client that tells which installation it is. */
    function resourceFor({ user, request }: Login, tag: string): string {
      const generated = request.clientId
        ? digest(user.toString(), request.clientId, tag)
        : host.random.bytes(GENERATED_BYTES);
      const identifier = generated.toString("base64url");
      const tagged = `${tag}/${identifier}`;
      if (tag === "" || Buffer.byteLength(tag) > MAX_TAG_BYTES) return identifier;
      try {
        return user.withResource(tagged).resource;
      } catch (error) {
        if (error instanceof JidError) return identifier;
        throw error;
      }
    }
  },
});

async function setUp(stream: ClientStream, session: Session, asked: readonly Element[]): Promise<Element> {
  const bound = el("bound", { xmlns: ns.BIND2 });
  for (const { ns: namespace, binding } of stream.host.features) {
    const own = asked.filter((element) => element.getNS() === namespace);
    for (const answer of (await binding?.bound(session, own)) ?? []) bound.cnode(answer);
  }
  return bound;
}

/** §4.1: the features that `<bind/>` may ask for. */
function advertisement(stream: ClientStream): Element {
  const names = stream.host.features.flatMap(({ binding }) => binding?.feature ?? []);
  const features = names.map((name) => el("feature", { var: name }));
  return el("bind", { xmlns: ns.BIND2 }, ...(features.length > 0 ? [el("inline", {}, ...features)] : []));
}

/** §4.3: the identifier of the installation can neither be seen in a resource nor computed from it. */
function digest(...parts: readonly string[]): Buffer {
  return createHash("sha256")
    .update(`resource\0${parts.join("\0")}`)
    .digest()
    .subarray(0, GENERATED_BYTES);
}
