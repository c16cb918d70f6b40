/**
 * RFC 6120 §13.7.1.4: the XmppAddr names of a certificate, read from its DER. Node's text form of the alternative
 * names joins them with commas that a name may contain as well; octets leave no such doubt.
 */

/** Octets of a certificate that is looked into. */
const MAX_CERTIFICATE_BYTES = 65_536;

/** Names taken from one certificate; the rest is not read. */
const MAX_ADDRESSES = 32;

/** Octets of one name: a JID without resource (RFC 7622 §3.1), an octet for "@". */
const MAX_ADDRESS_BYTES = 2 * 1023 + 1;

/** 1.3.6.1.5.5.7.8.5, id-on-xmppAddr. */
const XMPP_ADDR = Buffer.from("2b06010505070805", "hex");

/** 2.5.29.17, id-ce-subjectAltName (RFC 5280 §4.2.1.6). */
const SUBJECT_ALT_NAME = Buffer.from("551d11", "hex");

/** X.690 §8.1.2, those that lead to the names; the last two are context-specific and constructed. */
const TAG = { octetString: 0x04, oid: 0x06, utf8String: 0x0c, sequence: 0x30, tagged0: 0xa0, tagged3: 0xa3 };

interface Value {
  readonly tag: number;
  readonly content: Buffer;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** In their order, unprepared. A certificate that cannot be read names nobody. */
export function xmppAddresses(certificate: Buffer): string[] {
  if (certificate.length > MAX_CERTIFICATE_BYTES) return [];
  try {
    return alternativeNames(certificate)
      .map(xmppAddress)
      .filter((address) => address !== undefined)
      .slice(0, MAX_ADDRESSES);
  } catch (error) {
    if (error instanceof DerError) return [];
    throw error;
  }
}

/** GeneralNames of the subjectAltName extension (RFC 5280 §4.1, §4.2.1.6). */
function alternativeNames(certificate: Buffer): Value[] {
  const tbsCertificate = first(children(sequence(single(certificate))));
  const extensions = children(sequence(tbsCertificate)).find((field) => field.tag === TAG.tagged3);
  if (!extensions) return [];
  const found = children(sequence(single(extensions.content)))
    .map((extension) => children(sequence(extension)))
    .filter(([id]) => id?.tag === TAG.oid && id.content.equals(SUBJECT_ALT_NAME));
  // RFC 5280 §4.2: no extension appears twice.
  if (found.length > 1) throw new DerError("subjectAltName twice");
  const value = found[0]?.at(-1);
  if (!value) return [];
  if (value.tag !== TAG.octetString) throw new DerError("extnValue");
  return children(sequence(single(value.content)));
}

/** otherName [0] SEQUENCE { type-id OBJECT IDENTIFIER, value [0] EXPLICIT UTF8String }, implicitly tagged. */
function xmppAddress(name: Value): string | undefined {
  if (name.tag !== TAG.tagged0) return undefined;
  const [id, value, ...rest] = children(name.content);
  if (id?.tag !== TAG.oid || !id.content.equals(XMPP_ADDR)) return undefined;
  if (value?.tag !== TAG.tagged0 || rest.length > 0) throw new DerError("otherName");
  const text = single(value.content);
  if (text.tag !== TAG.utf8String || text.content.length > MAX_ADDRESS_BYTES) throw new DerError("XmppAddr");
  try {
    return utf8.decode(text.content);
  } catch {
    throw new DerError("XmppAddr is not UTF-8");
  }
}

class DerError extends Error {
  override readonly name = "DerError";
}

function sequence(value: Value): Buffer {
  if (value.tag !== TAG.sequence) throw new DerError("expected a SEQUENCE");
  return value.content;
}

function single(data: Buffer): Value {
  const values = children(data);
  if (values.length !== 1) throw new DerError("expected one value");
  return first(values);
}

function first(values: readonly Value[]): Value {
  if (!values[0]) throw new DerError("expected a value");
  return values[0];
}

/** The values that `data` is made of, none of them looked into. */
function children(data: Buffer): Value[] {
  const values: Value[] = [];
  for (let at = 0; at < data.length; ) {
    const { value, end } = read(data, at);
    values.push(value);
    at = end;
  }
  return values;
}

/** X.690 §8.1: one octet of tag, the length, and as many octets, all inside `data`. */
function read(data: Buffer, at: number): { value: Value; end: number } {
  const tag = data[at];
  let length = data[at + 1];
  if (tag === undefined || length === undefined) throw new DerError("truncated");
  // X.690 §8.1.2.4: a tag in several octets; nothing on the way to the names has one.
  if ((tag & 0x1f) === 0x1f) throw new DerError("long tag");
  let start = at + 2;
  if (length >= 0x80) {
    // X.690 §8.1.3.5; 0x80 is the indefinite form, which DER has not (§10.1).
    const octets = length - 0x80;
    if (octets === 0 || octets > 3 || start + octets > data.length) throw new DerError("length");
    length = data.readUIntBE(start, octets);
    start += octets;
  }
  const end = start + length;
  if (end > data.length) throw new DerError("truncated");
  return { value: { tag, content: data.subarray(start, end) }, end };
}
