import { BOSH_PATH, WEBSOCKET_PATH } from "../http/stream-endpoints.ts";

/** What a test server can be reached as. */
export type ServiceName = "xmpp" | "xmpps" | "ws" | "wss" | "bosh" | "http" | "https";

/** 0: none. */
interface ServicePorts {
  readonly xmpp: number;
  readonly xmpps: number;
  readonly http: number;
  readonly https: number;
}

/** Where clients connect to. @throws Error when the server does not offer it. */
export function serviceAddress(name: ServiceName, { xmpp, xmpps, http, https }: ServicePorts): string {
  const places = {
    xmpp: { scheme: "xmpp", port: xmpp, path: "" },
    xmpps: { scheme: "xmpps", port: xmpps, path: "" },
    ws: { scheme: "ws", port: http, path: WEBSOCKET_PATH },
    wss: { scheme: "wss", port: https, path: WEBSOCKET_PATH },
    bosh: { scheme: https ? "https" : "http", port: https || http, path: BOSH_PATH },
    http: { scheme: "http", port: http, path: "" },
    https: { scheme: "https", port: https, path: "" },
  };
  if (!Object.hasOwn(places, name)) {
    throw new Error(`there is no ${name} service; there may be ${Object.keys(places).join(", ")}`);
  }
  const { scheme, port, path } = places[name];
  if (port === 0) throw new Error(`there is no ${name} service; see the options port, httpPort and tls`);
  return `${scheme}://127.0.0.1:${port}${path}`;
}
