import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, extname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

/** What a browser may take instead of the plain bytes. */
export type Encoding = "br" | "gzip";

export interface ServedFile {
  readonly type: string;
  readonly encoding: Encoding | undefined;
  readonly bytes: Buffer;
}

/** The types that Converse has files of, and whether they get smaller. */
const TYPES: Readonly<Record<string, { readonly type: string; readonly compress?: true }>> = {
  ".css": { type: "text/css; charset=utf-8", compress: true },
  ".ico": { type: "image/vnd.microsoft.icon" },
  ".js": { type: "text/javascript; charset=utf-8", compress: true },
  ".json": { type: "application/json", compress: true },
  ".mp3": { type: "audio/mpeg" },
  ".ogg": { type: "audio/ogg" },
  ".png": { type: "image/png" },
  ".svg": { type: "image/svg+xml", compress: true },
  ".ttf": { type: "font/ttf", compress: true },
  ".wasm": { type: "application/wasm", compress: true },
};

/** Parts of the distribution that only developers and the project's own site need. */
const LEFT_OUT = /^(converse\.(js|css)|website\..*|manifest\.json|shared-connection-worker\.js)$/;

const MAIN = "converse.min.js";

/**
 * The files of a build of Converse as they are, known by a list: no path of a request ever reaches the disk. What is
 * compressed stays in memory, once for each file and encoding that somebody asked for: below 3 MB for all of them.
 */
export class ConverseFiles {
  /** Of the package; undefined for a build without one. */
  readonly version: string | undefined;
  /** Changes when the files do. */
  readonly key: string;
  readonly #directory: string;
  readonly #names: ReadonlySet<string>;
  readonly #compressed = new Map<string, Promise<Buffer>>();

  /** The build in `directory`, or without one the installed package's; undefined when there is none. */
  static find(directory = packageDirectory()): ConverseFiles | undefined {
    try {
      return directory === undefined ? undefined : new ConverseFiles(directory);
    } catch {
      return undefined;
    }
  }

  private constructor(directory: string) {
    const { size, mtimeMs } = statSync(join(directory, MAIN));
    this.#directory = directory;
    this.version = versionOf(directory);
    this.key = createHash("sha256").update(`${this.version} ${size} ${mtimeMs}`).digest("hex").slice(0, 12);
    this.#names = new Set(
      readdirSync(directory, { recursive: true, encoding: "utf8" })
        .map((name) => name.split(sep).join("/"))
        .filter((name) => extname(name) in TYPES && !LEFT_OUT.test(name)),
    );
  }

  /** A file by its path below the build's folder; undefined for any other path. @throws when it is gone meanwhile. */
  async read(name: string, accepted: readonly Encoding[]): Promise<ServedFile | undefined> {
    if (!this.#names.has(name)) return undefined;
    const { type, compress } = TYPES[extname(name)] as (typeof TYPES)[string];
    const path = join(this.#directory, name);
    const [encoding] = compress ? accepted : [];
    if (!encoding) return { type, encoding, bytes: await readFile(path) };
    const id = `${encoding} ${name}`;
    let bytes = this.#compressed.get(id);
    if (!bytes) {
      bytes = readFile(path).then(COMPRESSORS[encoding]);
      this.#compressed.set(id, bytes);
      bytes.catch(() => this.#compressed.delete(id));
    }
    return { type, encoding, bytes: await bytes };
  }

  /** The licence text that came along; undefined when none did. */
  license(): Promise<string | undefined> {
    return readFile(join(dirname(this.#directory), "LICENSE"), "utf8").catch(() => undefined);
  }
}

/** Quality 6: a quarter of the time of the next better one, and some two hundredths larger. */
const COMPRESSORS: Readonly<Record<Encoding, (bytes: Buffer) => Promise<Buffer>>> = {
  br: (bytes) =>
    promisify(brotliCompress)(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 6,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }),
  gzip: promisify<Buffer, Buffer>(gzip),
};

/** Undefined where the optional package is not installed. */
function packageDirectory(): string | undefined {
  try {
    return dirname(fileURLToPath(import.meta.resolve(`converse.js/dist/${MAIN}`)));
  } catch {
    return undefined;
  }
}

function versionOf(directory: string): string | undefined {
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(dirname(directory), "package.json"), "utf8"));
    const { name, version } = manifest as { name?: unknown; version?: unknown };
    return name === "converse.js" && typeof version === "string" ? version : undefined;
  } catch {
    return undefined;
  }
}
