"""Logs in against a server with a fault, and tells whether what should happen happens instead of, or as, a session."""

import asyncio
import json
import ssl
import sys

from slixmpp import ClientXMPP

PATIENCE = 10
settings = json.loads(sys.argv[1])
came = []


async def main():
    peer = ClientXMPP("romeo@localhost", "secret of romeo")
    peer.ca_certs = settings["ca"]
    # Its only channel binding is tls-unique, which TLS 1.3 does not have.
    peer.ssl_context.maximum_version = ssl.TLSVersion.TLSv1_2
    happened = asyncio.get_event_loop().create_future()

    def keeper(event):
        def keep(_):
            came.append(event)
            if event in (settings["expected"], "session_start") and not happened.done():
                happened.set_result(event)

        return keep

    for event in ("session_start", "failed_auth", "disconnected", "connection_failed", "ssl_invalid_chain"):
        peer.add_event_handler(event, keeper(event))
    peer.connect(("127.0.0.1", settings["port"]), use_ssl=settings["direct"])
    try:
        event = await asyncio.wait_for(happened, PATIENCE)
    except asyncio.TimeoutError:
        event = None
    assert event == settings["expected"], f"came: {came}"
    print("all is well", flush=True)
    peer.abort()


asyncio.get_event_loop().run_until_complete(main())
