import { describe, expect, test } from "vitest";
import { type Element, el } from "../../../src/xml/element.ts";
import { StanzaError } from "../../../src/xmpp/errors.ts";
import { form, readBoolean, readForm } from "../../../src/xmpp/forms.ts";

const XMLNS = "jabber:x:data";

function x(type: string | undefined, ...fields: Element[]): Element {
  return el("x", { xmlns: XMLNS, type }, ...fields);
}

function field(name: string | undefined, type: string | undefined, ...values: string[]): Element {
  return el("field", { var: name, type }, ...values.map((value) => el("value", {}, value)));
}

function refusal(element: Element): unknown {
  try {
    return readForm(element);
  } catch (error) {
    return error instanceof StanzaError ? error.condition : error;
  }
}

describe("building", () => {
  test("a form to fill in", () => {
    const built = form({
      type: "form",
      title: "Room",
      instructions: "Please",
      formType: "urn:example",
      fields: [
        { type: "fixed", value: "Section" },
        { name: "public", type: "boolean", label: "Public?", value: true },
        { name: "closed", type: "boolean", value: false },
        { name: "about", type: "text-multi", description: "Long", value: "one\ntwo\r\nthree" },
        { name: "subject", type: "text-single", required: true },
        {
          name: "who",
          type: "list-multi",
          value: ["a", "b"],
          options: [{ value: "a", label: "A" }, { value: "b" }],
        },
      ],
    });
    expect(built.toString()).toBe(
      '<x xmlns="jabber:x:data" type="form"><title>Room</title><instructions>Please</instructions>' +
        '<field var="FORM_TYPE" type="hidden"><value>urn:example</value></field>' +
        '<field type="fixed"><value>Section</value></field>' +
        '<field var="public" type="boolean" label="Public?"><value>1</value></field>' +
        '<field var="closed" type="boolean"><value>0</value></field>' +
        '<field var="about" type="text-multi"><desc>Long</desc>' +
        "<value>one</value><value>two</value><value>three</value></field>" +
        '<field var="subject" type="text-single"><required/></field>' +
        '<field var="who" type="list-multi"><value>a</value><value>b</value>' +
        '<option label="A"><value>a</value></option><option><value>b</value></option></field></x>',
    );
  });

  test("a form without fields", () => {
    expect(form({ type: "cancel" }).toString()).toBe('<x xmlns="jabber:x:data" type="cancel"/>');
  });

  test("what is built is read back", () => {
    const fields = [
      { name: "a", value: "1 < 2" },
      { name: "b", value: ["x", ""] },
    ];
    expect(readForm(form({ type: "submit", formType: "urn:example", fields }))).toEqual({
      type: "submit",
      formType: "urn:example",
      values: new Map([
        ["a", ["1 < 2"]],
        ["b", ["x", ""]],
      ]),
    });
  });
});

describe("reading", () => {
  test("fields without values, and fixed ones without names", () => {
    const submitted = readForm(
      x("submit", field("a", undefined), field("b", undefined, ""), field(undefined, "fixed", "!")),
    );
    expect([...submitted.values]).toEqual([
      ["a", []],
      ["b", [""]],
    ]);
    expect(submitted.formType).toBeUndefined();
  });

  test("a FORM_TYPE counts in a submission even if nothing calls it hidden (XEP-0068 §4.1)", () => {
    const submitted = readForm(x("submit", field("FORM_TYPE", undefined, "urn:example")));
    expect(submitted).toEqual({ type: "submit", formType: "urn:example", values: new Map() });
  });

  test("a FORM_TYPE that is not hidden is a field like any other in a form (XEP-0068 §4.3)", () => {
    const read = readForm(x("form", field("FORM_TYPE", "text-single", "urn:example")));
    expect(read).toEqual({ type: "form", values: new Map([["FORM_TYPE", ["urn:example"]]]) });
    expect(readForm(x("form", field("FORM_TYPE", "hidden", "urn:example"))).formType).toBe("urn:example");
  });

  test("the values of options, and elements of other namespaces, are not values", () => {
    const choice = el(
      "field",
      { var: "a" },
      el("option", {}, el("value", {}, "one")),
      el("value", { xmlns: "x" }, "no"),
    );
    expect(readForm(x("submit", choice, el("field", { xmlns: "x" }))).values).toEqual(new Map([["a", []]]));
  });

  test.each(["hidden", "jid-multi", "list-multi", "text-multi", undefined])(
    "%s may have two values",
    (type) => {
      expect(readForm(x("submit", field("a", type, "1", "2"))).values.get("a")).toEqual(["1", "2"]);
    },
  );
});

describe("a bad form is a bad request", () => {
  test.each([
    ["another element", el("y", { xmlns: XMLNS, type: "submit" })],
    ["another namespace", el("x", { xmlns: "jabber:x:oob", type: "submit" })],
    ["no type", x(undefined)],
    ["an unknown type", x("sumbit")],
    ["a field without a name", x("submit", field(undefined, undefined, "1"))],
    ["a name twice", x("submit", field("a", undefined, "1"), field("a", undefined, "2"))],
    ["two values for one", x("submit", field("a", "text-single", "1", "2"))],
    ["too many fields", x("submit", ...Array.from({ length: 513 }, (_, n) => field(`f${n}`, undefined)))],
    ["too many values", x("submit", field("a", undefined, ...Array.from({ length: 4097 }, () => "v")))],
  ])("%s", (_, element) => {
    expect(refusal(element)).toBe("bad-request");
  });

  test("as many fields and values as the limits say are read", () => {
    const fields = Array.from({ length: 512 }, (_, n) =>
      field(`f${n}`, undefined, ...Array.from("12345678")),
    );
    expect(readForm(x("submit", ...fields)).values.size).toBe(512);
  });
});

test("both spellings of a truth value are understood (XEP-0004 §3.3)", () => {
  expect(["1", "true", "0", "false"].map(readBoolean)).toEqual([true, true, false, false]);
  for (const text of ["", "TRUE", "yes", "2"]) expect(() => readBoolean(text)).toThrow(StanzaError);
});
