/** Faults of resumption: XEP-0198 §5, and with authentication §9.2. */
import { t } from "../../util/schema.ts";
import type { Element } from "../../xml/element.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Passing } from "../passing.ts";
import { bareOf } from "../seen.ts";
import { type CommonOptions, defineFault, isOf, type Site, userField } from "./fault.ts";

export interface ResumptionFault extends CommonOptions {
  readonly fault: "resumption";
  /**
   * `refuse`: the session is over, and its unacknowledged messages go where they go when it runs out. `lose`: it is resumed,
   * but the connection is cut before the client hears of it. `wrong-count`: the answer says that the server has more stanzas
   * than were sent. `wrong-id`: it names another session.
   */
  readonly how: "refuse" | "lose" | "wrong-count" | "wrong-id";
  readonly user?: string;
}

/** So many more than the client sent. */
const TOO_MANY = 1_000;

export const resumption = defineFault({
  name: "resumption",
  doc: "A client that wants to resume its session (XEP-0198) is refused, hears nothing, or is told something wrong.",
  fields: {
    how: t.oneOf(["refuse", "lose", "wrong-count", "wrong-id"]),
    user: userField,
  },
  start({ how, user }, site) {
    if (how === "refuse") return site.seams.passing.add((passing) => refuses(passing, user, site));
    return site.seams.passing.add((passing) => {
      if (!within(passing, "out", "resumed") || !isOf(passing, user, site) || !site.happens(passing.client))
        return false;
      if (how === "lose") {
        site.cut(passing.stream);
        return true;
      }
      const answer = passing.copy();
      const resumed = find(answer, "resumed") as Element;
      if (how === "wrong-count") resumed.attrs["h"] = String(Number(resumed.attrs["h"]) + TOO_MANY);
      else resumed.attrs["previd"] = "somebody-elses";
      passing.passAs(answer);
      return true;
    });
  },
});

function refuses(passing: Passing, user: string | undefined, site: Site): boolean {
  const previous = within(passing, "in", "resume")?.attrs["previd"]?.toString();
  const session =
    previous && [...site.sessions()].find(({ management }) => management?.resumeId === previous);
  if (!session) return false;
  if (user !== undefined && bareOf(session.jid.toString()) !== site.resolve(user)) return false;
  if (!site.happens(session.jid.toString())) return false;
  session.close();
  void site.settle().then(() => passing.pass());
  return true;
}

/** The element by itself, or along with authentication. */
function within(passing: Passing, direction: "in" | "out", name: string): Element | undefined {
  if (passing.direction !== direction || passing.kind !== "nonza") return undefined;
  return find(passing.element, name);
}

function find(element: Element, name: string): Element | undefined {
  return element.is(name, ns.STREAM_MANAGEMENT) ? element : element.getChild(name, ns.STREAM_MANAGEMENT);
}
