/** Faults of authentication: RFC 6120 §6 and XEP-0388. */
import { SASL_CONDITIONS, type SaslCondition } from "../../auth/mechanism.ts";
import type { ClientStream } from "../../stream/client-stream.ts";
import { t } from "../../util/schema.ts";
import { type Element, el, serialize } from "../../xml/element.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Passing } from "../passing.ts";
import { type CommonOptions, defineFault, type Site } from "./fault.ts";

export interface LoginFault extends CommonOptions {
  readonly fault: "login";
  readonly condition: SaslCondition;
  /**
   * `start`: when it begins. `response`: when the client has answered a challenge, which it does with SCRAM, and not with PLAIN.
   * Default: `start`.
   */
  readonly step?: "start" | "response";
  readonly text?: string;
}

export const login = defineFault({
  name: "login",
  doc: "Authentication fails (RFC 6120 §6.5, XEP-0388), whatever the client knows.",
  fields: {
    condition: t.oneOf(SASL_CONDITIONS),
    step: t.oneOf(["start", "response"], "start").doc("When it begins, or when a challenge was answered."),
    text: t.optional(t.string()).doc("For people."),
  },
  // What began to fail comes to its end.
  outlasts: true,
  start({ condition, step, text }, site) {
    if (step === "response") return failsLater(condition, text, site);
    return site.seams.passing.add((passing) => {
      if (!mechanismOf(passing) || !site.happens(passing.client)) return false;
      passing.stream.write(failure(passing, condition, text));
      return true;
    });
  },
});

/** In place of the response the server hears that the client gives up, and forgets the exchange; the client hears something else. */
function failsLater(condition: string, text: string | undefined, site: Site): () => void {
  const failing = new WeakSet<ClientStream>();
  return site.seams.passing.add((passing) => {
    if (passing.kind !== "nonza" || !isOfSasl(passing.element)) return false;
    const { direction, stream, element } = passing;
    if (direction === "out") {
      if (element.name !== "failure" || !failing.delete(stream)) return false;
      passing.pass(failure(passing, condition, text));
      return true;
    }
    if (element.name !== "response" || !site.happens(passing.client)) return false;
    failing.add(stream);
    passing.passAs(el("abort", { xmlns: element.getNS() }));
    return true;
  });
}

export interface TokenFault extends CommonOptions {
  readonly fault: "expired-token";
}

export const expiredToken = defineFault({
  name: "expired-token",
  doc: "The token that a client logs in with has run out (XEP-0484).",
  fields: {},
  start(_, site) {
    return site.seams.passing.add((passing) => {
      // XEP-0484 §3: mechanisms with tokens are those named HT-….
      if (!mechanismOf(passing)?.startsWith("HT-") || !site.happens(passing.client)) return false;
      passing.stream.write(failure(passing, "credentials-expired", undefined));
      return true;
    });
  },
});

export interface SignatureFault extends CommonOptions {
  readonly fault: "server-signature";
}

export const serverSignature = defineFault({
  name: "server-signature",
  doc: "At the end of SCRAM the server does not prove that it knows the password (RFC 5802 §5): it is an impostor.",
  fields: {},
  start(_, site) {
    return site.seams.passing.add((passing) => spoilsSignature(passing, site));
  },
});

function spoilsSignature(passing: Passing, site: Site): boolean {
  if (passing.direction !== "out" || passing.kind !== "nonza") return false;
  const element = passing.copy();
  if (!isOfSasl(element)) return false;
  const holder = element.getChild("additional-data") ?? element;
  const data = Buffer.from(holder.getText(), "base64").toString();
  if (!data.startsWith("v=") || !site.happens(passing.client)) return false;
  const signature = Buffer.from(data.slice(2), "base64");
  for (const [index, byte] of signature.entries()) signature[index] = byte ^ 0xff;
  holder.children = [Buffer.from(`v=${signature.toString("base64")}`).toString("base64")];
  passing.passAs(element);
  return true;
}

/** The mechanism that a client begins with. */
function mechanismOf(passing: Passing): string | undefined {
  if (passing.direction !== "in" || passing.kind !== "nonza") return undefined;
  const { element } = passing;
  const begins = element.is("auth", ns.SASL) || element.is("authenticate", ns.SASL2);
  return begins ? String(element.attrs["mechanism"]) : undefined;
}

function isOfSasl(element: Element): boolean {
  const namespace = element.getNS();
  return namespace === ns.SASL || namespace === ns.SASL2;
}

/** Of the same kind of SASL as what passes. */
function failure({ element }: Passing, condition: string, text: string | undefined): string {
  return serialize(
    el(
      "failure",
      { xmlns: element.getNS() ?? ns.SASL },
      el(condition, { xmlns: ns.SASL }),
      ...(text === undefined ? [] : [el("text", {}, text)]),
    ),
  );
}
