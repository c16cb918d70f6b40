/** Where clients find the rig, as it tells it at `/server`. */
interface RigServer {
  readonly domain: string;
  readonly services: Readonly<Record<string, string>>;
}

export async function readServer(): Promise<RigServer> {
  const server = (await (await fetch("server")).json()) as RigServer;
  document.title = `Jackdaw rig of ${server.domain}`;
  return server;
}
