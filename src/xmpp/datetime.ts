/** XEP-0082: XMPP Date and Time Profiles, version 1.1.1, https://xmpp.org/extensions/xep-0082.html: DateTime. */

/** `ms` since the epoch as DateTime in UTC, with milliseconds. Throws RangeError outside of what a Date can hold. */
export function formatDateTime(ms: number): string {
  return new Date(ms).toISOString();
}

const DATE_TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))$/;

const MINUTE = 60_000;
/** XML Schema part 2, dateTime: offsets go up to 14:00. */
const MAX_OFFSET = 14 * 60 * MINUTE;

/**
 * Milliseconds since the epoch of a DateTime with its obligatory time zone, finer fractions cut off; undefined when it
 * is none. A leap second (":60"), which XML Schema does not know, is undefined as well.
 */
export function parseDateTime(text: string): number | undefined {
  const match = DATE_TIME.exec(text);
  if (!match) return undefined;
  const [
    ,
    year,
    month,
    day,
    hour,
    minute,
    second,
    fraction = "",
    sign,
    offsetHour = "0",
    offsetMinute = "0",
  ] = match;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59 || Number(offsetMinute) > 59)
    return undefined;
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // The engine takes February 30 for March 1 or 2, or for nothing; neither is a date.
  if (Number.isNaN(date.getTime()) || date.getUTCDate() !== Number(day)) return undefined;
  const offset = (Number(offsetHour) * 60 + Number(offsetMinute)) * MINUTE;
  if (offset > MAX_OFFSET) return undefined;
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, "0"));
  return date.getTime() + milliseconds - (sign === "-" ? -offset : offset);
}
