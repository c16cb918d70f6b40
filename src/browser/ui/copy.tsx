import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Button, Dialog } from "./ui.tsx";

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

interface SecretDialogProps {
  readonly title: string;
  readonly value: string;
  /** What it is good for. */
  readonly children: ComponentChildren;
  readonly onClose: () => void;
}

/** A secret that is shown this once. */
export function SecretDialog({ title, value, children, onClose }: SecretDialogProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{children}</p>
      <div class="secret">
        <output>{value}</output>
        <CopyButton text={value} />
      </div>
      <div class="buttons">
        <Button onClick={onClose}>Close</Button>
      </div>
    </Dialog>
  );
}
