/** What a token may be made for; each names what it lets do. */
export const SCOPES = {
  read: "see everything but secrets and what people say",
  accounts: "make, change and remove accounts and invitations, but not those of administrators",
  sessions: "end sessions",
  rooms: "change and destroy rooms",
  service: "send announcements, change what all users share, shut down",
  admin: "everything, with administrators and tokens",
  metrics: "read the metrics",
} as const;

export type Scope = keyof typeof SCOPES;

export const SCOPE_NAMES = Object.keys(SCOPES) as readonly Scope[];

/** What a command belongs to: whoever has that scope may run it. */
export type Area = Exclude<Scope, "read" | "metrics">;

/** Who asks for a command. */
export interface Actor {
  /** As the audit shows it: `alice@example.org`, `token backup`, `command line`. */
  readonly name: string;
  /** What they may do; absent: everything. */
  readonly scopes?: ReadonlySet<Scope>;
}

/** Whoever can reach the control socket, or the store. */
export const COMMAND_LINE: Actor = { name: "command line" };

interface Guarded {
  readonly area: Area;
  readonly changes: boolean;
  readonly isSecret?: boolean;
}

export function mayRun({ scopes }: Actor, { area, changes, isSecret = false }: Guarded): boolean {
  if (!scopes || scopes.has("admin") || scopes.has(area)) return true;
  return !changes && !isSecret && scopes.has("read");
}

/** Whether they may touch the accounts of administrators, and so become one. */
export function mayAdminister({ scopes }: Actor): boolean {
  return scopes?.has("admin") ?? true;
}
