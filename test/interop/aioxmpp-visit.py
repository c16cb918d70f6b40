"""A session of aioxmpp, which refuses whatever of the server's XML is not as its own schemas have it."""

import asyncio
import json
import sys
import warnings

import aioxmpp
import aioxmpp.muc
from aioxmpp import JID, Message, MessageType, PresenceState

# Seconds that anything may take; only a failing test waits so long.
PATIENCE = 10

ROOM = JID.fromstr("hall@conference.localhost")

settings = json.loads(sys.argv[1])


def make(name, *services):
    peer = aioxmpp.connector.STARTTLSConnector()
    security = aioxmpp.make_security_layer("secret")
    client = aioxmpp.Client(
        JID.fromstr(f"{name}@localhost"), security, override_peer=[("127.0.0.1", settings["port"], peer)]
    )
    for service in services:
        client.summon(service)
    return client


def soon(awaitable):
    return asyncio.wait_for(awaitable, PATIENCE)


def inbox_of(client):
    inbox = asyncio.Queue()
    dispatcher = client.summon(aioxmpp.dispatcher.SimpleMessageDispatcher)
    dispatcher.register_callback(MessageType.CHAT, None, inbox.put_nowait)
    return inbox


async def chat(alice, bob, inbox):
    message = Message(to=bob.local_jid.bare(), type_=MessageType.CHAT)
    message.body[None] = "Good morrow"
    await soon(alice.send(message))
    assert (await soon(inbox.get())).body.any() == "Good morrow"


async def subscribe(alice, bob):
    contacts = alice.summon(aioxmpp.RosterClient)
    asked, approved = asyncio.Event(), asyncio.Event()
    bob.summon(aioxmpp.RosterClient).on_subscribe.connect(lambda stanza: asked.set())
    contacts.on_subscribed.connect(lambda stanza: approved.set())
    contacts.subscribe(bob.local_jid.bare())
    await soon(asked.wait())
    bob.summon(aioxmpp.RosterClient).approve(alice.local_jid.bare())
    await soon(approved.wait())


async def ask(alice):
    own, server = alice.local_jid.bare(), JID.fromstr("localhost")
    await soon(aioxmpp.ping.ping(alice, server))
    info = await soon(alice.summon(aioxmpp.DiscoClient).query_info(server))
    assert "urn:xmpp:carbons:2" in info.features
    assert any(each.node == "ping" for each in await soon(alice.summon(aioxmpp.AdHocClient).get_commands(own)))
    await soon(alice.summon(aioxmpp.CarbonsClient).enable())
    await soon(alice.summon(aioxmpp.BlockingClient).block_jids([JID.fromstr("tybalt@localhost")]))
    bookmarks = alice.summon(aioxmpp.BookmarkClient)
    await soon(bookmarks.add_bookmark(aioxmpp.bookmarks.Conference("Hall", ROOM, autojoin=True, nick="alice")))
    assert [each.jid for each in await soon(bookmarks.get_bookmarks())] == [ROOM]


async def meet(alice, bob):
    rooms = alice.summon(aioxmpp.MUCClient)
    room, entered = rooms.join(ROOM, "alice")
    await soon(entered)
    form = aioxmpp.muc.ConfigurationForm.from_xso(await soon(rooms.get_room_config(ROOM)))
    form.roomname.value = "The hall"
    form.moderatedroom.value = False
    await soon(rooms.set_room_config(ROOM, form.render_reply()))
    other, entered = bob.summon(aioxmpp.MUCClient).join(ROOM, "bob")
    await soon(entered)
    assert sorted(member.nick for member in other.members) == ["alice", "bob"]
    heard = asyncio.Queue()
    other.on_message.connect(lambda message, member, source, **kwargs: heard.put_nowait(message.body.any()))
    message = Message(type_=MessageType.GROUPCHAT)
    message.body[None] = "Welcome"
    room.send_message(message)
    assert await soon(heard.get()) == "Welcome"
    await soon(room.set_topic({None: "Supper"}))
    await soon(other.leave())


async def main():
    alice = make("alice", aioxmpp.RosterClient, aioxmpp.MUCClient, aioxmpp.EntityCapsService, aioxmpp.CarbonsClient,
                 aioxmpp.BlockingClient, aioxmpp.AdHocClient, aioxmpp.BookmarkClient)
    bob = make("bob", aioxmpp.RosterClient, aioxmpp.MUCClient, aioxmpp.EntityCapsService)
    inbox = inbox_of(bob)
    online = PresenceState(True)
    async with alice.connected(presence=online), bob.connected(presence=online):
        assert alice.stream.sm_enabled
        await chat(alice, bob, inbox)
        await subscribe(alice, bob)
        await ask(alice)
        await meet(alice, bob)


warnings.simplefilter("ignore")
asyncio.get_event_loop().run_until_complete(main())
print("all is well")
