/** Names of uploaded files: what a peer sends becomes one that is harmless in a URL, in a header and on a disk. */

/** Of a name in UTF-8: file systems take 255, and percent-encoded it is three times as long. */
const MAX_BYTES = 180;
/** An ending that is longer is none. */
const MAX_ENDING_BYTES = 24;

const NAMELESS = "file";

/** What is looked at of a longer one. */
const MAX_WANTED = 2048;

/**
 * Control characters and line breaks; and what makes a name look like another one: marks of direction ("gpj.exe" shown
 * as "exe.jpg"), fillers and other characters without width. U+200C and U+200D are part of words and of emoji.
 */
const INVISIBLE =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u00AD\u061C\u115F\u1160\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\u3164\uFEFF\uFFA0\uFFF9-\uFFFB]|\u034F/gu;

/** What some system takes for more than a part of a name. */
const SPECIAL = /[<>:"|?*]/g;

/** Windows takes these for devices, whatever their ending. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(?=$|\.)/i;

/**
 * The last part of a path, without what is invisible, with its ending (XEP-0363 §4); never empty, never "." or "..".
 */
export function safeFileName(wanted: string): string {
  const name = wanted
    .slice(-MAX_WANTED)
    .normalize("NFC")
    .replace(INVISIBLE, "")
    .replace(/^.*[/\\]/s, "")
    .replace(SPECIAL, "_")
    .replace(/\s+/gu, " ")
    .replace(/^[. ]+|[. ]+$/g, "")
    .replace(DEVICE, "_$1");
  return shorten(name) || NAMELESS;
}

function shorten(name: string): string {
  if (Buffer.byteLength(name) <= MAX_BYTES) return name;
  const dot = name.lastIndexOf(".");
  const ending = dot > 0 && Buffer.byteLength(name.slice(dot)) <= MAX_ENDING_BYTES ? name.slice(dot) : "";
  const stem = ending === "" ? name : name.slice(0, dot);
  return (cut(stem, MAX_BYTES - Buffer.byteLength(ending)) + ending).replace(/[. ]+$/, "");
}

/** So many bytes of a text at most, no character cut in two. */
function cut(text: string, bytes: number): string {
  let length = 0;
  let kept = "";
  for (const character of text) {
    length += Buffer.byteLength(character);
    if (length > bytes) break;
    kept += character;
  }
  return kept;
}

/** RFC 3986 §2: everything but unreserved characters percent-encoded. */
export function encodeSegment(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** RFC 6266 §4: with the name for everybody, and where that is not ASCII for those who know no RFC 8187 as well. */
export function contentDisposition(type: "attachment" | "inline", name: string): string {
  const plain = name.replace(/[^\x20-\x7E]/g, "_").replace(/["\\%]/g, "_");
  const quoted = `${type}; filename="${plain}"`;
  return plain === name ? quoted : `${quoted}; filename*=UTF-8''${encodeSegment(name)}`;
}
