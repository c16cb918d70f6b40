import type { Component } from "../components/component.ts";
import { t } from "../util/schema.ts";
import { AdminError, command, hostAt, parseJid } from "./command.ts";

export const listComponents = command({
  name: "component-list",
  description: "Lists the components: whether each is connected, since when and from where, and its stanzas.",
  area: "service",
  changes: false,
  args: t.object({}),
  run: async (context) => ({ components: hostAt(context).server.components.all.map(shown) }),
});

export const endComponent = command({
  name: "component-end",
  description: "Ends the connection of a component, which may connect again.",
  area: "service",
  changes: true,
  args: t.object({ domain: t.string().doc("The component's domain.") }),
  async run(context, args) {
    const { domain } = parseJid(args.domain);
    const component = hostAt(context).server.components.all.find((each) => each.domain === domain);
    if (!component) throw new AdminError(`there is no component ${domain}`, "item-not-found");
    const { speaker } = component;
    if (!speaker) throw new AdminError(`${domain} is not connected`, "item-not-found");
    if (!component.isExternal) {
      throw new AdminError(`${domain} is a part of the program that runs the server`, "not-allowed");
    }
    speaker.close("policy-violation", "ended by an administrator");
    return { domain };
  },
});

function shown({ domain, name, parent, isExternal, speaker, counts }: Component) {
  return {
    domain,
    ...(name !== undefined && { name }),
    parent: parent.domain,
    external: isExternal,
    connected: speaker !== undefined,
    ...(speaker && {
      since: new Date(speaker.since).toISOString(),
      address: speaker.remote,
      secure: speaker.secure,
      unsent: speaker.unsent,
    }),
    ...counts,
  };
}
