import { useState } from "preact/hooks";
import { Button } from "./ui.tsx";

/** Puts `text` on the clipboard, where the browser lets it. */
export function CopyButton({ text }: { readonly text: string }) {
  const [done, setDone] = useState<{ readonly text: string; readonly word: string }>();
  function copy() {
    navigator.clipboard.writeText(text).then(
      () => setDone({ text, word: "Copied" }),
      () => setDone({ text, word: "The browser refuses" }),
    );
  }
  return <Button onClick={copy}>{done?.text === text ? done.word : "Copy"}</Button>;
}

/** A secret that is shown this once. */
export function Secret({ value }: { readonly value: string }) {
  return (
    <div class="secret">
      <output>{value}</output>
      <CopyButton text={value} />
    </div>
  );
}
