/** Sends messages back, from whatever address below `echo.DOMAIN` they went to. */
import { defineModule, el, type Host, t } from "../../../src/index.ts";

const NS = "urn:example:echo";

export const echo = defineModule({
  name: "echo",
  implements: [],
  config: t.object({
    names: t.list(t.string(), ["echo"]).doc("Names of the service."),
  }),
  services: ({ names }) => names,
  setup(host, { names }) {
    for (const domain of host.serviceDomains(names)) open(host, domain);
  },
});

function open(host: Host, domain: string): void {
  const service = host.service(domain, {
    disco: {
      identities: [{ category: "component", type: "generic", name: "Echo" }],
      features: [NS],
    },
    message: (stanza) => host.route(stanza.with({ from: stanza.to, to: stanza.from })),
  });
  service.iq("get", NS, "size", ({ to }) => el("size", { xmlns: NS }, String(to.local.length)), "address");
}
