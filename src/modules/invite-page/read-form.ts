import type { Invitation } from "../invites/invitation.ts";
import type { Complaint } from "./form-page.ts";

/** What somebody sent, and what is wrong with it at first sight. */
export interface Filled {
  readonly username: string;
  readonly password: string;
  readonly complaint: Complaint | undefined;
}

/** `form` as it came: fields may be missing, files, or there several times. */
export function readForm(
  form: Readonly<Record<string, unknown>>,
  { username: reserved }: Invitation,
  passwordLength: number,
): Filled {
  const username = reserved ?? textOf(form["username"]).trim();
  const password = textOf(form["password"]);
  return { username, password, complaint: complaintAbout() };

  function complaintAbout(): Complaint | undefined {
    if (username === "") return { status: 400, field: "username", text: "Choose a user name." };
    if (password.length < passwordLength) {
      return {
        status: 400,
        field: "password",
        text: `The password is too short: it needs ${passwordLength} characters.`,
      };
    }
    if (password !== textOf(form["again"])) {
      return {
        status: 400,
        field: "again",
        text: "The two passwords are not the same. Type them again.",
      };
    }
    return undefined;
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
