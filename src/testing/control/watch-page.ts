/** What passes through a rig, in a browser, with means to send it again or something else as anybody. */
import { createHash } from "node:crypto";
import { html, raw } from "hono/html";
import { respond } from "../../html/page.ts";
import { style } from "../../html/style.ts";

const styleHash = createHash("sha256").update(style).digest("base64");

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "connect-src 'self' ws:",
  `style-src 'sha256-${styleHash}'`,
  "img-src data:",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Text is only ever put in as text. */
export const watchScript = `
const list = document.querySelector("#stanzas");
const status = document.querySelector("#status");
const form = document.querySelector("form");

async function post(operation, args) {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(operation, { method: "POST", headers, body: JSON.stringify(args) });
  const { detail = "" } = await answer.json();
  status.textContent = answer.ok ? "Sent." : detail;
}

function again({ direction, client, xml }) {
  return direction === "in" ? post("send", { as: client, xml }) : post("deliver", { to: client, xml });
}

function show(seen) {
  const item = document.createElement("li");
  const head = document.createElement("p");
  const text = document.createElement("pre");
  const button = document.createElement("button");
  head.textContent = new Date(seen.time).toISOString() + " " + seen.client + (seen.direction === "in" ? " → " : " ← ") + seen.kind + " ";
  text.textContent = seen.xml;
  button.textContent = "Send again";
  button.type = "button";
  button.addEventListener("click", () => void again(seen));
  head.append(button);
  item.append(head, text);
  list.prepend(item);
  while (list.children.length > 500) list.lastChild.remove();
}

const socket = new WebSocket(new URL("stanzas", location.href.replace(/^http/, "ws")));
socket.addEventListener("open", () => { status.textContent = "Watching."; });
socket.addEventListener("message", ({ data }) => show(JSON.parse(data)));
socket.addEventListener("close", () => { status.textContent = "The rig is gone."; });

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { as, xml } = Object.fromEntries(new FormData(form));
  void post("send", { as, xml });
});
`;

export function watchPage(): Promise<Response> {
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Jackdaw rig</title>
<link rel="icon" href="data:,">
<style>${raw(style)}</style>
<script src="watch.js" defer></script>
</head>
<body>
<main>
<h1>What passes</h1>
<form>
<p><label>As <input name="as" required placeholder="romeo" autocomplete="off"></label></p>
<p><label>XML <textarea name="xml" required rows="3"></textarea></label></p>
<p><button>Send</button></p>
</form>
<p id="status" role="status">Connecting.</p>
<ol id="stanzas" reversed></ol>
</main>
</body>
</html>
`;
  return respond(document, POLICY);
}
