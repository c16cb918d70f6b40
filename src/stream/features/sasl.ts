import { SaslError } from "../../auth/mechanism.ts";
import { el } from "../../xml/element.ts";
import type { XmlElement } from "../../xml/parser.ts";
import { StreamError } from "../../xmpp/errors.ts";
import { ns } from "../../xmpp/ns.ts";
import { decodeBase64, type SaslProfile } from "../authentication.ts";
import type { ClientStream } from "../client-stream.ts";
import type { StreamFeature } from "../stream-feature.ts";

/** RFC 6120 §6: SASL negotiation, with the channel bindings listed as in XEP-0440 1.0.0. */
export function sasl(): StreamFeature {
  return { ns: ns.SASL, offer, receive };
}

function offer(stream: ClientStream): string | undefined {
  if (!isDue(stream)) return undefined;
  const { offered, channelBindings } = stream.authentication;
  if (offered.length === 0) return undefined;
  // Their names and types are made of letters, digits and hyphens (RFC 4422 §3.1, RFC 5056 §7).
  const names = offered.map(({ name }) => `<mechanism>${name}</mechanism>`).join("");
  const mechanisms = `<mechanisms xmlns="${ns.SASL}">${names}</mechanisms>`;
  if (channelBindings.length === 0) return mechanisms;
  const types = channelBindings.map((type) => `<channel-binding type="${type}"/>`).join("");
  return `${mechanisms}<sasl-channel-binding xmlns="${ns.SASL_CHANNEL_BINDING}">${types}</sasl-channel-binding>`;
}

async function receive(stream: ClientStream, element: XmlElement): Promise<void> {
  if (stream.user) throw new StreamError("not-authorized");
  const { authentication } = stream;
  await authentication.take(profile, () => {
    switch (element.name) {
      case "auth": {
        if (!isDue(stream)) throw new SaslError("encryption-required");
        const name = element.attributes.mechanism ?? "";
        authentication.begin(
          name,
          stream.host.mechanisms.find((mechanism) => mechanism.name === name),
        );
        if (element.text !== "") return authentication.respond(decode(element.text));
        // RFC 4422 §3: a client-first mechanism without an initial response starts with an empty challenge.
        profile.challenge(stream, undefined);
        return undefined;
      }
      case "response":
        return authentication.respond(decode(element.text));
      case "abort":
        throw new SaslError("aborted");
      default:
        throw new StreamError("unsupported-stanza-type");
    }
  });
}

const profile: SaslProfile = {
  challenge(stream, data) {
    stream.send(el("challenge", { xmlns: ns.SASL }, ...(data ? [encode(data)] : [])));
  },

  failure(stream, { condition }) {
    stream.send(el("failure", { xmlns: ns.SASL }, el(condition)));
  },

  success(stream, { user, data }) {
    // §6.3.10: no additional data is another thing than empty additional data.
    stream.send(el("success", { xmlns: ns.SASL }, ...(data ? [encode(data)] : [])));
    stream.authenticated(user);
    stream.restart();
  },
};

function isDue(stream: ClientStream): boolean {
  return stream.user === undefined && (stream.secure || !stream.environment.tlsRequired);
}

/** @throws SaslError */
function decode(text: string): Buffer {
  return text === "=" ? Buffer.alloc(0) : decodeBase64(text);
}

function encode(data: Buffer): string {
  return data.length === 0 ? "=" : data.toString("base64");
}
