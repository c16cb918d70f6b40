"""A bot that says what it is told."""

from slixmpp import ClientXMPP


class EchoBot(ClientXMPP):
    def __init__(self, jid, password):
        super().__init__(jid, password)
        self.add_event_handler("session_start", self.begin)
        self.add_event_handler("message", self.echo)

    async def begin(self, _):
        self.send_presence()

    def echo(self, message):
        if message["type"] == "chat":
            message.reply(message["body"]).send()
