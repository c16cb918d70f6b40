/**
 * What starts Converse in the browser; served beside it. The page has the settings in a `meta` element, and in
 * `template` elements what stands around the log-in form: Converse's own fetches pictures from other hosts.
 */
export const startScript = `
import converse from "./converse.min.js";

const settings = JSON.parse(document.querySelector("meta[name=chat-settings]").content);

for (const template of document.querySelectorAll("template[data-element]")) {
  customElements.define(template.dataset.element, class extends HTMLElement {
    connectedCallback() {
      this.replaceChildren(template.content.cloneNode(true));
    }
  });
}

// A tab that is loaded again resumes its session (XEP-0198). Converse 14.0.0 would take itself for a new resource then, and
// what it gets for somebody else: so it gets to know the old one, until it has begun.
const user = localStorage.getItem("conversejs-session-jid");
const kept = sessionStorage.getItem("converse-session/converse.session-" + user + "-converse.session-" + user);
const { active, jid } = JSON.parse(kept ?? "{}");
if (jid && !active) localStorage.setItem("conversejs-session-jid", jid);

// Whoever comes from an invitation has said who they are; nobody else who used this browser is meant.
const newcomer = /^#user=(.+)$/.exec(location.hash)?.[1];
if (newcomer) {
  settings.jid = decodeURIComponent(newcomer);
  localStorage.removeItem("conversejs-session-jid");
  history.replaceState(null, "", location.pathname);
}

// Whoever has an account opens an invitation here: XEP-0379 §3.4, once they say so, for any page may have such a link.
const invitation = /^#accept=(.+)$/.exec(location.hash)?.[1];
const [, address, token] = /^xmpp:([^?]+)\\?roster;preauth=(\\w+)/.exec(decodeURIComponent(invitation ?? "")) ?? [];
if (address) {
  history.replaceState(null, "", location.pathname);
  converse.plugins.add("accept-invitation", {
    initialize() {
      const { _converse: { api, state } } = this;
      api.listen.once("rosterContactsFetched", () => accept(api, state, decodeURIComponent(address)));
    },
  });
  settings.whitelisted_plugins = ["accept-invitation"];
}

async function accept(api, { roster }, jid) {
  const { $pres } = converse.env;
  if (roster.get(jid)?.get("subscription") !== "both") {
    const question = jid + " would like to be a contact of yours: each sees when the other is there.";
    if (!(await api.confirm("Accept the invitation?", question))) return;
    api.send($pres({ to: jid, type: "subscribed" }));
    api.send($pres({ to: jid, type: "subscribe" }).c("preauth", { xmlns: "urn:xmpp:pars:0", token }));
  }
  await api.chats.open(jid, {}, true);
}

// Where a network lets no WebSocket through Converse tries again and again: whether it does is found out beforehand.
function opens(url) {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, "xmpp");
    setTimeout(resolve, 5000, false);
    socket.onerror = () => resolve(false);
    socket.onopen = () => {
      socket.close();
      resolve(true);
    };
  });
}

const { websocket_url, bosh_service_url } = settings;
if (websocket_url) settings.websocket_url = location.origin.replace(/^http/, "ws") + websocket_url;
if (bosh_service_url) settings.bosh_service_url = location.origin + bosh_service_url;
if (websocket_url && bosh_service_url && !(await opens(settings.websocket_url))) delete settings.websocket_url;

await converse.initialize(settings);
if (user && localStorage.getItem("conversejs-session-jid") === jid) localStorage.setItem("conversejs-session-jid", user);
document.getElementById("loading")?.remove();
`;
