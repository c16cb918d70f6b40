import asyncio
import unittest

from jackdaw_rig import Rig, RigError

try:
    from echo_bot import EchoBot
except ImportError:
    EchoBot = None

HI = '<message to="bot@localhost" type="chat"><body>Hi</body></message>'


@unittest.skipIf(EchoBot is None, "slixmpp is not installed (Debian: python3-slixmpp)")
class EchoBotTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.rig = await asyncio.to_thread(Rig, "bot", "romeo")
        account = self.rig.users["bot"]
        self.bot = EchoBot(account["jid"], account["password"])
        # The rig is not started with --tls.
        self.bot["feature_mechanisms"].unencrypted_plain = True
        started = asyncio.ensure_future(self.bot.wait_until("session_start", 10))
        self.bot.connect(("127.0.0.1", self.rig.port), disable_starttls=True)
        await started

    async def asyncTearDown(self):
        self.bot.abort()
        await asyncio.to_thread(self.rig.__exit__)

    async def ask(self, work, *arguments, **options):
        """The bot goes on while the rig is asked."""
        return await asyncio.to_thread(work, *arguments, **options)

    async def test_says_what_it_is_told(self):
        await self.ask(self.rig.expect, from_="bot", kind="presence")
        await self.ask(self.rig.post, "send", **{"as": "romeo", "xml": HI})
        echo = await self.ask(self.rig.expect, from_="bot", kind="message", body="Hi")
        self.assertIn("romeo@localhost/", echo["to"])

    async def test_says_nothing_of_what_is_lost(self):
        await self.ask(self.rig.expect, from_="bot", kind="presence")
        await self.ask(self.rig.fault, on={"to": "bot", "kind": "message"}, action="drop")
        await self.ask(self.rig.post, "send", **{"as": "romeo", "xml": HI})
        with self.assertRaises(RigError):
            await self.ask(self.rig.expect, from_="bot", kind="message", within="100ms")
        [fault] = await self.ask(self.rig.get, "faults")
        self.assertEqual(fault["hits"], 1)


if __name__ == "__main__":
    unittest.main()
