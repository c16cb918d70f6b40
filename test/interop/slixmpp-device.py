"""Sends what it reads, `JID body` a line, prints what it receives, and resumes its session whenever it lost it."""

import asyncio
import collections
import sys

from slixmpp_peer import PATIENCE, Peer, settings


class Unacknowledged(collections.deque):
    """slixmpp 1.8.3 would forget, with its own request to resume, what the server has not acknowledged."""

    def clear(self):
        pass


class Device(Peer):
    def __init__(self):
        super().__init__(settings["jid"], settings["password"])
        self.register_plugin("xep_0198")
        self["xep_0198"].unacked_queue = Unacknowledged()
        self.add_event_handler("message", lambda message: say(f"received {message['body']}"))
        self.add_event_handler("session_resumed", lambda _: say("resumed"))
        self.add_event_handler("sm_failed", lambda _: say("failed to resume"))
        self.add_event_handler("disconnected", lambda _: self.dial())


def say(text):
    print(text, flush=True)


async def main():
    device = Device()
    managed = asyncio.ensure_future(device.wait_until("sm_enabled", PATIENCE))
    await device.start()
    await managed
    say("managed")
    lines = asyncio.StreamReader()
    loop = asyncio.get_event_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        to, body = line.decode().rstrip("\n").split(" ", 1)
        device.send_message(to, body, mtype="chat")
        # Its turn comes after those of the filters that see the message off.
        await device.waiting_queue.join()
        say(f"sent {body}")


asyncio.get_event_loop().run_until_complete(main())
