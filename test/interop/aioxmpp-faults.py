"""romeo with aioxmpp: prints what happens to his stream, until the process is ended."""

import asyncio
import json
import sys
import warnings
from datetime import timedelta

import aioxmpp
from aioxmpp import JID, PresenceState

settings = json.loads(sys.argv[1])


def tells(event):
    def tell(reason=None):
        print(event if reason is None else f"{event}: {reason!r}", flush=True)

    return tell


async def main():
    peer = aioxmpp.connector.STARTTLSConnector()
    security = aioxmpp.make_security_layer("secret of romeo")
    client = aioxmpp.PresenceManagedClient(
        JID.fromstr("romeo@localhost"), security, override_peer=[("127.0.0.1", settings["port"], peer)]
    )
    client.backoff_start = timedelta(seconds=0.01)
    client.on_stream_established.connect(tells("established"))
    client.on_stream_suspended.connect(tells("suspended"))
    client.on_stream_resumed.connect(tells("resumed"))
    client.on_stream_destroyed.connect(tells("destroyed"))
    client.on_failure.connect(tells("failed"))
    client.presence = PresenceState(True)
    await asyncio.get_event_loop().create_future()


warnings.simplefilter("ignore")
asyncio.get_event_loop().run_until_complete(main())
