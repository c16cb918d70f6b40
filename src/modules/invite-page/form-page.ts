import { html, raw } from "hono/html";
import { renderSVG } from "uqr";
import { appList, type Platform } from "../../html/apps.ts";
import { type Html, page } from "../../html/page.ts";
import type { Invitation } from "../invites/invitation.ts";

/** Why no account was made: for people, and for programs in `status`. */
export interface Complaint {
  readonly status: number;
  readonly text: string;
  /** The field of the form that has to be changed. */
  readonly field?: "username" | "password" | "again";
}

export interface FormPageParts {
  readonly domain: string;
  readonly invitation: Invitation;
  /** The `xmpp:` link. */
  readonly uri: string;
  readonly platform: Platform | undefined;
  /** Where people can chat, if there is such a page. */
  readonly chat: string | undefined;
  /** Whether a password can be sent from here without others reading it. */
  readonly isPrivate: boolean;
  readonly passwordLength: number;
  /** What somebody sent before, and what was wrong with it. */
  readonly rejected?: { readonly username: string; readonly complaint: Complaint } | undefined;
}

/** The page of an invitation that holds. */
export function formPage(parts: FormPageParts): Promise<Response> {
  const { domain, invitation, uri, platform, chat, rejected } = parts;
  const { inviter, mayRegister, befriend } = invitation;
  const byUser = inviter.local !== "";
  const title = byUser ? `${inviter.local} invites you to chat` : `You are invited to ${domain}`;
  const who = html`<strong><bdi>${inviter.toString()}</bdi></strong>`;
  const body = html`
<h1>${title}</h1>
<p class="lead">${lead()}</p>
${mayRegister ? accountForm(parts) : ""}
<section aria-labelledby="apps">
  <h2 id="apps">${mayRegister ? "Or use an app" : "Accept with your app"}</h2>
  <div class="split">
    <div>
      <ol class="steps">
        <li>Get an app${platform === undefined ? "" : ` for ${platform}`}, if you have none yet:
          ${appList(platform)}
          ${platform === undefined ? "" : html`<details><summary>Apps for other devices</summary>${appList()}</details>`}</li>
        <li>Then come back and open the invitation with it, or scan the code with your phone. The button needs an app to be installed.
          <p class="actions"><a class="button${mayRegister ? " second" : ""}" href="${uri}">Open the invitation in an app</a></p></li>
      </ol>
    </div>
    <figure class="qr">${qrCode(uri)}<figcaption class="soft">The same invitation, for a phone</figcaption></figure>
  </div>
</section>
${
  chat && invitation.kind === "contact"
    ? html`<section>
  <h2>${mayRegister ? "If you have an account here" : "Or in this browser"}</h2>
  <p>With an account at ${domain} you need nothing else: log in to the chat, and accept there.</p>
  <p class="actions"><a class="button second" href="${chat}#accept=${encodeURIComponent(uri)}">Accept in this browser</a></p>
</section>`
    : ""
}
<footer><p>${byUser ? html`If you do not know <bdi>${inviter.local}</bdi>, just ignore this page. ` : ""}The invitation is valid until ${time(invitation.expires)}${invitation.uses > 1 ? `, for ${invitation.uses} people` : ""}.
  XMPP is a network of many servers, as e-mail is: with an account on one you reach people on all of them.</p></footer>`;
  return page(
    { title: rejected ? `Not yet: ${title}` : title, domain, body },
    { status: rejected?.complaint.status ?? 200, headers: { Vary: "User-Agent" } },
  );

  function lead(): Html {
    if (!mayRegister)
      return html`${who} would like to have you as a contact. All you need is an account on any XMPP server.`;
    if (!byUser)
      return html`With an account at <strong>${domain}</strong> you can chat here, and with everybody else on XMPP.`;
    const joins =
      befriend || invitation.kind === "contact" ? " You will be each other’s contacts from the start." : "";
    return html`${who} invites you to join <strong>${domain}</strong>.${joins}`;
  }
}

function accountForm({ domain, invitation, isPrivate, passwordLength, rejected }: FormPageParts): Html {
  if (!isPrivate) {
    return html`<section><h2>Create your account</h2><p class="alarm">This connection is not encrypted, so a password does not belong on it.
      Open the page by its https:// address.</p></section>`;
  }
  const { complaint, username = "" } = rejected ?? {};
  const name = invitation.username ?? username;
  return html`
<section aria-labelledby="account">
  <h2 id="account">Create your account</h2>
  ${complaint && html`<p class="alarm" role="alert" id="complaint">${complaint.text}</p>`}
  <form method="post" autocomplete="on">
    <div class="field">
      <label for="username">User name</label>
      <div class="input${complaint?.field === "username" ? " wrong" : ""}">
        <input id="username" name="username" value="${name}" required maxlength="256" autocomplete="username" autocapitalize="none"
          spellcheck="false" ${invitation.username === undefined ? "" : "readonly"} ${state("username")} aria-describedby="username-hint">
        <span class="suffix" aria-hidden="true">@${domain}</span>
      </div>
      <p class="hint" id="username-hint">${
        invitation.username === undefined
          ? html`Your address will be <em>name</em>@${domain}. Lower-case letters, digits, dots and dashes work everywhere.`
          : html`The invitation is for this name: your address will be ${name}@${domain}.`
      }</p>
    </div>
    <div class="field">
      <label for="password">Password</label>
      <div class="input${complaint?.field === "password" ? " wrong" : ""}">
        <input id="password" name="password" type="password" required minlength="${passwordLength}" maxlength="1024"
          autocomplete="new-password" ${state("password")} aria-describedby="password-hint">
      </div>
      <p class="hint" id="password-hint">At least ${passwordLength} characters of any kind. A few random words make a good one; do not reuse one from elsewhere.</p>
    </div>
    <div class="field">
      <label for="again">Repeat the password</label>
      <div class="input${complaint?.field === "again" ? " wrong" : ""}">
        <input id="again" name="again" type="password" required maxlength="1024" autocomplete="new-password" ${state("again")} aria-describedby="again-hint">
      </div>
      <p class="hint" id="again-hint">Keep it somewhere safe: nobody can look it up for you.</p>
    </div>
    <button>Create account</button>
  </form>
</section>`;

  /** The field that has to be changed is the one to begin with. */
  function state(field: Complaint["field"]): Html | "" {
    return complaint?.field === field
      ? html`aria-invalid="true" aria-errormessage="complaint" autofocus`
      : "";
  }
}

/** Black on white whatever the page looks like, or cameras do not see it. */
function qrCode(uri: string): Html {
  return html`<div role="img" aria-label="QR code of the invitation">${raw(renderSVG(uri, { border: 3, ecc: "M" }))}</div>`;
}

function time(ms: number): Html {
  const date = new Date(ms);
  const text = date.toLocaleString("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });
  return html`<time datetime="${date.toISOString()}">${text} UTC</time>`;
}
