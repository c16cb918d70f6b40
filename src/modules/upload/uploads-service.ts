import { defineService } from "../../core/module.ts";
import type { Jid } from "../../xmpp/jid.ts";

/** A file that somebody uploaded. */
export interface Upload {
  readonly id: string;
  /** The account's bare JID. */
  readonly owner: string;
  readonly name: string;
  /** A media type; "" when none was said. */
  readonly type: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly stored: number;
  /** When it is removed; null: never. */
  readonly expires: number | null;
  readonly url: string;
}

/** XEP-0363, for administration and for pages that upload. */
export interface Uploads {
  /** Where all files are: `https://example.org:5443`. Known once the server listens. */
  readonly origin: string;
  /** The latest first: of one account, or of the whole domain. */
  list(owner: Jid | undefined, limit: number): Promise<readonly Upload[]>;
  /** What there is of one account, or of the whole domain. */
  usage(owner: Jid | undefined): Promise<{ readonly bytes: number; readonly files: number }>;
  /** Whether there was such a file. It can be had no more from now on. */
  remove(id: string): Promise<boolean>;
  /** Removes all of an account's files; how many there were. */
  removeAll(owner: Jid): Promise<number>;
  /** Bytes that all files for messages of one account may have; Infinity: no limit. */
  readonly perAccount: number;
  /** The same of the whole domain. */
  readonly perDomain: number;
}

export const uploadsService = defineService<Uploads>("uploads");
