/**
 * XEP-0202 Entity Time, version 2.0
 * https://xmpp.org/extensions/xep-0202.html
 *
 * Tells the server's time.
 */
import { defineModule } from "../core/module.ts";
import { el } from "../xml/element.ts";
import { formatDateTime } from "../xmpp/datetime.ts";
import { ns } from "../xmpp/ns.ts";

export const time = defineModule({
  name: "time",
  implements: ["XEP-0202 2.0", "XEP-0082 1.1.1"],
  features: [ns.TIME],
  serviceFeatures: [ns.TIME],

  setup(host) {
    const answer = () => {
      const now = host.clock.now();
      return el(
        "time",
        { xmlns: ns.TIME },
        el("tzo", {}, formatOffset(-new Date(now).getTimezoneOffset())),
        el("utc", {}, formatDateTime(now)),
      );
    };
    host.iq("get", ns.TIME, "time", answer, "host");
    host.iq("get", ns.TIME, "time", answer, "services");
  },
});

/** XEP-0082 §3.2: `+02:00`; UTC as `Z`, east of it positive. */
export function formatOffset(minutes: number): string {
  if (minutes === 0) return "Z";
  const distance = Math.abs(minutes);
  const hours = String(Math.floor(distance / 60)).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${hours}:${String(distance % 60).padStart(2, "0")}`;
}
