import type { Jid } from "../../xmpp/jid.ts";

/** `contact`: to become one, with an account made here first if need be. `account`: to make one (XEP-0401 §4). */
export type InvitationKind = "contact" | "account";

/** What somebody is invited to. */
export interface InvitationWish {
  readonly kind: InvitationKind;
  /** Who invites: a user, or the domain itself. */
  readonly inviter: Jid;
  /** The local part that the new account has; the invited choose it when undefined. Of an `account` only. */
  readonly username?: string | undefined;
  /** Whether whoever makes an account becomes a contact of the inviter, who is a user then. */
  readonly befriend: boolean;
  readonly mayRegister: boolean;
  /** How many people may take it. */
  readonly uses: number;
  /** For how long it holds; milliseconds. */
  readonly lifetime: number;
}

/** An invitation without the token that proves it. */
export interface Invitation {
  /** Names it; good for nothing else. */
  readonly id: string;
  readonly kind: InvitationKind;
  readonly inviter: Jid;
  readonly username: string | undefined;
  readonly befriend: boolean;
  readonly mayRegister: boolean;
  /** How many people may still take it. */
  readonly uses: number;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

/** An invitation that was just made: nobody can find its token out later. */
export interface NewInvitation extends Invitation {
  /** XEP-0401 §5.1, §5.4. */
  readonly uri: string;
  /** The page of the invitation, where there is one. */
  readonly landingUrl: string | undefined;
}
