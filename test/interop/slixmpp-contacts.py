"""Roster, subscriptions, presence, chat, and messages for somebody who is away."""

from slixmpp_peer import Peer, equal, run


def is_from(jid):
    return lambda stanza: str(stanza["from"]) == jid


async def subscription(peer, state):
    """The roster push that tells of this state."""
    def fits(iq):
        return iq["type"] == "set" and any(
            item["subscription"] == state for item in iq["roster"]["items"].values()
        )
    return await peer.takes("roster_update", fits)


async def main():
    alice = await Peer("alice@localhost/phone").start()
    bob = await Peer("bob@localhost/desk", direct_tls=True).start()

    await alice.update_roster("bob@localhost", name="Bob", groups=["Friends", "Büro"])
    push = await subscription(alice, "none")
    [(jid, item)] = push["roster"]["items"].items()
    equal((str(jid), item["name"], sorted(item["groups"])), ("bob@localhost", "Bob", ["Büro", "Friends"]))

    # Both ways.
    alice.send_presence_subscription("bob@localhost")
    request = await bob.takes("presence_subscribe")
    equal(str(request["from"]), "alice@localhost")
    bob.send_presence_subscription("alice@localhost", ptype="subscribed")
    bob.send_presence_subscription("alice@localhost")
    await alice.takes("presence_subscribed")
    await alice.takes("presence_subscribe")
    alice.send_presence_subscription("bob@localhost", ptype="subscribed")
    await bob.takes("presence_subscribed")
    await subscription(alice, "both")
    await subscription(bob, "both")
    await alice.takes("presence_available", is_from("bob@localhost/desk"))
    await bob.takes("presence_available", is_from("alice@localhost/phone"))

    bob.send_presence(pshow="dnd", pstatus="in a meeting", ppriority=3)
    busy = await alice.takes("presence_dnd")
    equal((busy["status"], busy["priority"]), ("in a meeting", 3))

    alice.send_message("bob@localhost", "Grüße & <Küsse> ☕", mtype="chat")
    message = await bob.takes("message")
    equal((message["body"], str(message["from"])), ("Grüße & <Küsse> ☕", "alice@localhost/phone"))
    message.reply("back").send()
    equal((await alice.takes("message"))["body"], "back")

    # What is written to somebody who is away waits, in order and with the time it was written.
    await bob.stop()
    await alice.takes("presence_unavailable", is_from("bob@localhost/desk"))
    bodies = [f"message {number}" for number in range(5)]
    for body in bodies:
        alice.send_message("bob@localhost", body, mtype="chat")
    await alice["xep_0199"].ping("localhost")
    bob = await Peer("bob@localhost/desk").start()
    received = [await bob.takes("message") for _ in bodies]
    equal([stanza["body"] for stanza in received], bodies)
    for stanza in received:
        assert stanza["delay"]["stamp"] is not None, f"no delay in {stanza}"
    await alice.takes("presence_available", is_from("bob@localhost/desk"))

    alice.del_roster_item("bob@localhost")
    await subscription(alice, "remove")
    await bob.takes("presence_unsubscribed")
    await subscription(bob, "none")
    await alice.takes("presence_unavailable", is_from("bob@localhost/desk"))
    await alice.stop()
    await bob.stop()


run(main)
