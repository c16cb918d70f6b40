"""Log-in over both kinds of TLS, with every mechanism that slixmpp shares with the server."""

import asyncio
import ssl

from slixmpp_peer import PATIENCE, Peer, equal, run


async def succeeds(*, modern, **options):
    peer = Peer("alice@localhost/log-in", **options)
    if not modern:
        peer.ssl_context.maximum_version = ssl.TLSVersion.TLSv1_2
    await peer.start()
    equal(str(peer.boundjid), "alice@localhost/log-in")
    name = peer["feature_mechanisms"].mech.name
    await peer.stop()
    return name


async def main():
    for direct_tls in (False, True):
        # Its only channel binding is tls-unique, which TLS 1.3 does not have.
        equal(await succeeds(direct_tls=direct_tls, modern=False), "SCRAM-SHA-512-PLUS")
        equal(await succeeds(direct_tls=direct_tls, modern=True), "PLAIN")
    for mechanism in ("SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "PLAIN"):
        equal(await succeeds(mechanism=mechanism, modern=False), mechanism)

    stranger = Peer("alice@localhost", "wrong", mechanism="PLAIN")
    refused = asyncio.ensure_future(stranger.wait_until("failed_auth", PATIENCE))
    stranger.dial()
    equal((await refused)["condition"], "not-authorized")
    await stranger.stop()


run(main)
