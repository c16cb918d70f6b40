/** How modules hand over what they keep of a user, and take it from elsewhere: XEP-0227. */
import type { Awaitable } from "../util/awaitable.ts";
import type { Element } from "../xml/element.ts";
import type { Jid } from "../xmpp/jid.ts";

/** What a user has here is written down. */
export interface UserExport {
  readonly user: Jid;
  /**
   * Writes what belongs into `<user/>`, in pieces of any size: XML in which each child of `<user/>` names its
   * namespace. To be waited for, so that memory holds no more than a piece.
   */
  write(xml: string): Awaitable<void>;
}

/** An element around the one that is imported. */
export interface Container {
  readonly name: string;
  readonly ns: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** One piece of a user's data comes in; the account itself is made when all of them are there. */
export interface UserImport {
  readonly user: Jid;
  /** Below `<user/>`, outermost first: `[]` for its children. Large containers are given piece by piece. */
  readonly within: readonly Container[];
  readonly element: Element;
  /** Counts what is there now and was not before; `what` is in the plural. */
  added(what: string, count?: number): void;
  /** Counts what was there already: importing twice changes nothing. */
  present(what: string, count?: number): void;
  /** What is left out, and why. */
  skipped(what: string, why: string): void;
}

declare module "../routing/hooks.ts" {
  interface Hooks {
    /** Everything of an account is exported: each module writes what is its own. */
    "user:export": UserExport;
    /** A piece of an account comes from elsewhere; the module that knows such pieces says "handled". */
    "user:import": UserImport;
  }
}

/** Whether the piece is a `name` in `ns`, inside of containers of these names and namespaces. */
export function isPiece(
  { element, within }: Pick<UserImport, "element" | "within">,
  name: string,
  ns: string,
  ...containers: readonly { readonly name: string; readonly ns: string }[]
): boolean {
  return (
    element.getName() === name &&
    element.getNS() === ns &&
    within.length === containers.length &&
    within.every((each, index) => each.name === containers[index]?.name && each.ns === containers[index]?.ns)
  );
}
