/**
 * XEP-0030 Service Discovery, version 2.5.0
 * XEP-0128 Service Discovery Extensions, version 1.0.1
 * https://xmpp.org/extensions/xep-0030.html
 *
 * Tells what the domain, its services and its accounts are and can do, from what the modules declare.
 */
import { defineModule, defineService } from "../core/module.ts";
import type { DiscoNodes, Identity, ServiceHost } from "../core/service-host.ts";
import type { IqRequest } from "../routing/iq-table.ts";
import { type Awaitable, after } from "../util/awaitable.ts";
import { t } from "../util/schema.ts";
import { childElements, clone, type Element, el } from "../xml/element.ts";
import { StanzaError } from "../xmpp/errors.ts";
import type { Jid } from "../xmpp/jid.ts";
import { ns } from "../xmpp/ns.ts";
import { pageOf, readRsm, rsmElement } from "../xmpp/rsm.ts";
import { roster, rosterService } from "./roster/roster.ts";

/** Items in one page, for those who ask for pages. */
const PAGE_ITEMS = 1000;

/**
 * What registered accounts have beside their resources. A StanzaError says that somebody may not know of a node, or that
 * there is none.
 */
export interface AccountNodes {
  readonly identity: { readonly category: string; readonly type: string };
  readonly features: readonly string[];
  /** Those that `from` may know of. */
  list(account: Jid, from: Jid): Awaitable<readonly { readonly id: string; readonly title: string }[]>;
  info(account: Jid, node: string, from: Jid): Awaitable<Element>;
  items(account: Jid, node: string, from: Jid): Awaitable<Element>;
}

/** What other modules add, and what they want to know. */
export interface Disco {
  /** XEP-0128: a form shown with the domain's features. */
  addForm(form: Element): void;
  /** Nodes of the domain. */
  addNodes(nodes: DiscoNodes): void;
  /** Nodes that users find at their own account, and nobody else does. */
  addOwnNodes(nodes: DiscoNodes): void;
  addAccountNodes(nodes: AccountNodes): void;
  /** The `<query/>` that tells what the domain is; complete when all modules are set up. */
  domainInfo(): Element;
}

export const discoService = defineService<Disco>("disco");

