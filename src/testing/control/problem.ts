/** RFC 9457, Problem Details for HTTP APIs. */
import { STATUS_CODES } from "node:http";

export const PROBLEM = "application/problem+json";

/** What is told of something that did not work. */
export function problemOf(status: number, detail: string): object {
  return { type: "about:blank", title: STATUS_CODES[status], status, detail };
}
