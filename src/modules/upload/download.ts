import type { Clock } from "../../util/clock.ts";
import type { Counter } from "../../util/metrics.ts";
import { contentDisposition } from "./file-name.ts";
import { servedAs } from "./media-type.ts";
import { failedPrecondition, isRangeValid } from "./preconditions.ts";
import { readRange } from "./range.ts";
import type { UploadFiles } from "./upload-files.ts";
import { refusal, uploadAnswer, VIEWER_POLICY } from "./upload-headers.ts";
import type { UploadRow } from "./upload-row.ts";

export interface DownloadParts {
  readonly clock: Clock;
  readonly files: UploadFiles;
  readonly downloads: Counter;
  readonly bytes: Counter;
  find(id: string, name: string): Promise<UploadRow | undefined>;
}

/** Seconds; RFC 9111 asks for no more than a year. */
const LONGEST_CACHED = 31_536_000;

/** `GET` and `HEAD` of a file, whole or in part. Files never change, so a cache may keep one as long as it lasts. */
export async function download(
  parts: DownloadParts,
  request: Request,
  id: string,
  name: string,
): Promise<Response> {
  const { clock, files } = parts;
  const file = await parts.find(id, name);
  const now = clock.now();
  if (!file || file.stored === null || (file.expires !== null && file.expires <= now)) return notFound();
  const { size, type, stored, expires } = file;
  if (!(await files.has(id, size))) return notFound();
  const validators = { etag: `"${id}"`, modified: stored };
  const lasts = expires === null ? LONGEST_CACHED : Math.floor((expires - now) / 1000);
  const served = servedAs(type);
  const common = {
    ...(served.disposition === "inline" && { "Content-Security-Policy": VIEWER_POLICY }),
    "Accept-Ranges": "bytes",
    // Private: what is deleted is not to go on in caches that many share.
    "Cache-Control": `private, max-age=${Math.min(lasts, LONGEST_CACHED)}, immutable`,
    ETag: validators.etag,
    "Last-Modified": new Date(stored).toUTCString(),
  };
  const failed = failedPrecondition(request.headers, validators);
  if (failed === 304) return uploadAnswer(304, null, common);
  if (failed === 412) return refusal(412, "The file is another one");
  const described = {
    ...common,
    "Content-Type": served.type,
    "Content-Disposition": contentDisposition(served.disposition, file.name),
  };
  const isPart = request.method === "GET" && isRangeValid(request.headers, validators);
  const range = isPart ? readRange(request.headers.get("range"), size) : undefined;
  if (range === "unsatisfiable") {
    return refusal(416, "The file is shorter", { "Content-Range": `bytes */${size}` });
  }
  const { first, last } = range ?? { first: 0, last: size - 1 };
  const length = { "Content-Length": String(last + 1 - first) };
  if (request.method === "HEAD") return uploadAnswer(200, null, { ...described, ...length });
  parts.downloads.inc();
  parts.bytes.inc(last + 1 - first);
  const body = files.read(id, { first, last });
  if (!range) return uploadAnswer(200, body, { ...described, ...length });
  return uploadAnswer(206, body, {
    ...described,
    ...length,
    "Content-Range": `bytes ${first}-${last}/${size}`,
  });
}

function notFound(): Response {
  return refusal(404, "There is no such file, or not any more");
}
