import assert from "node:assert";
import { once } from "node:events";
import { test } from "node:test";
import { setDefaultCACertificates } from "node:tls";
import { client } from "@xmpp/client";
import { withServer } from "jackdaw/testing";
import { createClient } from "stanza";
import { Strophe } from "strophe.js";

test("@xmpp/client over TCP and WebSocket", () =>
  withServer({ users: ["romeo"] }, async (server) => {
    for (const service of ["xmpp", "ws"]) {
      const romeo = client({ ...server.user("romeo").connectOptions, service: server.service(service) });
      await romeo.start();
      await romeo.stop();
    }
  }));

test("the same under TLS", () =>
  withServer({ users: ["romeo"], tls: true }, async (server) => {
    // For the whole process; or NODE_EXTRA_CA_CERTS in its environment.
    setDefaultCACertificates([server.ca]);
    for (const service of ["xmpp", "xmpps", "wss"]) {
      const romeo = client({ ...server.user("romeo").connectOptions, service: server.service(service) });
      await romeo.start();
      await romeo.stop();
    }
  }));

test("stanza over WebSocket", () =>
  withServer({ users: ["romeo"] }, async (server) => {
    const { jid, password } = server.user("romeo");
    const romeo = createClient({ jid, password, transports: { websocket: server.service("ws") } });
    romeo.connect();
    await once(romeo, "session:started");
    romeo.disconnect();
    await once(romeo, "disconnected");
  }));

test("strophe.js over WebSocket", () =>
  withServer({ users: ["romeo"] }, async (server) => {
    const { jid, password } = server.user("romeo");
    const romeo = new Strophe.Connection(server.service("ws"));
    await new Promise((resolve, reject) => {
      romeo.connect(jid, password, (status) => {
        if (status === Strophe.Status.CONNECTED) resolve();
        if (status === Strophe.Status.AUTHFAIL) reject(new Error("not authorized"));
      });
    });
    romeo.disconnect("done");
    await server.expect({ from: "romeo", type: "unavailable" });
  }));

test("no port at all", () =>
  withServer({ users: ["romeo"], port: false }, async (server) => {
    const stream = server.connect();
    stream.write(
      `<stream:stream to="localhost" version="1.0" xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams">`,
    );
    const [features] = await once(stream, "data");
    assert.match(String(features), /<stream:features>/);
    stream.destroy();
  }));
