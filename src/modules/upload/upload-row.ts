import type { TableSpec } from "../../store/store.ts";

/** XEP-0363 §5: what files are for decides how long they are kept; `ephemeral` ones are messages that end earlier. */
export const PURPOSES = ["message", "profile", "permanent"] as const;
export type Purpose = (typeof PURPOSES)[number];

/**
 * A slot, and later its file. It is there before the file is and goes after it, so there is never a file that the store
 * does not know of: a crash leaves nothing that the next purge does not find.
 */
export interface UploadRow {
  readonly domain: string;
  /** 128 bits in hexadecimal: file systems may not tell letters apart by case. */
  readonly id: string;
  /** The account's bare JID; "" when the file is about to be removed. */
  readonly owner: string;
  /** A safe one. */
  readonly name: string;
  /** A media type without parameters; "" while nobody said one. */
  readonly type: string;
  /** Bytes. */
  readonly size: number;
  readonly purpose: Purpose;
  /** When the file was complete; null while it is a slot. Milliseconds since the epoch, as all times. */
  readonly stored: number | null;
  /** When the slot ends, then when the file does; null: never. */
  readonly expires: number | null;
  /** XEP-0363 §5.3: when its owner wants the file to be gone at the latest. */
  readonly latest: number | null;
}

export const uploadTable: TableSpec<UploadRow> = {
  name: "uploads",
  version: 1,
  columns: {
    domain: "text",
    id: "text",
    owner: "text",
    name: "text",
    type: "text",
    size: "int",
    purpose: "text",
    stored: "int?",
    expires: "int?",
    latest: "int?",
  },
  key: ["domain", "id"],
  indexes: {
    by_owner: ["owner", "purpose", "stored"],
    by_age: ["domain", "purpose", "stored"],
    by_end: ["domain", "expires"],
  },
};

/** The files of one account for one purpose, or of the whole domain (`owner` is the domain then). */
export interface UsageRow {
  readonly owner: string;
  readonly purpose: Purpose;
  readonly bytes: number;
  readonly files: number;
}

export const usageTable: TableSpec<UsageRow> = {
  name: "upload_usage",
  version: 1,
  columns: { owner: "text", purpose: "text", bytes: "int", files: "int" },
  key: ["owner", "purpose"],
};

/** When an account may again upload all that it may in a day, and has all of its slots again. */
export interface SpentRow {
  readonly owner: string;
  readonly bytesBackAt: number;
  readonly slotsBackAt: number;
}

export const spentTable: TableSpec<SpentRow> = {
  name: "upload_spent",
  version: 1,
  columns: { owner: "text", bytesBackAt: "int", slotsBackAt: "int" },
  key: ["owner"],
};
