/** A program that embeds the server, has a client on each port, and does not call process.exit(). */
import { once } from "node:events";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { createServer } from "../../src/index.ts";

const [database = ""] = process.argv.slice(2);
const server = await createServer({ store: { sqlite: database } });
await server.createUser("alice@localhost", "secret");
await server.listen();
const { c2s, c2sTls } = server.ports;
const clear = connect({ port: c2s, host: "127.0.0.1" });
const secure = connectTls({ port: c2sTls, host: "127.0.0.1", rejectUnauthorized: false });
await Promise.all([once(clear, "connect"), once(secure, "secureConnect")]);
clear.write(
  `<stream:stream to="localhost" version="1.0" xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams">`,
);
await once(clear, "data");
const ends = Promise.all([once(clear.resume(), "close"), once(secure.resume(), "close")]);
await server.close();
await ends;
process.stdout.write("closed\n");
