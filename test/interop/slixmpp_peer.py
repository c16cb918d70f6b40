"""A client of slixmpp that keeps what it receives until a script asks for it."""

import asyncio
import json
import sys

from slixmpp import ClientXMPP

# Seconds that anything may take; only a failing test waits so long.
PATIENCE = 10

PLUGINS = ["xep_0012", "xep_0030", "xep_0077", "xep_0092", "xep_0199", "xep_0202", "xep_0203"]

PRESENCE_EVENTS = [
    "presence_available",
    "presence_dnd",
    "presence_unavailable",
    "presence_subscribe",
    "presence_subscribed",
    "presence_unsubscribe",
    "presence_unsubscribed",
]

settings = json.loads(sys.argv[1])


class Peer(ClientXMPP):
    def __init__(self, jid, password="secret", *, direct_tls=False, mechanism=None):
        super().__init__(jid, password, sasl_mech=mechanism)
        self.ca_certs = settings["ca"]
        self.direct_tls = direct_tls
        self.inbox = []
        self.more = asyncio.Event()
        # The scripts decide about subscriptions.
        self.roster.auto_authorize = None
        self.roster.auto_subscribe = False
        for plugin in PLUGINS:
            self.register_plugin(plugin)
        self["xep_0077"].create_account = False
        for event in ["message", "roster_update", *PRESENCE_EVENTS]:
            self.add_event_handler(event, self.keeper(event))
        self.add_event_handler("connection_failed", lambda error: self.keep("connection_failed", error))

    def keeper(self, event):
        return lambda stanza: self.keep(event, stanza)

    def keep(self, event, stanza):
        self.inbox.append((event, stanza))
        self.more.set()

    def dial(self):
        port = settings["tlsPort" if self.direct_tls else "port"]
        self.connect(("127.0.0.1", port), use_ssl=self.direct_tls)

    async def start(self, *, presence=True):
        """Settles when the resource is bound, the roster is there and presence is sent."""
        started = asyncio.ensure_future(self.wait_until("session_start", PATIENCE))
        self.dial()
        await started
        await self.get_roster()
        if presence:
            self.send_presence()
        return self

    async def stop(self):
        self.disconnect()
        await asyncio.wait_for(self.disconnected, PATIENCE)

    async def takes(self, event, wanted=lambda stanza: True):
        """Takes the first stanza of an event that is wanted out of what came, as soon as it is there."""
        async def look():
            while True:
                for index, (kind, stanza) in enumerate(self.inbox):
                    if kind == event and wanted(stanza):
                        del self.inbox[index]
                        return stanza
                self.more.clear()
                await self.more.wait()

        try:
            return await asyncio.wait_for(look(), PATIENCE)
        except asyncio.TimeoutError:
            came = "\n".join(f"{kind}: {stanza}" for kind, stanza in self.inbox)
            raise AssertionError(f"{self.boundjid} did not receive {event}, only\n{came}") from None


def equal(actual, expected):
    assert actual == expected, f"expected {expected!r}, got {actual!r}"


def run(main):
    """Runs the script and says so when it has come to its end."""
    asyncio.get_event_loop().run_until_complete(asyncio.wait_for(main(), 3 * PATIENCE))
    print("all is well")
