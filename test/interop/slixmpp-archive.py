"""XEP-0313: what was written while nobody looked, page by page, and the ids that stay."""

from datetime import timedelta

from slixmpp_peer import Peer, equal, run

MESSAGES = 120
PAGE = 50


class Reader(Peer):
    def __init__(self, jid):
        super().__init__(jid)
        self.register_plugin("xep_0313")

    async def page(self, with_jid=None, start=None, end=None, **rsm):
        """One page: its messages, and the answer that ends it."""
        answer = await self["xep_0313"].retrieve(with_jid=with_jid, start=start, end=end, rsm=rsm)
        results = answer["mam"]["results"]
        return [Found(message["mam_result"]) for message in results], answer["mam_fin"]


class Found:
    def __init__(self, result):
        forwarded = result["forwarded"]
        self.id = result["id"]
        self.time = forwarded["delay"]["stamp"]
        self.body = forwarded["stanza"]["body"]


def bodies(found):
    return [one.body for one in found]


async def pages_forth(reader):
    """All of the conversation with bob, a page after another."""
    found, sizes, after = [], [], {}
    while True:
        page, fin = await reader.page("bob@localhost", max=PAGE, **after)
        found += page
        sizes.append(len(page))
        equal((fin["rsm"]["first"], fin["rsm"]["last"]), (page[0].id, page[-1].id))
        equal(fin["rsm"]["count"], str(MESSAGES))
        if fin.xml.get("complete") == "true":
            return found, sizes
        after = {"after": fin["rsm"]["last"]}


async def newest(reader, count, with_jid=None):
    """The last of all; only the plugin's own walk asks for them."""
    walk = reader["xep_0313"].iterate(with_jid=with_jid, reverse=True, rsm={"max": count}, total=count)
    return [Found(message["mam_result"]) async for message in walk][::-1]


async def pages_back(reader):
    """As `pages_forth`, the last page first. slixmpp 1.8.3 would end with it, as it has the last message."""
    found = await newest(reader, PAGE, "bob@localhost")
    while True:
        page, fin = await reader.page("bob@localhost", max=PAGE, before=found[0].id)
        found = page + found
        if fin.xml.get("complete") == "true":
            return found


async def main():
    alice = await Peer("alice@localhost/desk").start()
    bob = await Peer("bob@localhost/phone").start()
    sent = [f"message {number}" for number in range(MESSAGES)]
    for number, body in enumerate(sent):
        writer, to = (alice, "bob@localhost") if number % 2 == 0 else (bob, "alice@localhost")
        writer.send_message(to, body, mtype="chat")
        # Each is archived before the next is written.
        await writer["xep_0199"].ping("localhost")
    alice.send_message("alice@localhost", "a note", mtype="chat")
    await alice["xep_0199"].ping("localhost")
    live = [await alice.takes("message") for _ in range(MESSAGES // 2)]

    reader = await Reader("alice@localhost/new").start()
    found, sizes = await pages_forth(reader)
    equal(sizes, [50, 50, 20])
    equal(bodies(found), sent)
    assert all(one.time <= other.time for one, other in zip(found, found[1:])), "not in the order of time"

    # XEP-0359: what arrived carried the id that it has in the archive.
    by_body = {one.body: one.id for one in found}
    for message in live:
        mark = message.xml.find("{urn:xmpp:sid:0}stanza-id")
        equal((mark.get("by"), mark.get("id")), ("alice@localhost", by_body[message["body"]]))

    # The plugin's own walk.
    walked = [
        Found(message["mam_result"]).id
        async for message in reader["xep_0313"].iterate(with_jid="bob@localhost", rsm={"max": PAGE})
    ]
    equal(walked, [one.id for one in found])
    equal([one.id for one in await pages_back(reader)], walked)

    # Both ends are inclusive.
    first, last = found[30], found[40]
    within, _ = await reader.page("bob@localhost", start=first.time, end=last.time, max=PAGE)
    inner = {one.id for one in found[30:41]}
    assert inner <= {one.id for one in within}, bodies(within)
    assert all(first.time <= one.time <= last.time for one in within)
    later, fin = await reader.page(start=found[-1].time + timedelta(days=1), max=PAGE)
    equal((later, fin.xml.get("complete")), ([], "true"))

    # With oneself, with a stranger, and with everybody.
    equal(bodies((await reader.page("alice@localhost", max=PAGE))[0]), ["a note"])
    equal((await reader.page("carol@localhost", max=PAGE))[0], [])
    equal(bodies(await newest(reader, 2)), [sent[-1], "a note"])

    # The other side has archived the same, under its own ids.
    other = await Reader("bob@localhost/new").start()
    theirs, _ = await other.page("alice@localhost", max=100)
    equal(bodies(theirs), sent[:100])
    form = await reader["xep_0313"].get_fields("alice@localhost")
    assert {"with", "start", "end"} <= set(form.get_fields()), form
    metadata = (await reader["xep_0313"].get_archive_metadata("alice@localhost"))["mam_metadata"]
    equal(metadata["start"]["id"], found[0].id)
    for peer in (alice, bob, reader, other):
        await peer.stop()


run(main)
