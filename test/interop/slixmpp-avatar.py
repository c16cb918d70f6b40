"""Publishes a picture in PEP, which its account shows in its vCard too, and keys as OMEMO has them; then waits to be read."""

import asyncio
import base64
import sys
from xml.etree import ElementTree as ET

from slixmpp_peer import PATIENCE, Peer, equal, run

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
DEVICES = "eu.siacs.conversations.axolotl.devicelist"
OMEMO = "eu.siacs.conversations.axolotl"


async def main():
    alice = Peer("alice@localhost/phone")
    for plugin in ("xep_0054", "xep_0060", "xep_0084", "xep_0153", "xep_0163"):
        alice.register_plugin(plugin)
    await alice.start()

    # Open: everybody sees vCards (XEP-0398 §6), and strangers write encrypted messages, too (XEP-0384).
    options = alice["xep_0004"].make_form(ftype="submit")
    options.add_field(var="FORM_TYPE", ftype="hidden", value="http://jabber.org/protocol/pubsub#publish-options")
    options.add_field(var="pubsub#access_model", value="open")
    options.add_field(var="pubsub#persist_items", value="true")

    hash = alice["xep_0084"].generate_id(PICTURE)
    await alice["xep_0084"].publish_avatar(PICTURE, options=options)
    about = {"id": hash, "type": "image/png", "bytes": len(PICTURE)}
    await alice["xep_0084"].publish_avatar_metadata(about, options=options)
    card = await alice["xep_0054"].get_vcard("alice@localhost", cached=False)
    equal(card["vcard_temp"]["PHOTO"]["BINVAL"], PICTURE)

    devices = ET.fromstring(f'<list xmlns="{OMEMO}"><device id="4223"/></list>')
    await alice["xep_0060"].publish(None, DEVICES, id="current", payload=devices, options=options)

    print(f"published {hash}", flush=True)
    await asyncio.wait_for(asyncio.get_event_loop().run_in_executor(None, sys.stdin.readline), PATIENCE)
    await alice.stop()


run(main)
