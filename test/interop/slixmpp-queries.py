"""What clients ask servers, and each other through a server."""

from datetime import datetime, timedelta, timezone

from slixmpp.exceptions import IqError
from slixmpp_peer import Peer, equal, run


async def main():
    alice = await Peer("alice@localhost/phone").start()
    bob = await Peer("bob@localhost/desk").start()

    assert await alice["xep_0199"].ping("localhost") >= 0
    assert await alice["xep_0199"].ping("bob@localhost/desk") >= 0

    info = (await alice["xep_0030"].get_info("localhost"))["disco_info"]
    assert ("server", "im") in {(category, kind) for category, kind, *_ in info["identities"]}
    for feature in ("urn:xmpp:ping", "jabber:iq:version", "urn:xmpp:time", "jabber:iq:last"):
        assert feature in info["features"], f"{feature} is not among {info['features']}"
    account = (await alice["xep_0030"].get_info("alice@localhost"))["disco_info"]
    assert ("account", "registered") in {(category, kind) for category, kind, *_ in account["identities"]}
    await alice["xep_0030"].get_items("localhost")

    version = (await alice["xep_0092"].get_version("localhost"))["software_version"]
    equal(version["name"], "Jackdaw")

    answer = await alice["xep_0202"].get_entity_time("localhost")
    # Not by the plugin, which would add another "Z".
    time = datetime.strptime(answer.xml.findtext(".//{urn:xmpp:time}utc"), "%Y-%m-%dT%H:%M:%S.%f%z")
    assert abs(datetime.now(timezone.utc) - time) < timedelta(minutes=1), time

    uptime = await alice["xep_0012"].get_last_activity("localhost")
    assert int(uptime["last_activity"]["seconds"]) >= 0

    # Who may not see presence learns nothing of it.
    try:
        await alice["xep_0012"].get_last_activity("bob@localhost")
        raise AssertionError("told a stranger of bob's last activity")
    except IqError as error:
        equal(error.condition, "forbidden")

    await alice.stop()
    await bob.stop()


run(main)
