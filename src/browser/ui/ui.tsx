/** The pieces that views are made of. Text is text: nothing here takes HTML. */
import type { ComponentChildren, TargetedEvent } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { messageOf } from "./hooks.ts";

interface ButtonProps {
  readonly children: ComponentChildren;
  readonly kind?: "plain" | "main" | "danger";
  readonly type?: "button" | "submit";
  readonly disabled?: boolean;
  readonly label?: string;
  /** In a dialog: it has the focus from the beginning. */
  readonly autofocus?: boolean;
  readonly onClick?: () => void;
}

export function Button({ children, kind = "plain", type = "button", label, ...rest }: ButtonProps) {
  return (
    <button type={type} class={`button ${kind}`} aria-label={label} {...rest}>
      {children}
    </button>
  );
}

export function Notice({
  children,
  kind = "info",
}: {
  readonly children: ComponentChildren;
  readonly kind?: "info" | "error";
}) {
  return (
    <p class={`notice ${kind}`} role={kind === "error" ? "alert" : "status"}>
      {children}
    </p>
  );
}

interface FieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly children: (id: string) => ComponentChildren;
}

/** A label with what it is for. */
export function Field({ label, hint, children }: FieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children(id)}
      {hint && <span class="hint">{hint}</span>}
    </div>
  );
}

interface TextProps {
  readonly label: string;
  readonly value: string;
  readonly hint?: string;
  readonly type?: "text" | "password" | "search" | "number";
  readonly autocomplete?: string;
  readonly required?: boolean;
  readonly placeholder?: string;
  readonly list?: readonly string[];
  /** Of numbers. */
  readonly min?: number;
  readonly max?: number;
  readonly onInput: (value: string) => void;
}

export function TextField({ label, value, hint, type = "text", onInput, list, ...rest }: TextProps) {
  const listId = useId();
  return (
    <Field label={label} {...(hint !== undefined && { hint })}>
      {(id) => (
        <>
          <input
            id={id}
            value={value}
            spellcheck={false}
            autocapitalize="off"
            // Preact's types have a variant for each type of field, and none for one that is chosen.
            {...({ ...rest, type, list: list && listId } as { readonly type: "text" })}
            onInput={(event) => onInput(event.currentTarget.value)}
          />
          {list && (
            <datalist id={listId}>
              {list.map((option) => (
                <option key={option} value={option} />
              ))}
            </datalist>
          )}
        </>
      )}
    </Field>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly string[];
  readonly onChange: (value: string) => void;
}

export function Choice({ label, value, options, onChange }: ChoiceProps) {
  return (
    <Field label={label}>
      {(id) => (
        <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          {options.map((option) => (
            <option key={option} value={option}>
              {option}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface DialogProps {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly onClose: () => void;
}

/** A modal dialog; Escape closes it, and the focus goes back to where it was. */
export function Dialog({ title, children, onClose }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    // Closed while it is still in the page: one that is taken out of it gives the focus back to nobody.
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={ref}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <h2 id={id}>
        <bdi>{title}</bdi>
      </h2>
      {children}
    </dialog>
  );
}

export interface ActionDialogProps {
  readonly title: string;
  readonly action: string;
  readonly kind?: "main" | "danger";
  readonly children?: ComponentChildren;
  /** Must be typed before anything is done. */
  readonly confirm?: string;
  readonly run: () => Promise<unknown>;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

/** Asks before something is done, and shows what the server says to it. */
export function ActionDialog(props: ActionDialogProps) {
  const { title, action, kind = "main", children, confirm, run, onDone, onClose } = props;
  const [error, setError] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const [typed, setTyped] = useState("");

  async function submit(event: TargetedEvent<HTMLFormElement>) {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await run();
      onDone();
    } catch (failure) {
      setError(messageOf(failure));
      setBusy(false);
    }
  }

  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        {children}
        {confirm !== undefined && (
          <TextField
            label={`Type ${confirm} to confirm`}
            value={typed}
            onInput={setTyped}
            autocomplete="off"
          />
        )}
        {error !== undefined && <Notice kind="error">{error}</Notice>}
        <div class="buttons">
          <Button type="submit" kind={kind} disabled={isBusy || (confirm !== undefined && typed !== confirm)}>
            {action}
          </Button>
          <Button onClick={onClose} autofocus={kind === "danger" && confirm === undefined}>
            Cancel
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
