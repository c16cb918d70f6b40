/** XEP-0077 §4: what is asked of those who register, as the old fields and as a form of the same. */
import { type Element, el } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { form, readForm } from "../../xmpp/forms.ts";
import { ns } from "../../xmpp/ns.ts";

/** What an applicant chose; neither is empty. */
export interface Wanted {
  readonly username: string;
  readonly password: string;
}

export interface Question {
  readonly instructions: string;
  /** What is filled in already. */
  readonly username: string | undefined;
  readonly registered: boolean;
}

/** The `<query/>`: clients that know forms take the form (§6), and some know nothing else. */
export function question({ instructions, username, registered }: Question): Element {
  return el(
    "query",
    { xmlns: ns.REGISTER },
    ...(registered ? [el("registered")] : []),
    el("instructions", {}, instructions),
    el("username", {}, ...(username === undefined ? [] : [username])),
    el("password"),
    form({
      type: "form",
      title: registered ? "Change of password" : "New account",
      instructions,
      formType: ns.REGISTER,
      fields: [
        {
          name: "username",
          type: "text-single",
          label: "User name",
          required: true,
          ...(username !== undefined && { value: username }),
        },
        { name: "password", type: "text-private", label: "Password", required: true },
      ],
    }),
  );
}

/**
 * What was filled in, in the form if there is one (§4: it takes precedence); undefined when something is missing or empty.
 * @throws StanzaError bad-request when the form is another one.
 */
export function filledIn(query: Element): Wanted | undefined {
  const x = query.getChild("x", ns.DATA_FORMS);
  const field = x ? inForm(x) : (name: string) => query.getChildText(name);
  const username = field("username") ?? "";
  const password = field("password") ?? "";
  return username === "" || password === "" ? undefined : { username, password };
}

function inForm(x: Element): (name: string) => string | undefined {
  const { type, formType, values } = readForm(x);
  if (type !== "submit" || (formType !== undefined && formType !== ns.REGISTER)) {
    throw new StanzaError("bad-request", "this is another form");
  }
  return (name) => values.get(name)?.[0];
}
