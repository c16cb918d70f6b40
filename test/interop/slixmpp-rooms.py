"""Makes a room, talks there, changes names and roles, kicks, bans, and ends the room."""

from slixmpp.exceptions import IqError, PresenceError
from slixmpp_peer import Peer, equal, run

ROOM = "coven@conference.localhost"


async def enter(peer, nick, **options):
    """Presence of itself, the subject, the others, the history."""
    return await peer["xep_0045"].join_muc_wait(ROOM, nick, timeout=10, **options)


def nicks(others):
    """The plugin counts the one who enters among those who are there."""
    return {each["muc"]["nick"] for each in others}


async def main():
    peers = [await Peer(f"{name}@localhost/desk").start() for name in ("alice", "bob")]
    for peer in peers:
        peer.register_plugin("xep_0045")
        for event in ("groupchat_message", "groupchat_subject", "groupchat_invite", "groupchat_presence"):
            peer.add_event_handler(event, peer.keeper(event))
    alice, bob = peers
    rooms = alice["xep_0045"]

    # A room with what its owner wants.
    own, subject, others, history = await enter(alice, "first", maxstanzas=10)
    assert {110, 201} <= own["muc"]["status_codes"], own
    equal((subject["subject"], nicks(others), history), ("", {"first"}, []))
    form = await rooms.get_room_config(ROOM)
    form["type"] = "submit"
    form.set_values({"muc#roomconfig_roomname": "A Dark Cave", "muc#roomconfig_whois": "anyone"})
    await rooms.set_room_config(ROOM, form)
    items = (await bob["xep_0030"].get_items("conference.localhost"))["disco_items"]["items"]
    equal(items, {(ROOM, None, "A Dark Cave")})

    # Two talk; the third message is history for the one who comes.
    rooms.set_subject(ROOM, "Spells")
    equal((await alice.takes("groupchat_subject", lambda each: each["subject"]))["subject"], "Spells")
    alice.send_message(ROOM, "Double, double", mtype="groupchat")
    await alice.takes("groupchat_message")
    own, subject, others, history = await enter(bob, "second", maxstanzas=10)
    equal(own["muc"]["affiliation"], "none")
    assert 100 in own["muc"]["status_codes"], own
    equal(nicks(others), {"first", "second"})
    equal([each["body"] for each in history], ["Double, double"])
    equal(history[0]["delay"]["from"], ROOM)
    equal(subject["subject"], "Spells")
    bob.send_message(ROOM, "toil and trouble", mtype="groupchat")
    said = await alice.takes("groupchat_message")
    equal((said["from"], said["body"]), (f"{ROOM}/second", "toil and trouble"))
    bob.send_message(f"{ROOM}/first", "psst", mtype="chat")
    equal((await alice.takes("message", lambda each: each["type"] == "chat"))["body"], "psst")

    # Roles and affiliations.
    equal(rooms.get_jid_property(ROOM, "second", "jid"), "bob@localhost/desk")
    await rooms.set_role(ROOM, "second", "visitor")
    bob.send_message(ROOM, "mute", mtype="groupchat")
    await bob.takes("message", lambda each: each["type"] == "error" and each["error"]["condition"] == "forbidden")
    equal(await rooms.get_roles_list(ROOM, "visitor"), ["second"])
    await rooms.set_affiliation(ROOM, "member", jid="bob@localhost", reason="A worthy witch")
    equal(await rooms.get_affiliation_list(ROOM, "member"), ["bob@localhost"])
    try:
        await bob["xep_0045"].set_role(ROOM, "first", "none")
        raise AssertionError("a participant kicked the owner")
    except IqError as error:
        equal(error.condition, "forbidden")

    # A kick is for a moment, a ban is not.
    await rooms.set_role(ROOM, "second", "none", reason="Avaunt")
    gone = await bob.takes("groupchat_presence", lambda each: 307 in each["muc"]["status_codes"])
    equal(gone["muc"]["item"]["reason"], "Avaunt")
    await enter(bob, "second")
    await rooms.set_affiliation(ROOM, "outcast", jid="bob@localhost")
    await bob.takes("groupchat_presence", lambda each: 301 in each["muc"]["status_codes"])
    try:
        await enter(bob, "second")
        raise AssertionError("an outcast came in")
    except PresenceError as error:
        equal(error.condition, "forbidden")

    # An invitation, and the end.
    await rooms.set_affiliation(ROOM, "none", jid="bob@localhost")
    # The plugin believes to be where it was banned from, and would not show the invitation.
    del bob["xep_0045"].rooms[ROOM]
    rooms.invite(ROOM, "bob@localhost", "Come back")
    equal((await bob.takes("groupchat_invite"))["from"], ROOM)
    await enter(bob, "second")
    await rooms.destroy(ROOM, "Macbeth doth come", "heath@conference.localhost")
    end = await bob.takes("groupchat_presence", lambda each: each["muc"].xml.find("{*}destroy") is not None)
    equal(end["muc"].xml.find("{*}destroy").attrib["jid"], "heath@conference.localhost")
    for peer in peers:
        await peer.stop()


run(main)
