import { ns } from "../../xmpp/ns.ts";
import type { AdhocCommand } from "../adhoc/command.ts";
import type { Pubsub } from "../pubsub/pubsub-service.ts";

const NODE = "pubsub#node";

/** XEP-0060 §8.7: asks the owner once more about everybody who waits to subscribe to a node. */
export function getPending(engine: Pubsub, domain: string): AdhocCommand {
  return {
    node: `${ns.PUBSUB}#get-pending`,
    name: "Show subscription requests",
    allowed: ({ session }) => session !== undefined && !session.anonymous && session.jid.domain === domain,
    async run({ from }) {
      const nodes = await engine.pending(from.bare);
      if (nodes.length === 0) return { notes: [{ type: "info", text: "nobody waits to subscribe" }] };
      return {
        form: {
          title: "Subscription requests",
          formType: ns.SUBSCRIBE_AUTHORIZATION,
          fields: [
            {
              name: NODE,
              type: "list-single",
              label: "Node",
              required: true,
              options: nodes.map((value) => ({ value })),
            },
          ],
        },
        async submit(values) {
          await engine.remind(from.bare, values.text(NODE), from);
          return {};
        },
      };
    },
  };
}