export const disco = defineModule({
  name: "disco",
  implements: ["XEP-0030 2.5.0", "XEP-0128 1.0.1"],
  features: [ns.DISCO_INFO, ns.DISCO_ITEMS, ns.RSM],
  accountFeatures: [ns.DISCO_INFO, ns.DISCO_ITEMS, ns.RSM],
  serviceFeatures: [ns.DISCO_INFO, ns.DISCO_ITEMS, ns.RSM],
  requires: [roster],
  config: t.object({
    name: t.string("Jackdaw").doc("The name that clients show for the server."),
  }),

  setup(host, { name }) {
    const forms: Element[] = [];
    const nodes: DiscoNodes[] = [];
    const ownNodes: DiscoNodes[] = [];
    const accountNodes: AccountNodes[] = [];
    host.provide(discoService, {
      addForm: (form) => void forms.push(form),
      addNodes: (more) => void nodes.push(more),
      addOwnNodes: (more) => void ownNodes.push(more),
      addAccountNodes: (more) => void accountNodes.push(more),
      domainInfo: describeDomain,
    });

    host.iq("get", ns.DISCO_INFO, "query", domainInfo, "host");
    host.iq("get", ns.DISCO_ITEMS, "query", paged(domainItems), "host");
    host.iq("get", ns.DISCO_INFO, "query", serviceInfo, "services");
    host.iq("get", ns.DISCO_ITEMS, "query", paged(serviceItems), "services");
    host.iq("get", ns.DISCO_INFO, "query", accountInfo, "address");
    host.iq("get", ns.DISCO_ITEMS, "query", paged(accountItems), "address");

    function domainInfo(request: IqRequest): Awaitable<Element> {
      const node = request.payload.attrs.node as string | undefined;
      if (node !== undefined) return required(ask(nodes, (each) => each.info(node, request)));
      return describeDomain();
    }

    function describeDomain(): Element {
      const features = host.modules.flatMap((module) => module.features ?? []);
      // COMPAT(libpurple, 2026): it asks the domain alone whether accounts have personal eventing.
      const kinds = accountNodes.map(({ identity }) => identity);
      return describe([{ category: "server", type: "im", name }, ...kinds], features, forms);
    }

    function domainItems(request: IqRequest): Awaitable<Element> {
      const node = request.payload.attrs.node as string | undefined;
      if (node !== undefined) return required(ask(nodes, (each) => each.items(node, request)));
      // §4.1: the addresses that belong to the domain.
      return el(
        "query",
        { xmlns: ns.DISCO_ITEMS },
        ...host.services.map(({ jid, spec }) =>
          el("item", { jid: jid.toString(), name: spec.disco.identities[0]?.name }),
        ),
        ...host.server.components
          .below(host.domain)
          .map(({ jid, name: called }) => el("item", { jid: jid.toString(), name: called })),
      );
    }

    function serviceInfo(request: IqRequest): Awaitable<Element> {
      const { identities, features, forms, nodes: own = [] } = askedService(request).spec.disco;
      const node = request.payload.attrs.node as string | undefined;
      if (node !== undefined) return required(ask(own, (each) => each.info(node, request)));
      const shared = host.modules.flatMap((module) => module.serviceFeatures ?? []);
      return describe(identities, [...shared, ...features], forms);
    }

    function serviceItems(request: IqRequest): Awaitable<Element> {
      const { disco: asked } = askedService(request).spec;
      const node = request.payload.attrs.node as string | undefined;
      if (node !== undefined) return required(ask(asked.nodes ?? [], (each) => each.items(node, request)));
      return asked.items?.(request) ?? el("query", { xmlns: ns.DISCO_ITEMS });
    }

    function askedService({ to }: IqRequest): ServiceHost {
      const service = host.services.find(({ domain }) => domain === to.domain);
      if (!service) throw new StanzaError("service-unavailable");
      return service;
    }

    /** §3.1. §8: an account that is not there and one that does not want to be seen give the same answer. */
    async function accountInfo(request: IqRequest): Promise<Element> {
      const { from, to, payload } = request;
      const isFriend = await mayAsk(from, to);
      const node = payload.attrs.node as string | undefined;
      if (node !== undefined) {
        const own = from.bare.equals(to)
          ? await ask(ownNodes, (each) => each.info(node, request))
          : undefined;
        return own ?? accountNodeInfo(to, node, from, isFriend);
      }
      if (!isFriend) throw new StanzaError("service-unavailable");
      const isRegistered = await host.accounts.exists(to);
      const type = isRegistered ? "registered" : "anonymous";
      const parts = isRegistered ? accountNodes : [];
      const features = host.modules.flatMap((module) => module.accountFeatures ?? []);
      return describe(
        [{ category: "account", type }, ...parts.map(({ identity }) => identity)],
        [...features, ...parts.flatMap((part) => part.features)],
      );
    }

    async function accountNodeInfo(
      account: Jid,
      node: string,
      from: Jid,
      isFriend: boolean,
    ): Promise<Element> {
      for (const each of accountNodes) {
        const info = await unlessRefused(() => each.info(account, node, from));
        if (info) return info;
      }
      throw new StanzaError(isFriend ? "item-not-found" : "service-unavailable");
    }

    /** §4.1: the nodes, and the available resources. §8: for everybody else there is nothing but what is open to all. */
    async function accountItems(request: IqRequest): Promise<Element> {
      const { from, to, payload } = request;
      const node = payload.attrs.node as string | undefined;
      const items = el("query", { xmlns: ns.DISCO_ITEMS, node });
      if (node !== undefined) {
        const own = from.bare.equals(to)
          ? await ask(ownNodes, (each) => each.items(node, request))
          : undefined;
        return own ?? (await accountNodeItems(to, node, from)) ?? items;
      }
      if (await mayAsk(from, to)) {
        for (const { jid } of host.sessions.available(to)) items.cnode(el("item", { jid: jid.toString() }));
      }
      for (const each of accountNodes) {
        for (const { id, title } of await each.list(to, from)) {
          items.cnode(el("item", { jid: to.toString(), node: id, name: title || undefined }));
        }
      }
      return items;
    }

    async function accountNodeItems(account: Jid, node: string, from: Jid): Promise<Element | undefined> {
      for (const each of accountNodes) {
        const items = await unlessRefused(() => each.items(account, node, from));
        if (items) return items;
      }
      return undefined;
    }

    async function mayAsk(from: Jid, account: Jid): Promise<boolean> {
      return from.bare.equals(account) || (await host.use(rosterService).isSubscribed(account, from.bare));
    }
  },
});

async function ask(
  nodes: readonly DiscoNodes[],
  question: (nodes: DiscoNodes) => Awaitable<Element | undefined>,
): Promise<Element | undefined> {
  for (const each of nodes) {
    const answer = await question(each);
    if (answer) return answer;
  }
  return undefined;
}

/** XEP-0059: a page of the items for those who ask for one. */
function paged(
  items: (request: IqRequest) => Awaitable<Element>,
): (request: IqRequest) => Awaitable<Element> {
  return (request) => {
    const rsm = readRsm(request.payload);
    return after(items(request), (query) => {
      if (!request.payload.getChild("set", ns.RSM) || query.getChild("set", ns.RSM)) return query;
      const found = pageOf(childElements(query), itemId, rsm, PAGE_ITEMS);
      return el("query", query.attrs, ...found.items.map(clone), rsmElement(found.page));
    });
  };
}

/** No two items of a list are alike in both (XEP-0030 §4.1); an address has no space. */
function itemId({ attrs }: Element): string {
  return attrs.node === undefined ? String(attrs.jid) : `${String(attrs.jid)} ${String(attrs.node)}`;
}

/** §7: a node that nobody knows is not found. */
async function required(answer: Promise<Element | undefined>): Promise<Element> {
  const found = await answer;
  if (!found) throw new StanzaError("item-not-found");
  return found;
}

async function unlessRefused<T>(work: () => Awaitable<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StanzaError) return undefined;
    throw error;
  }
}

function describe(
  identities: readonly Identity[],
  features: readonly string[],
  forms: readonly Element[] = [],
): Element {
  const query = el("query", { xmlns: ns.DISCO_INFO });
  for (const identity of identities) query.cnode(el("identity", { ...identity }));
  for (const feature of new Set(features)) query.cnode(el("feature", { var: feature }));
  for (const form of forms) query.cnode(clone(form));
  return query;
}
