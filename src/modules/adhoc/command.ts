import type { Session } from "../../session/session.ts";
import type { Awaitable } from "../../util/awaitable.ts";
import type { Element } from "../../xml/element.ts";
import type { FormContent } from "../../xmpp/forms.ts";
import type { Jid } from "../../xmpp/jid.ts";
import type { Submission } from "./submission.ts";

/** Who executes a command; `session` is that of a local user. */
export interface Requester {
  readonly from: Jid;
  readonly session: Session | undefined;
}

/** XEP-0050 §4.3 */
export interface Note {
  readonly type: "info" | "warn" | "error";
  readonly text: string;
}

/** What a stage may be left for; back is always the stage before, and cancelling always possible. */
export type StepAction = "next" | "complete";

/** A form that the requester fills in. */
export interface Step {
  readonly form: Omit<FormContent, "type">;
  /** The first is what "execute" means here (§3.4). Default: `["complete"]`. */
  readonly actions?: readonly [StepAction, ...StepAction[]];
  /**
   * Whatever the form says has been checked against its own fields. Throws StanzaError: the requester may fill the
   * same form in again.
   */
  submit(values: Submission, action: StepAction): Awaitable<Step | Outcome>;
}

/** The end of a command. One that failed has a note of type "error" (§3.6). */
export interface Outcome {
  readonly notes?: readonly Note[];
  /** As a rule a data form of type "result". */
  readonly result?: Element;
}

export interface AdhocCommand {
  /** Unique at the domain. */
  readonly node: string;
  readonly name: string;
  /** Whoever knows the first form may send it along with the request. */
  readonly isDirect?: boolean;
  /** Asked before each stage; whom it refuses does not see the command either. */
  allowed(requester: Requester): Awaitable<boolean>;
  /** Throws StanzaError. */
  run(requester: Requester): Awaitable<Step | Outcome>;
}
