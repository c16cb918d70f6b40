/** What the views that list something have in common. */
import type { ComponentChildren, VNode } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { useSettled } from "../ui/hooks.ts";
import { Table, type TableProps } from "../ui/table.tsx";
import { ActionDialog, type ActionDialogProps, Button, Choice, Notice, TextField } from "../ui/ui.tsx";
import type { Visit } from "./api.ts";
import type { Listing } from "./listing.ts";

interface ListViewProps<T> extends Omit<TableProps<T>, "rows"> {
  readonly title: string;
  readonly hint?: ComponentChildren;
  /** What the list can be narrowed with, and what is made for it. */
  readonly filters?: ComponentChildren;
  readonly list: Listing<T>;
  /** Dialogs. */
  readonly children?: ComponentChildren;
}

/** A list with a heading. */
export function ListView<T>({ title, hint, filters, list, children, ...table }: ListViewProps<T>) {
  return (
    <>
      <h1>{title}</h1>
      {hint && <p class="hint">{hint}</p>}
      {filters && <div class="filters">{filters}</div>}
      <List list={list} {...table} />
      {children}
    </>
  );
}

/** What was loaded of a list, and what went wrong. */
export function List<T>({ list, ...table }: Omit<TableProps<T>, "rows"> & { readonly list: Listing<T> }) {
  const hasFocus = useRef(false);
  useLayoutEffect(() => {
    // The row with the focus is gone, and the Tab key would begin at the top of the page.
    if (hasFocus.current && document.activeElement === document.body) {
      document.getElementById("main")?.focus({ preventScroll: true });
    }
  }, [list.rows]);
  return (
    <div
      onFocusIn={() => {
        hasFocus.current = true;
      }}
      onFocusOut={({ relatedTarget }) => {
        // Nothing has it then but the page itself.
        hasFocus.current = relatedTarget === null;
      }}
    >
      {list.error !== undefined && (
        <>
          <Notice kind="error">{list.error}</Notice>
          <Button onClick={list.reload}>Try again</Button>
        </>
      )}
      {list.rows && <Table rows={list.rows} {...table} />}
      <More list={list} />
    </div>
  );
}

export function More({ list }: { readonly list: Listing<unknown> }) {
  return list.hasMore ? <Button onClick={list.more}>More</Button> : null;
}

/** One of the domains, and where there are several, the field to choose it with. */
export function useDomain({ domains }: Visit): readonly [domain: string, choice: VNode | false] {
  const [domain, setDomain] = useState(domains[0] ?? "");
  const choice = domains.length > 1 && (
    <Choice label="Domain" value={domain} options={domains} onChange={setDomain} />
  );
  return [domain, choice];
}

/** What somebody looks for, once they stopped to type, and the field for it. */
export function useSearch(label = "Search", hint?: string): readonly [search: string, field: VNode] {
  const [search, setSearch] = useState("");
  const field = (
    <TextField
      label={label}
      type="search"
      value={search}
      onInput={setSearch}
      {...(hint !== undefined && { hint })}
    />
  );
  return [useSettled(search), field];
}

type Question = Omit<ActionDialogProps, "kind" | "onDone" | "onClose">;
type Ask = (question: Question) => void;

/** Asks before something is done that nobody takes back, and calls `onDone` when it was. */
export function useQuestion(onDone: () => void): {
  readonly ask: Ask;
  readonly dialog: VNode | undefined;
} {
  const [question, ask] = useState<Question>();
  const close = () => ask(undefined);
  const done = () => {
    close();
    onDone();
  };
  return {
    ask,
    dialog: question && <ActionDialog kind="danger" {...question} onDone={done} onClose={close} />,
  };
}

interface DangerButtonProps extends Question {
  /** See `useQuestion`. */
  readonly ask: Ask;
  /** What is read aloud, where the action alone does not say of what. */
  readonly label?: string;
}

/** Asks, and does it then. */
export function DangerButton({ ask, label, ...question }: DangerButtonProps) {
  return (
    <Button kind="danger" {...(label !== undefined && { label })} onClick={() => ask(question)}>
      {question.action}
    </Button>
  );
}
