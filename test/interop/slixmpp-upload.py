"""Finds the upload service, uploads a file, and reads it again."""

import io

from aiohttp import ClientSession
from slixmpp.plugins.xep_0363.http_upload import FileTooBig
from slixmpp_peer import Peer, equal, run

CONTENT = bytes(range(256)) * 1000


async def main():
    alice = await Peer("alice@localhost/desk").start()
    alice.register_plugin("xep_0363")
    upload = alice["xep_0363"]

    # The plugin's own search for the service does not run on Python 3.11.
    items = (await alice["xep_0030"].get_items("localhost"))["disco_items"]["items"]
    assert ("upload.localhost", None, "HTTP File Upload") in items, items
    info = (await alice["xep_0030"].get_info("upload.localhost"))["disco_info"]
    assert ("store", "file", None, "HTTP File Upload") in info["identities"], info["identities"]
    assert "urn:xmpp:http:upload:0" in info["features"], info["features"]
    upload.upload_service = "upload.localhost"
    upload.max_file_size = int(info.get_plugin("form")["values"]["max-file-size"])

    url = await upload.upload_file("très cool.png", size=len(CONTENT), input_file=io.BytesIO(CONTENT))
    assert url.startswith("https://localhost:"), url
    assert url.endswith("/tr%C3%A8s%20cool.png"), url
    equal(upload.max_file_size, 1_000_000)

    async with ClientSession() as session:
        async with session.get(url) as response:
            equal(response.status, 200)
            equal(response.content_type, "image/png")
            assert await response.read() == CONTENT
        async with session.get(url, headers={"Range": "bytes=255000-"}) as response:
            equal(response.status, 206)
            assert await response.read() == CONTENT[255000:]

    try:
        await upload.upload_file("big.bin", size=1_000_001, input_file=io.BytesIO(b""))
        raise AssertionError("a file that is too large was taken")
    except FileTooBig:
        pass
    await alice.stop()


run(main)
