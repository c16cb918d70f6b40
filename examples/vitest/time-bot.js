import { client, xml } from "@xmpp/client";

/** A bot that tells the time to those who ask it in a chat. It has it from the server (XEP-0202). */
export function timeBot(connectOptions) {
  const bot = client(connectOptions);

  bot.on("online", () => bot.send(xml("presence")));
  bot.on("stanza", async (stanza) => {
    const body = stanza.is("message") && stanza.attrs.type === "chat" && stanza.getChildText("body");
    if (!body) return;
    const answer = body === "time" ? await time() : `I do not know what "${body}" means`;
    await bot.send(xml("message", { to: stanza.attrs.from, type: "chat" }, xml("body", {}, answer)));
  });

  async function time() {
    try {
      const answer = await bot.iqCaller.get(xml("time", { xmlns: "urn:xmpp:time" }), bot.options.domain);
      return `It is ${answer.getChildText("utc")}`;
    } catch {
      return "Nobody tells me the time";
    }
  }

  return bot;
}
