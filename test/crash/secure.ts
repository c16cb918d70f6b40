import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import { RawClient } from "./raw-client.ts";

/** A TLS connection; the certificate is taken as it is. @throws Error of the handshake. */
export async function connectSecure(port: number): Promise<TLSSocket> {
  const socket = connect({ port, host: "127.0.0.1", servername: "localhost", rejectUnauthorized: false });
  await once(socket, "secureConnect");
  return socket;
}

/** As `RawClient.logIn`, on the port where TLS begins at once. */
export async function logInSecurely(port: number, user: string, password: string, resource: string) {
  const client = await RawClient.open(new RawClient(await connectSecure(port)));
  await client.authenticate(user, password);
  await client.bind(resource);
  return client;
}
