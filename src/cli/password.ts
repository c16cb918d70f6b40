import type { Writable } from "node:stream";
import type { Input } from "./environment.ts";
import { CliError } from "./failure.ts";

/** Bytes read for a password or an answer; more than any account accepts. */
const MAX_BYTES = 8192;

const INTERRUPTED = 130;

/**
 * A new password: asked for twice without echo at a terminal, else the first line of standard input.
 * Throws CliError when there is none or the two differ.
 */
export async function readNewPassword(stdin: Input, stderr: Writable, user: string): Promise<string> {
  if (!isTerminal(stdin)) return present(await readFirstLine(stdin));
  const password = present(await prompt(stdin, stderr, `New password for ${user}: `, false));
  const again = await prompt(stdin, stderr, "The same again: ", false);
  if (password !== again) throw new CliError("the two passwords differ; nothing was changed");
  return password;
}

/** Asks for a yes at a terminal; without one the command itself is the yes. */
export async function confirm(stdin: Input, stderr: Writable, question: string): Promise<boolean> {
  if (!isTerminal(stdin)) return true;
  return /^y(es)?$/i.test((await prompt(stdin, stderr, `${question} [y/N] `, true)).trim());
}

function isTerminal(stdin: Input): boolean {
  return stdin.isTTY === true && stdin.setRawMode !== undefined;
}

function present(password: string): string {
  if (password === "") throw new CliError("the password is empty; nothing was changed");
  return password;
}

async function readFirstLine(stdin: Input): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    const part = Buffer.from(chunk as Uint8Array | string);
    chunks.push(part);
    bytes += part.length;
    if (part.includes(0x0a)) break;
    if (bytes > MAX_BYTES) throw new CliError("the password on standard input is too long");
  }
  const [line = ""] = Buffer.concat(chunks).toString("utf8").split("\n");
  return line.replace(/\r$/, "");
}

/** One line typed at the terminal, in raw mode so that it decides itself what is shown. */
function prompt(stdin: Input, stderr: Writable, question: string, echo: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed: string[] = [];
    stderr.write(question);
    stdin.setRawMode?.(true);
    stdin.setEncoding("utf8");
    stdin.on("data", receive);
    stdin.on("end", ended);
    stdin.resume();

    function receive(text: string) {
      for (const character of text) {
        if (character === "\r" || character === "\n") return finish(() => resolve(typed.join("")));
        if (character === "\u0003") return finish(() => reject(new CliError("interrupted", INTERRUPTED)));
        if (character === "\u0004") return ended();
        press(character);
      }
    }

    function press(character: string) {
      if (character === "\u007f" || character === "\b") {
        if (typed.pop() !== undefined && echo) stderr.write("\b \b");
      } else if (character === "\u0015") {
        if (echo) stderr.write("\b \b".repeat(typed.length));
        typed = []; // Ctrl+U
      } else if (character >= " " && typed.length < MAX_BYTES) {
        typed.push(character);
        if (echo) stderr.write(character);
      }
    }

    function ended() {
      finish(() => reject(new CliError("nothing was entered; nothing was changed")));
    }

    function finish(settle: () => void) {
      stdin.removeListener("data", receive);
      stdin.removeListener("end", ended);
      stdin.setRawMode?.(false);
      stdin.pause();
      stderr.write("\n");
      settle();
    }
  });
}
