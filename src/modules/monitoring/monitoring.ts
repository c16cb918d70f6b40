/** What programs ask that watch over a server: `/metrics` in Prometheus' format, `/health` and `/ready`. */
import { defineModule } from "../../core/module.ts";
import type { HttpPeer } from "../../http/peer.ts";
import { prometheusText } from "../../util/prometheus.ts";
import { tokens, tokensService } from "../tokens/tokens.ts";
import { Readiness } from "./readiness.ts";

const TYPE = "text/plain; version=0.0.4; charset=utf-8";
const NO_STORE = { "Cache-Control": "no-store" };

/** Any of these opens the metrics. */
const SCOPES = ["metrics", "read", "admin"];

export const monitoring = defineModule({
  name: "monitoring",
  implements: [],
  requires: [tokens],

  async setup(host) {
    const readiness = await Readiness.open(host);

    host.http.shared("monitoring", (routes) => {
      // Whoever gets an answer knows that the process lives.
      routes.get("/health", (c) => c.json({ status: "ok" }, 200, NO_STORE));

      routes.get("/ready", async (c) => {
        const reason = await readiness.fault();
        if (reason === undefined) return c.json({ status: "ready" }, 200, NO_STORE);
        return c.json({ status: "not ready", reason }, 503, NO_STORE);
      });

      routes.get("/metrics", async (c) => {
        const { peer } = c.env;
        const isLocal = isLoopback(peer) && !isForwarded((name) => c.req.header(name));
        if (!isLocal) {
          const admission = await host.use(tokensService).admit(c.req.header("authorization"), peer.remote);
          if (admission.outcome === "limited") {
            return c.text("Too many requests\n", 429, { "Retry-After": String(admission.retryAfter) });
          }
          if (admission.outcome !== "good") {
            return c.text("A token is needed\n", 401, { "WWW-Authenticate": 'Bearer realm="jackdaw"' });
          }
          if (!admission.token.scopes.some((scope) => SCOPES.includes(scope))) {
            return c.text('The scope "metrics" is needed\n', 403);
          }
        }
        return c.body(prometheusText(host.metrics.families()), 200, { ...NO_STORE, "Content-Type": TYPE });
      });
    });
  },
});

function isLoopback({ remote }: HttpPeer): boolean {
  return remote === "::1" || remote.startsWith("127.");
}

/** A proxy on this machine that nobody named as one: its clients are not from here. */
function isForwarded(header: (name: string) => string | undefined): boolean {
  return ["forwarded", "x-forwarded-for", "x-real-ip", "via"].some((name) => header(name) !== undefined);
}
