import { expect, test } from "vitest";
import { CliRig, Terminal } from "./rig.ts";

/** Answers each prompt of `rig` with the next of `keys`, once it is shown. */
function typist(rig: CliRig, keys: readonly string[]): { terminal: Terminal; shown: () => string } {
  const terminal = new Terminal();
  let shown = "";
  let next = 0;
  Object.defineProperty(rig, "err", {
    get: () => shown,
    set: (text: string) => {
      const added = text.slice(shown.length);
      shown = text;
      // A prompt ends in a space; only then does anybody type.
      if (/[:\]] $/.test(added) && next < keys.length) setImmediate(() => terminal.write(keys[next++]));
    },
  });
  return { terminal, shown: () => shown };
}

async function passwd(...keys: string[]) {
  const rig = new CliRig();
  rig.backend.passwords.set("alice@localhost", "old");
  const { terminal, shown } = typist(rig, keys);
  const code = await rig.run("user passwd alice@localhost", terminal);
  return { code, shown: shown(), password: rig.backend.passwords.get("alice@localhost"), terminal };
}

test("at a terminal the password is asked for twice and never shown", async () => {
  const { code, shown, password, terminal } = await passwd("sesame\r", "sesame\r");
  expect({ code, password }).toEqual({ code: 0, password: "sesame" });
  expect(shown).toBe("New password for alice@localhost: \nThe same again: \n");
  expect(terminal.isRaw).toBe(false);
});

test("backspace takes one character back, Ctrl+U all, other control characters are nothing", async () => {
  expect(await passwd("sesamö\u007fe\r", "wrong\u0015se\u0001\u001bsame\n")).toMatchObject({
    code: 0,
    password: "sesame",
  });
});

test.each([
  ["two that differ", ["sesame\r", "sesam\r"], 1, /differ; nothing was changed/],
  ["nothing", ["\r"], 1, /is empty; nothing was changed/],
  ["Ctrl+C", ["ses\u0003"], 130, /interrupted/],
  ["Ctrl+D", ["\u0004"], 1, /nothing was entered/],
])("%s changes nothing and gives the terminal back", async (_, keys, expected, message) => {
  const { code, shown, password, terminal } = await passwd(...keys);
  expect({ code, password, raw: terminal.isRaw }).toEqual({ code: expected, password: "old", raw: false });
  expect(shown).toMatch(message);
  expect(shown).not.toMatch(/ses/);
});

test.each([
  ["y\r", 0],
  ["YES\r", 0],
  ["\r", 1],
  ["n\r", 1],
  ["yes, no\r", 1],
])("removing asks first at a terminal: %j ends with %i", async (keys, expected) => {
  const rig = new CliRig();
  rig.backend.passwords.set("alice@localhost", "x");
  const { terminal } = typist(rig, [keys]);
  expect(await rig.run("user remove alice@localhost", terminal)).toBe(expected);
  expect(rig.backend.passwords.has("alice@localhost")).toBe(expected === 1);
});

test("removing with --yes does not ask", async () => {
  const rig = new CliRig();
  rig.backend.passwords.set("alice@localhost", "x");
  expect(await rig.run("user remove --yes alice@localhost", new Terminal())).toBe(0);
});
