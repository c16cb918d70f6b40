/**
 * RFC 5802 Salted Challenge Response Authentication Mechanism (SCRAM): the log-in of the console
 *
 * What administrators do and see, in a browser at `/admin`: the same commands as everywhere, and the traffic of an account or a
 * room as it passes.
 */
import { ConsoleLogin } from "../../admin/console-login.ts";
import { defineModule } from "../../core/module.ts";
import { readBuiltPage } from "../../html/built-page.ts";
import { t } from "../../util/schema.ts";
import { consoleService } from "./console-service.ts";
import { Door } from "./door.ts";

import { ConsoleRequests } from "./requests.ts";
import { Visits } from "./visits.ts";

export const adminConsole = defineModule({
  name: "adminConsole",
  implements: ["RFC 5802"],
  config: t.object({
    idleTime: t.duration("30m", { min: 60_000 }).doc("How long a log-in lasts without a request."),
    visitTime: t.duration("12h", { min: 60_000 }).doc("How long a log-in lasts at most."),
    linkTime: t.duration("10m", { min: 10_000 }).doc("How long a link of `jackdaw admin link` may wait."),
    visits: t.integer(100, { min: 1 }).doc("Log-ins at the same time; then the oldest end."),
    watchers: t.integer(10, { min: 1 }).doc("Browsers that watch traffic at the same time."),
  }),

  setup(host, { visits: most, watchers, ...times }) {
    // One console for all domains.
    const [first] = host.server.hosts.values();
    if (host !== first) return;
    const { clock, random, accounts, throttle } = host;
    const visits = new Visits(clock, random, { ...times, most });
    const login = new ConsoleLogin({ accounts, throttle, clock, random, closing: host.http.closing });
    const door = new Door(host, visits, login, times.visitTime);
    const requests = new ConsoleRequests(host, door, watchers);

    host.provide(consoleService, {
      makeLink(user) {
        const { secret, until } = visits.makeLink(user);
        // Behind the hash: browsers send that part to nobody, so no log on the way has it.
        return { url: `${host.http.url}/admin#link=${secret}`, until };
      },
    });

    // Whoever sets a password may do so because somebody else knew it.
    accounts.onPasswordSet((user) => visits.end((visit) => visit.user?.equals(user) ?? false));

    host.http.shared("adminConsole", (routes) => {
      for (const { name, body, headers } of readBuiltPage("console")) {
        routes.get(name === "index.html" ? "/admin" : `/admin/${name}`, (c) =>
          c.req.header("if-none-match") === headers.ETag
            ? c.body(null, 304, headers)
            : c.body(body, 200, headers),
        );
      }
      routes.get("/admin/", (c) => c.redirect("/admin", 301));
      door.register(routes);
      requests.register(routes);
    });
  },
});
