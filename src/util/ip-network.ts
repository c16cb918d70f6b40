import { BlockList, isIP, isIPv6 } from "node:net";

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

/** Whether `text` is an address or a network: `192.0.2.1`, `10.0.0.0/8`, `2001:db8::/32`. */
export function isNetwork(text: string): boolean {
  return splitNetwork(text) !== undefined;
}

/** Tells whether an address is in one of these networks; IPv4 addresses also when mapped into IPv6. @throws Error for what is no network. */
export function networkMatcher(networks: readonly string[]): (address: string) => boolean {
  if (networks.length === 0) return () => false;
  const list = new BlockList();
  for (const text of networks) {
    const network = splitNetwork(text);
    if (!network) throw new Error(`${text} is not a network`);
    list.addSubnet(network.address, network.prefix, network.family);
  }
  return (address) => {
    const [plain = ""] = address.split("%");
    const version = isIP(plain);
    return version !== 0 && list.check(plain, version === 6 ? "ipv6" : "ipv4");
  };
}

function splitNetwork(text: string) {
  const [address = "", prefix, ...rest] = text.split("/");
  const version = isIP(address);
  const width = version === 6 ? 128 : 32;
  const length = prefix === undefined ? width : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
  if (version === 0 || rest.length > 0 || length < 0 || length > width) return undefined;
  return { address, prefix: length, family: version === 6 ? ("ipv6" as const) : ("ipv4" as const) };
}
