/** ANONYMOUS (RFC 4505, XEP-0175): an address for one stream, with no account behind it. */
import { Jid } from "../xmpp/jid.ts";
import { decodeMessage } from "./authorize.ts";
import { type Mechanism, SaslError } from "./mechanism.ts";

/** RFC 4505 §2: token = 1*255TCHAR, in characters. No e-mail address is longer. */
const MAX_TRACE_LENGTH = 255;

export const anonymous: Mechanism = {
  name: "ANONYMOUS",
  offered: () => true,
  begin(context) {
    return {
      respond(data) {
        // XEP-0175 §3: trace data serves for nothing but tracing, and nobody traces here.
        if (Array.from(decodeMessage(data)).length > MAX_TRACE_LENGTH) {
          throw new SaslError("malformed-request", "ANONYMOUS: trace data too long");
        }
        return { kind: "success", user: Jid.of(uuid(context.random.bytes(16)), context.domain) };
      },
    };
  },
};

/** XEP-0175 §3 recommends a UUID (RFC 4122 §4.4: version 4). */
function uuid(bytes: Buffer): string {
  const marked = Buffer.from(bytes);
  marked.writeUInt8((marked.readUInt8(6) & 0x0f) | 0x40, 6);
  marked.writeUInt8((marked.readUInt8(8) & 0x3f) | 0x80, 8);
  return marked.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
