/** RFC 5802, the client's side, with what browsers have: the password stays in this page. */
import { post } from "./api.ts";

interface Begun {
  readonly id: string;
  readonly hash: "SHA-1" | "SHA-256" | "SHA-512";
  readonly message: string;
}

const text = new TextEncoder();

/** @throws RequestError when the server refuses; Error when it is not the server that knows the password. */
export async function logIn(user: string, password: string): Promise<void> {
  const name = (user.includes("@") ? user.slice(0, user.lastIndexOf("@")) : user)
    .replaceAll("=", "=3D")
    .replaceAll(",", "=2C");
  const nonce = base64(crypto.getRandomValues(new Uint8Array(18)));
  const bare = `n=${name},r=${nonce}`;
  const { id, hash, message } = await post<Begun>("login/begin", { user, message: `n,,${bare}` });
  const parts = new Map(message.split(",").map((part) => [part.slice(0, 1), part.slice(2)]));
  const full = parts.get("r") ?? "";
  if (!full.startsWith(nonce) || full === nonce) throw new Error("the server changed the nonce");

  const salted = await derive(hash, password, fromBase64(parts.get("s") ?? ""), Number(parts.get("i")));
  const clientKey = await hmac(hash, salted, "Client Key");
  const storedKey = new Uint8Array(await crypto.subtle.digest(hash, clientKey));
  // "n,," in base64.
  const withoutProof = `c=biws,r=${full}`;
  const authMessage = `${bare},${message},${withoutProof}`;
  const signature = await hmac(hash, storedKey, authMessage);
  const proof = clientKey.map((byte, index) => byte ^ (signature[index] ?? 0));
  const final = await post<{ readonly message: string }>("login/finish", {
    id,
    message: `${withoutProof},p=${base64(proof)}`,
  });

  // §3: the server proves that it knows the password, too.
  const serverKey = await hmac(hash, salted, "Server Key");
  const expected = base64(await hmac(hash, serverKey, authMessage));
  if (final.message !== `v=${expected}`) throw new Error("this server does not know your password");
}

async function derive(
  hash: string,
  password: string,
  salt: Uint8Array<ArrayBuffer>,
  iterations: number,
): Promise<Uint8Array<ArrayBuffer>> {
  // RFC 5802 §2.2 prepares with SASLprep, of which this is what concerns passwords that people type.
  const secret = text.encode(password.normalize("NFKC"));
  const key = await crypto.subtle.importKey("raw", secret, "PBKDF2", false, ["deriveBits"]);
  const bits = { "SHA-1": 160, "SHA-256": 256, "SHA-512": 512 }[hash] ?? 256;
  return new Uint8Array(
    await crypto.subtle.deriveBits({ name: "PBKDF2", hash, salt, iterations }, key, bits),
  );
}

async function hmac(
  hash: string,
  key: Uint8Array<ArrayBuffer>,
  message: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, text.encode(message)));
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function fromBase64(encoded: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
}
