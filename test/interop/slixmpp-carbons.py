"""XEP-0280: two devices of one person see both sides of a conversation."""

from slixmpp_peer import Peer, equal, run


class Device(Peer):
    def __init__(self, jid):
        super().__init__(jid)
        self.register_plugin("xep_0280")
        for event in ("carbon_received", "carbon_sent"):
            self.add_event_handler(event, self.keeper(event))

    async def start(self):
        await super().start()
        await self["xep_0280"].enable()
        return self


async def main():
    phone = await Device("alice@localhost/phone").start()
    desk = await Device("alice@localhost/desk").start()
    bob = await Peer("bob@localhost/desk").start()

    bob.send_message("alice@localhost/phone", "are you there?", mtype="chat")
    equal((await phone.takes("message"))["body"], "are you there?")
    copy = (await desk.takes("carbon_received"))["carbon_received"]
    equal((copy["body"], str(copy["from"])), ("are you there?", "bob@localhost/desk"))

    phone.send_message("bob@localhost/desk", "I am", mtype="chat")
    equal((await bob.takes("message"))["body"], "I am")
    copy = (await desk.takes("carbon_sent"))["carbon_sent"]
    equal((copy["body"], str(copy["to"])), ("I am", "bob@localhost/desk"))

    # What is private, and what comes after it was disabled, is not copied.
    secret = phone.make_message("bob@localhost/desk", "a secret", mtype="chat")
    secret.enable("carbon_private")
    secret.send()
    equal((await bob.takes("message"))["body"], "a secret")
    await desk["xep_0280"].disable()
    phone.send_message("bob@localhost/desk", "unseen", mtype="chat")
    equal((await bob.takes("message"))["body"], "unseen")
    await desk["xep_0199"].ping("localhost")
    # The plugin has them as messages as well.
    copies = [stanza for event, stanza in desk.inbox if event.startswith("carbon")]
    equal(copies, [])
    for peer in (phone, desk, bob):
        await peer.stop()


run(main)
