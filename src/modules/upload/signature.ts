import { createHmac, timingSafeEqual } from "node:crypto";
import type { Host } from "../../core/host.ts";
import type { UploadRow } from "./upload-row.ts";

const KEY_BYTES = 32;

/** Proves that the holder of a PUT address was given the slot: of that file, size, type, account and time. */
export interface Signer {
  sign(slot: UploadRow): string;
  /** In a time that says nothing of the signature. */
  isSigned(slot: UploadRow, signature: string): boolean;
}

/** With a secret of the domain, made once: addresses outlive the server's process. */
export async function openSigner(host: Host): Promise<Signer> {
  const table = await host.table<{ domain: string; key: Buffer }>({
    name: "upload_keys",
    version: 1,
    columns: { domain: "text", key: "blob" },
    key: ["domain"],
  });
  let key = (await table.get({ domain: host.domain }))?.key;
  if (!key) {
    key = host.random.bytes(KEY_BYTES);
    await table.put({ domain: host.domain, key });
  }
  return createSigner(key);
}

function createSigner(key: Buffer): Signer {
  const sign = ({ domain, id, owner, name, type, size, purpose, expires, latest }: UploadRow): string =>
    createHmac("sha256", key)
      .update(JSON.stringify([domain, id, owner, name, type, size, purpose, expires, latest]))
      .digest("base64url");
  return {
    sign,
    isSigned(slot, signature) {
      const [right, given] = [Buffer.from(sign(slot)), Buffer.from(signature)];
      return right.length === given.length && timingSafeEqual(right, given);
    },
  };
}
