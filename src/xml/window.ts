import { XmlError, type XmlLimits } from "./parser.ts";

/** The bytes being looked at: an element from its `<` at `base` to `end`, not necessarily complete. */
export interface Window {
  source: Buffer;
  base: number;
  end: number;
  limits: XmlLimits;
}

/** What functions that return a position return when the bytes ran out. */
export const WAITING = -1;

/** RFC 6120 §4.9.3.13. */
export function illFormed(message: string): XmlError {
  return new XmlError("not-well-formed", message);
}

/** RFC 6120 §4.9.3.18. */
export function restricted(message: string): XmlError {
  return new XmlError("restricted-xml", message);
}

/** RFC 6120 §4.9.3.14. */
export function violation(message: string): XmlError {
  return new XmlError("policy-violation", message);
}
