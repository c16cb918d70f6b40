"""XEP-0077: an account that is made, gets another password and is removed, all in band."""

import asyncio

from slixmpp_peer import PATIENCE, Peer, equal, run


class Newcomer(Peer):
    """Makes its account before it logs in."""

    def __init__(self, jid, password):
        super().__init__(jid, password)
        self["xep_0077"].create_account = True
        # slixmpp 1.8.3 would keep the plugin's own requests until the session starts.
        self._always_send_everything = True
        self.add_event_handler("register", self.register_account)

    async def register_account(self, form):
        assert {"username", "password"} <= form["register"]["fields"], form
        request = self.Iq()
        request["type"] = "set"
        request["register"]["username"] = self.boundjid.user
        request["register"]["password"] = self.password
        await request.send()


async def is_refused(password):
    peer = Peer("carol@localhost", password, mechanism="PLAIN")
    refused = asyncio.ensure_future(peer.wait_until("failed_auth", PATIENCE))
    peer.dial()
    equal((await refused)["condition"], "not-authorized")
    await peer.stop()


async def main():
    carol = await Newcomer("carol@localhost/first", "old secret").start()
    await carol["xep_0077"].change_password("new secret")
    await carol.stop()

    await is_refused("old secret")
    carol = await Peer("carol@localhost/second", "new secret").start()
    await carol["xep_0077"].cancel_registration()
    await asyncio.wait_for(carol.disconnected, PATIENCE)
    await is_refused("new secret")


run(main)
