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

converse.initialize({
  ...settings,
  websocket_url: location.origin.replace(/^http/, "ws") + settings.websocket_url,
  bosh_service_url: location.origin + settings.bosh_service_url,
}).then(() => document.getElementById("loading")?.remove());
`;
