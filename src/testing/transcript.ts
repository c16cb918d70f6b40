/** Who wrote what, in order: what a failed test shows. */
export class Transcript {
  readonly #entries: { readonly label: string; text: string }[] = [];

  /** `direction` is an arrow or a word; what one side writes without interruption becomes one entry. */
  add(who: string, direction: string, text: string): void {
    const label = `${who} ${direction}`;
    const last = this.#entries.at(-1);
    if (last?.label === label) last.text += text;
    else this.#entries.push({ label, text });
  }

  /** The newest entries, secrets masked. */
  toString(): string {
    const shown = this.#entries.slice(-MAX_ENTRIES);
    const left = this.#entries.length - shown.length;
    const lines = shown.map(({ label, text }) => `${label} ${shorten(maskSecrets(text))}`);
    return [...(left > 0 ? [`(${left} earlier entries)`] : []), ...lines].join("\n");
  }
}

const MAX_ENTRIES = 200;
const MAX_ENTRY_LENGTH = 4_000;

const SECRET =
  /(<(?:[\w-]+:)?(?:auth|response|challenge|success|initial-response|additional-data|password|token)\b[^>]*>|<field\b[^>]*\bvar=["']password["'][^>]*>\s*<value>)[^<]+/g;

/** The text without passwords, SASL messages and tokens. */
export function maskSecrets(text: string): string {
  return text.replaceAll(SECRET, "$1(masked)");
}

function shorten(text: string): string {
  const visible = text.trim() === "" ? JSON.stringify(text) : text;
  if (visible.length <= MAX_ENTRY_LENGTH) return visible;
  return `${visible.slice(0, MAX_ENTRY_LENGTH)}… (${visible.length} characters)`;
}
