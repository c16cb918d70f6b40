/** What a browser may do with an uploaded file: nothing that runs. */

const UNKNOWN = "application/octet-stream";

/** Shown where they are; none of them can hold a script. SVG can, and is not among them. */
const INLINE: ReadonlySet<string> = new Set([
  "image/apng",
  "image/avif",
  "image/bmp",
  "image/gif",
  "image/heic",
  "image/heif",
  "image/jpeg",
  "image/jxl",
  "image/png",
  "image/webp",
  "audio/aac",
  "audio/amr",
  "audio/flac",
  "audio/mp4",
  "audio/mpeg",
  "audio/ogg",
  "audio/opus",
  "audio/wav",
  "audio/webm",
  "audio/x-m4a",
  "audio/x-wav",
  "video/3gpp",
  "video/mp4",
  "video/mpeg",
  "video/ogg",
  "video/quicktime",
  "video/webm",
  "video/x-matroska",
]);

/** Saved under their own type, which no browser runs, styles or imports anything by. */
const NAMED: ReadonlySet<string> = new Set([
  "application/epub+zip",
  "application/gpg-keys",
  "application/gzip",
  "application/msword",
  "application/pdf",
  "application/pgp-encrypted",
  "application/pgp-signature",
  "application/rtf",
  "application/vnd.android.package-archive",
  "application/vnd.ms-excel",
  "application/vnd.ms-powerpoint",
  "application/x-7z-compressed",
  "application/x-bzip2",
  "application/x-tar",
  "application/x-xz",
  "application/zip",
  "application/zstd",
  "text/calendar",
  "text/csv",
  "text/markdown",
  "text/plain",
  "text/vcard",
]);

const OFFICE = /^application\/vnd\.(oasis\.opendocument|openxmlformats-officedocument)\.[a-z.-]+$/;

/** RFC 9110 §5.6.2, §8.3.1. */
const MEDIA_TYPE = /^[!#$%&'*+.^_`|~0-9a-z-]{1,127}\/[!#$%&'*+.^_`|~0-9a-z-]{1,127}$/;

/** Type and subtype in lower case, without parameters; undefined when it is no media type. */
export function mediaType(text: string): string | undefined {
  const type = text.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  return MEDIA_TYPE.test(type) ? type : undefined;
}

/** As what a file of a type is served. */
export function servedAs(type: string): {
  readonly type: string;
  readonly disposition: "attachment" | "inline";
} {
  if (INLINE.has(type)) return { type, disposition: "inline" };
  if (!NAMED.has(type) && !OFFICE.test(type)) return { type: UNKNOWN, disposition: "attachment" };
  // Without it a browser guesses.
  return { type: type.startsWith("text/") ? `${type}; charset=utf-8` : type, disposition: "attachment" };
}
