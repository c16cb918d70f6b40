/**
 * RFC 9309 Robots Exclusion Protocol, and the page at the root of a domain
 * https://www.rfc-editor.org/rfc/rfc9309
 *
 * Tells people who come with a browser how to chat here, and whom to write to.
 */
import { defineModule } from "../../core/module.ts";
import { icon } from "../../html/icon.ts";
import { chatService } from "../chat/chat.ts";
import { contact, contactService } from "../contact.ts";
import { register, registrationService } from "../register/register.ts";
import { homePage } from "./home-page.ts";

/** Only the root page is for search engines; links of invitations are secrets. */
const ROBOTS = "User-agent: *\nAllow: /$\nDisallow: /\n";

const DAY = "public, max-age=86400";

export const home = defineModule({
  name: "home",
  implements: [],

  setup(host) {
    const { routes } = host.http;

    routes.get("/", () =>
      homePage({
        domain: host.domain,
        http: host.http,
        ports: host.ports,
        chat: host.find(chatService)?.path,
        isOpen: host.modules.includes(register) && host.use(registrationService).isOpen,
        contacts: host.modules.includes(contact) ? host.use(contactService).addresses : new Map(),
      }),
    );
    routes.get("/robots.txt", (c) => c.text(ROBOTS, 200, { "Cache-Control": DAY }));
    for (const path of ["/favicon.svg", "/favicon.ico"]) {
      routes.get(path, (c) => c.body(icon, 200, { "Content-Type": "image/svg+xml", "Cache-Control": DAY }));
    }
  },
});
