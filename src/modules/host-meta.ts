/**
 * XEP-0156 Discovering Alternative XMPP Connection Methods, version 1.4.0
 * https://xmpp.org/extensions/xep-0156.html
 *
 * Tells clients that cannot ask DNS, or only know the domain, where they connect by WebSocket and by BOSH; and, with
 * XEP-0487 Host Meta 2, version 0.1.0, with which addresses and which keys.
 */
import { isIP } from "node:net";
import { defineModule } from "../core/module.ts";
import type { HttpSide } from "../http/http-side.ts";
import { t } from "../util/schema.ts";
import { el, serialize } from "../xml/element.ts";

const XRD = "http://docs.oasis-open.org/ns/xri/xrd-1.0";
const RELATION = "urn:xmpp:alt-connections:";

/** For web clients of any origin (XEP-0156 "Implementation Notes"): nothing here is anybody's secret. */
const HEADERS = {
  "Access-Control-Allow-Origin": "*",
  "Cross-Origin-Resource-Policy": "cross-origin",
};

interface Link {
  readonly rel: string;
  readonly href?: string;
  readonly port?: number;
}

export const hostMeta = defineModule({
  name: "hostMeta",
  implements: ["XEP-0156 1.4.0", "XEP-0487 0.1.0"],
  omits: { "XEP-0487": ["`ech` and the connections between servers are not told of."] },
  config: t.object({
    addresses: t
      .list(ipAddress())
      .doc(
        "The server's addresses as the world sees them. With them clients may do without DNS (XEP-0487), so all that they need must be right; without them they get the addresses of WebSocket and BOSH alone.",
      ),
    tlsPort: t
      .optional(t.integer(undefined, { min: 1, max: 65_535 }))
      .doc("The port of direct TLS as the world sees it, told along with `addresses`."),
    keyPins: t
      .list(t.string())
      .doc("SHA-256 hashes, in base64, of the public keys to trust (RFC 7469), told along with `addresses`."),
    ttl: t.duration("1h", { min: 1000 }).doc("How long clients may keep what they were told."),
  }),

  setup({ http, domain }, { addresses, tlsPort, keyPins, ttl }) {
    const headers = { ...HEADERS, "Cache-Control": `public, max-age=${Math.floor(ttl / 1000)}` };

    http.routes.get("/.well-known/host-meta", (c) => {
      const links = linksOf(http).map(({ rel, href }) => el("Link", { rel, href }));
      const document = `<?xml version="1.0" encoding="utf-8"?>\n${serialize(el("XRD", { xmlns: XRD }, ...links))}\n`;
      return c.body(document, 200, { ...headers, "Content-Type": "application/xrd+xml; charset=utf-8" });
    });

    http.routes.get("/.well-known/host-meta.json", (c) => {
      const links = linksOf(http);
      if (addresses.length === 0) return c.json({ links }, 200, headers);
      const direct: readonly Link[] = tlsPort === undefined ? [] : [{ rel: `${RELATION}tls`, port: tlsPort }];
      // XEP-0487 "Link Format"; direct TLS costs clients least.
      const complete = [...direct, ...links].map((link, index) => ({
        ...link,
        ips: addresses,
        priority: (index + 1) * 10,
        weight: 50,
        sni: link.href === undefined ? domain : new URL(link.href).hostname,
      }));
      const pins = keyPins.length > 0 && { "public-key-pins-sha-256": keyPins };
      return c.json({ xmpp: { ttl: Math.floor(ttl / 1000), ...pins }, links: complete }, 200, headers);
    });
  },
});

/** XEP-0156 "Business Rules" 1: only what is encrypted. */
function linksOf({ websocketUrl, boshUrl }: HttpSide): Link[] {
  const links: Link[] = [];
  if (websocketUrl?.startsWith("wss:")) links.push({ rel: `${RELATION}websocket`, href: websocketUrl });
  if (boshUrl?.startsWith("https:")) links.push({ rel: `${RELATION}xbosh`, href: boshUrl });
  return links;
}

function ipAddress() {
  return t.custom("an IP address", { type: "string" }, (value): string | undefined =>
    typeof value === "string" && isIP(value) !== 0 ? value : undefined,
  );
}
