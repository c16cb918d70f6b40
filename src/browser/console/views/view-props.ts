import type { Visit } from "../api.ts";

/** What a view knows: who looks at it, and what stands behind its name in the address. */
export interface ViewProps {
  readonly visit: Visit;
  readonly path: string;
}
