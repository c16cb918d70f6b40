/** Faults of the archive: XEP-0313 §4. */
import { t } from "../../util/schema.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Passing } from "../passing.ts";
import { type CommonOptions, defineFault, isOf, type Site, userField } from "./fault.ts";

export interface ArchiveFault extends CommonOptions {
  readonly fault: "archive";
  /**
   * `gaps`: every second message of a page is missing. `repeat`: each comes twice. `backwards`: the last one comes first. `endless`: no page
   * says that it is the last.
   */
  readonly how: "gaps" | "repeat" | "backwards" | "endless";
  readonly user?: string;
}

export const archive = defineFault({
  name: "archive",
  doc: "Pages of the archive (XEP-0313) have gaps, repeat themselves, are in the wrong order, or never come to an end.",
  outlasts: true,
  fields: { how: t.oneOf(["gaps", "repeat", "backwards", "endless"]), user: userField },
  start({ how, user }, site) {
    return site.seams.passing.add((passing) => {
      if (passing.direction !== "out" || !passing.isStanza || !isOf(passing, user, site)) return false;
      if (passing.element.getChild("fin", ns.MAM)) return ends(passing, how, site);
      if (!passing.element.getChild("result", ns.MAM) || how === "endless") return false;
      if (how === "backwards") return turns(passing, site);
      if (how === "gaps" && site.tally(passing.client) % 2 === 1) return false;
      if (!site.happens(passing.client)) return false;
      site.counts.unsend(passing);
      if (how === "repeat") {
        passing.pass();
        passing.pass();
      }
      return true;
    });
  },
});

/** Keeps a page until its end; the last of its times is not over before. */
function turns(passing: Passing, site: Site): boolean {
  const isUnderWay = site.held.some(({ stream }) => stream === passing.stream);
  if (!isUnderWay && !site.happens(passing.client)) return false;
  site.counts.unsend(passing);
  site.held.push(passing);
  return true;
}

function ends(passing: Passing, how: ArchiveFault["how"], site: Site): boolean {
  const kept = site.held.filter(({ stream }) => stream === passing.stream);
  for (const result of kept.reverse()) {
    site.held.splice(site.held.indexOf(result), 1);
    result.pass();
  }
  const fin = passing.element.getChild("fin", ns.MAM);
  if (how !== "endless" || fin?.attrs["complete"] === undefined || !site.happens(passing.client))
    return false;
  const page = passing.copy();
  delete page.getChild("fin", ns.MAM)?.attrs["complete"];
  passing.passAs(page);
  return true;
}
