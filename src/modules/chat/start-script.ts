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

// Whoever comes from an invitation has said who they are; nobody else who used this browser is meant.
const newcomer = /^#user=(.+)$/.exec(location.hash)?.[1];
if (newcomer) {
  settings.jid = decodeURIComponent(newcomer);
  localStorage.removeItem("conversejs-session-jid");
  history.replaceState(null, "", location.pathname);
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
document.getElementById("loading")?.remove();
`;
