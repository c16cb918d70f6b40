import { type Schema, t } from "../util/schema.ts";

/** Where to listen. Without `host`: all addresses, IPv6 and IPv4. Port 0: any free one. */
export interface Address {
  readonly host?: string;
  readonly port: number;
}

/** `5222`, `"127.0.0.1:5222"`, `"[::1]:5222"` or `"host:5222"`. */
export function parseAddress(value: unknown): Address | undefined {
  if (typeof value === "number") return isPort(value) ? { port: value } : undefined;
  if (typeof value !== "string") return undefined;
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(value.trim());
  if (!match) return undefined;
  const port = Number(match[3]);
  return isPort(port) ? { host: (match[1] ?? match[2]) as string, port } : undefined;
}

export function formatAddress({ host, port }: Address): string {
  if (host === undefined) return `port ${port}`;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 65_535;
}

/** One address, a list of them, or false for none. */
export function addresses(fallback: number | string | false): Schema<readonly Address[]> {
  const one = { anyOf: [{ type: "integer", minimum: 0, maximum: 65_535 }, { type: "string" }] };
  return t.custom<readonly Address[]>(
    'a port, an address like "127.0.0.1:5222" or "[::1]:5222", a list of these, or false',
    { anyOf: [...one.anyOf, { type: "array", items: one }, { const: false }] },
    (value) => {
      if (value === false) return [];
      const parsed = (Array.isArray(value) ? value : [value]).map(parseAddress);
      return parsed.every((address) => address !== undefined) ? parsed : undefined;
    },
    fallback,
    (list) => {
      const written = list.map((address) =>
        address.host === undefined ? address.port : formatAddress(address),
      );
      if (written.length === 0) return false;
      return written.length === 1 ? written[0] : written;
    },
  );
}
