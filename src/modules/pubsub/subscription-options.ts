import type { Element } from "../../xml/element.ts";
import { formatDateTime, parseDateTime } from "../../xmpp/datetime.ts";
import { type FormField, type FormType, form, readBoolean, readForm } from "../../xmpp/forms.ts";
import { ns } from "../../xmpp/ns.ts";
import { pubsubError } from "./pubsub-error.ts";

/** RFC 6121 §4.7.2.1; "online" is a presence that has none. */
const SHOWS = ["chat", "online", "away", "xa", "dnd"] as const;
export type Show = (typeof SHOWS)[number];

/** What a subscriber decided about a subscription (XEP-0060 §6.3). */
export interface SubscriptionOptions {
  readonly deliver: boolean;
  /** Events come while one of the subscriber's resources is so; empty: always. */
  readonly shows: readonly Show[];
  /** When the subscription ends (§12.18); milliseconds since the epoch. null: never. */
  readonly expires: number | null;
}

export const DEFAULT_OPTIONS: SubscriptionOptions = { deliver: true, shows: [], expires: null };

/** Whether a subscription with these options has not come to its end. */
export function isCurrent({ expires }: SubscriptionOptions, now: number): boolean {
  return expires === null || expires > now;
}

const DELIVER = "pubsub#deliver";
const SHOW_VALUES = "pubsub#show-values";
const EXPIRE = "pubsub#expire";
/** Registered for what is not done here: they may only be off. */
const NEVER = ["pubsub#digest", "pubsub#include_body"] as const;

/** §6.3.3: the form that shows the options; as a "result" without labels. */
export function optionsForm(type: FormType, { deliver, shows, expires }: SubscriptionOptions): Element {
  const fields: readonly FormField[] = [
    { name: DELIVER, type: "boolean", label: "Whether to send notifications", value: deliver },
    {
      name: SHOW_VALUES,
      type: "list-multi",
      label: "The presence in which to send them; none: always",
      value: shows,
      options: SHOWS.map((value) => ({ value })),
    },
    {
      name: EXPIRE,
      type: "text-single",
      label: "When the subscription ends (a DateTime of XEP-0082); empty: never",
      value: expires === null ? "" : formatDateTime(expires),
    },
  ];
  const shown = type === "form" ? fields : fields.map(({ name, value }) => ({ name, value }));
  return form({ type, formType: ns.SUBSCRIBE_OPTIONS, fields: shown as readonly FormField[] });
}

/**
 * `options` with what the submitted form says; undefined when it was cancelled. `now` is in milliseconds since the epoch.
 * @throws StanzaError `<invalid-options/>`
 */
export function readOptions(
  x: Element | undefined,
  options: SubscriptionOptions,
  now: number,
): SubscriptionOptions | undefined {
  if (!x) throw invalid();
  const { type, formType, values } = readForm(x);
  if (type === "cancel") return undefined;
  if (type !== "submit" || (formType !== undefined && formType !== ns.SUBSCRIBE_OPTIONS)) throw invalid();
  const text = (name: string) => values.get(name)?.[0];
  for (const name of NEVER) if (readBoolean(text(name) ?? "0")) throw invalid();
  const deliver = text(DELIVER);
  const shows = values.get(SHOW_VALUES);
  const expire = text(EXPIRE);
  return {
    deliver: deliver === undefined ? options.deliver : readBoolean(deliver),
    shows: shows === undefined ? options.shows : readShows(shows),
    expires: expire === undefined ? options.expires : readExpiry(expire, now),
  };
}

function readShows(values: readonly string[]): readonly Show[] {
  const filled = new Set(values.filter((value) => value !== ""));
  const shows = SHOWS.filter((show) => filled.has(show));
  if (shows.length < filled.size) throw invalid();
  // All of them is no restriction.
  return shows.length === SHOWS.length ? [] : shows;
}

/** §12.18: not in the past. */
function readExpiry(text: string, now: number): number | null {
  if (text === "") return null;
  const at = parseDateTime(text);
  if (at === undefined || at <= now) throw invalid();
  return at;
}

/** §6.3.7.2 */
function invalid() {
  return pubsubError("bad-request", "invalid-options");
}
