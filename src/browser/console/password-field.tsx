import { Button, TextField } from "../ui/ui.tsx";

interface PasswordFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
}

/** A password that is set for somebody else, to be seen and told to them. */
export function PasswordField({ label, value, onInput }: PasswordFieldProps) {
  return (
    <div class="with-button">
      <TextField label={label} value={value} onInput={onInput} autocomplete="off" required />
      <Button onClick={() => onInput(randomPassword())}>Make one up</Button>
    </div>
  );
}

/** 100 bits, in letters and digits that do not look alike. */
function randomPassword(): string {
  const letters = "abcdefghijkmnpqrstuvwxyz23456789";
  const bytes = crypto.getRandomValues(new Uint8Array(20));
  const text = Array.from(bytes, (byte) => letters[byte % letters.length]).join("");
  return (text.match(/.{5}/g) ?? []).join("-");
}
