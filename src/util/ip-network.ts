import { isIPv6 } from "node:net";

/**
 * Whose address it is: an IPv4 address, also when mapped into IPv6 (RFC 4291 §2.5.5.2), or the /64 that an IPv6
 * address is in, because one host may take any address of it (RFC 4291 §2.5.1).
 */
export function networkOf(address: string): string {
  const [plain = ""] = address.split("%");
  if (!isIPv6(plain)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain);
  if (mapped?.[1]) return mapped[1];
  const [head = "", tail] = plain.split("::");
  const groups = head === "" ? [] : head.split(":");
  const after = tail ? tail.split(":") : [];
  const width = after.at(-1)?.includes(".") ? after.length + 1 : after.length;
  if (tail !== undefined) while (groups.length + width < 8) groups.push("0");
  const network = [...groups, ...after].slice(0, 4);
  return `${network.map((group) => Number.parseInt(group, 16).toString(16)).join(":")}::/64`;
}
