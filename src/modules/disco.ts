/**
 * XEP-0030 Service Discovery, version 2.5.0
 * XEP-0128 Service Discovery Extensions, version 1.0.1
 * https://xmpp.org/extensions/xep-0030.html
 *
 * Tells what the domain and its accounts are and can do, from what the modules declare.
 */
import { defineModule, defineService } from "../core/module.ts";
import type { IqRequest } from "../routing/iq-table.ts";
import type { Awaitable } from "../util/awaitable.ts";
import { t } from "../util/schema.ts";
import { clone, type Element, el } from "../xml/element.ts";
import { StanzaError } from "../xmpp/errors.ts";
import type { Jid } from "../xmpp/jid.ts";
import { ns } from "../xmpp/ns.ts";
import { roster, rosterService } from "./roster/roster.ts";

/** Nodes of the domain (§4.3) that a module answers for: the whole `<query/>`, undefined where a node is not its own. */
export interface DiscoNodes {
  info(node: string, request: IqRequest): Awaitable<Element | undefined>;
  items(node: string, request: IqRequest): Awaitable<Element | undefined>;
}

/** What other modules add to the domain's own information. */
export interface Disco {
  /** XEP-0128: a form shown with the domain's features. */
  addForm(form: Element): void;
  addNodes(nodes: DiscoNodes): void;
}

export const discoService = defineService<Disco>("disco");

export const disco = defineModule({
  name: "disco",
  implements: ["XEP-0030 2.5.0", "XEP-0128 1.0.1"],
  features: [ns.DISCO_INFO, ns.DISCO_ITEMS],
  accountFeatures: [ns.DISCO_INFO, ns.DISCO_ITEMS],
  requires: [roster],
  config: t.object({
    name: t.string("Jackdaw").doc("The name that clients show for the server."),
  }),

  setup(host, { name }) {
    const forms: Element[] = [];
    const nodes: DiscoNodes[] = [];
    host.provide(discoService, {
      addForm: (form) => void forms.push(form),
      addNodes: (more) => void nodes.push(more),
    });

    host.iq("get", ns.DISCO_INFO, "query", domainInfo, "host");
    host.iq("get", ns.DISCO_ITEMS, "query", domainItems, "host");
    host.iq("get", ns.DISCO_INFO, "query", accountInfo, "address");
    host.iq("get", ns.DISCO_ITEMS, "query", accountItems, "address");

    function domainInfo(request: IqRequest): Awaitable<Element> {
      const node = request.payload.attrs.node as string | undefined;
      if (node !== undefined) return nodeAnswer((each) => each.info(node, request));
      const features = host.modules.flatMap((module) => module.features ?? []);
      return describe(el("identity", { category: "server", type: "im", name }), features, forms);
    }

    function domainItems(request: IqRequest): Awaitable<Element> {
      const node = request.payload.attrs.node as string | undefined;
      if (node !== undefined) return nodeAnswer((each) => each.items(node, request));
      return el("query", { xmlns: ns.DISCO_ITEMS });
    }

    /** §7: a node that nobody knows is not found. */
    async function nodeAnswer(ask: (nodes: DiscoNodes) => Awaitable<Element | undefined>): Promise<Element> {
      for (const each of nodes) {
        const answer = await ask(each);
        if (answer) return answer;
      }
      throw new StanzaError("item-not-found");
    }

    /** §3.1. §8: an account that is not there and one that does not want to be seen give the same answer. */
    async function accountInfo({ from, to, payload }: IqRequest): Promise<Element> {
      if (!(await mayAsk(from, to))) throw new StanzaError("service-unavailable");
      refuseNode(payload);
      const type = (await host.accounts.exists(to)) ? "registered" : "anonymous";
      const features = host.modules.flatMap((module) => module.accountFeatures ?? []);
      return describe(el("identity", { category: "account", type }), features);
    }

    /** §4.1: the available resources. §8: for everybody else there is nothing. */
    async function accountItems({ from, to, payload }: IqRequest): Promise<Element> {
      const node = payload.attrs.node as string | undefined;
      const items = el("query", { xmlns: ns.DISCO_ITEMS, node });
      if (node !== undefined || !(await mayAsk(from, to))) return items;
      for (const { jid } of host.sessions.available(to)) items.cnode(el("item", { jid: jid.toString() }));
      return items;
    }

    async function mayAsk(from: Jid, account: Jid): Promise<boolean> {
      return from.bare.equals(account) || (await host.use(rosterService).isSubscribed(account, from.bare));
    }
  },
});

/** §3.2: accounts have no nodes. */
function refuseNode(query: Element): void {
  if (query.attrs.node !== undefined) throw new StanzaError("item-not-found");
}

function describe(identity: Element, features: readonly string[], forms: readonly Element[] = []): Element {
  const query = el("query", { xmlns: ns.DISCO_INFO }, identity);
  for (const feature of new Set(features)) query.cnode(el("feature", { var: feature }));
  for (const form of forms) query.cnode(clone(form));
  return query;
}
