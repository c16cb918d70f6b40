/** Faults of what is offered and of TLS: RFC 6120 §4.3.2, §5, §6.3; RFC 5929. */
import { t } from "../../util/schema.ts";
import { type Element, el, serialize } from "../../xml/element.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Passing } from "../passing.ts";
import { type CommonOptions, defineFault, type Site } from "./fault.ts";

export interface DowngradeFault extends CommonOptions {
  readonly fault: "downgrade";
  /** All that is offered. Default: `["PLAIN"]`. */
  readonly mechanisms?: readonly string[];
}

export const downgrade = defineFault({
  name: "downgrade",
  doc: "Somebody on the way takes the strong mechanisms and the channel bindings out of what the server offers; a client that knows XEP-0474 notices.",
  fields: { mechanisms: t.list(t.string(), ["PLAIN"]).doc("All that is offered.") },
  start({ mechanisms }, site) {
    return site.seams.passing.add((passing) =>
      rewrites(passing, site, (features) => {
        const lists = [
          features.getChild("mechanisms", ns.SASL),
          features.getChild("authentication", ns.SASL2),
        ];
        const shown = lists.filter((list) => list !== undefined);
        for (const list of shown) {
          list.children = list.children.filter((child) => !isNamed(child, "mechanism"));
          list.children.unshift(...mechanisms.map((name) => el("mechanism", {}, name)));
        }
        features.remove("sasl-channel-binding", ns.SASL_CHANNEL_BINDING);
        return shown.length > 0;
      }),
    );
  },
});

export interface StarttlsFault extends CommonOptions {
  readonly fault: "starttls";
  /**
   * `missing`: it is not offered, nor is anything else. `stripped`: somebody on the way offers PLAIN in its place. `refused`: the
   * client is told that it failed (RFC 6120 §5.4.2.2). `handshake`: it begins and comes to nothing.
   */
  readonly how: "missing" | "stripped" | "refused" | "handshake";
}

export const starttls = defineFault({
  name: "starttls",
  doc: "STARTTLS is not offered, is replaced by PLAIN in clear, is refused, or its handshake fails.",
  fields: { how: t.oneOf(["missing", "stripped", "refused", "handshake"]) },
  start({ how }, site) {
    if (how === "handshake") return site.seams.transport.add({ breaksHandshake: () => site.happens() });
    if (how === "refused") return site.seams.passing.add((passing) => refuses(passing, site));
    return site.seams.passing.add((passing) =>
      rewrites(passing, site, (features) => {
        if (!features.remove("starttls", ns.TLS)) return false;
        if (how === "stripped") {
          features.cnode(el("mechanisms", { xmlns: ns.SASL }, el("mechanism", {}, "PLAIN")));
        }
        return true;
      }),
    );
  },
});

function refuses(passing: Passing, site: Site): boolean {
  if (passing.direction !== "in" || passing.kind !== "nonza") return false;
  if (!passing.element.is("starttls", ns.TLS) || !site.happens()) return false;
  passing.stream.write(serialize(el("failure", { xmlns: ns.TLS })));
  passing.stream.close();
  passing.stream.transport.end();
  return true;
}

/** Lets other features go in place of the server's, where `change` changed some. */
function rewrites(passing: Passing, site: Site, change: (features: Element) => boolean): boolean {
  if (passing.direction !== "out" || passing.kind !== "nonza") return false;
  const element = passing.copy();
  if (!element.is("features", ns.STREAMS) || !change(element) || !site.happens()) return false;
  passing.passAs(element);
  return true;
}

function isNamed(node: unknown, name: string): boolean {
  return typeof node === "object" && node !== null && (node as Element).name === name;
}
