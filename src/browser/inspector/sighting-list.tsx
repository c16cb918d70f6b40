import { Component } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { clock } from "../ui/format.ts";
import { PlainText } from "../ui/plain-text.tsx";
import type { Entry } from "./sighting.ts";

/** Rows that PageUp and PageDown go over. */
const PAGE = 10;

/** Pixels from the end within which somebody looks at the end. */
const NEAR = 8;

interface ListProps {
  readonly entries: readonly Entry[];
  readonly selected: Entry | undefined;
  readonly onSelect: (entry: Entry) => void;
  /** Enter, on what is selected. */
  readonly onOpen: () => void;
}

/** One line each, the latest last, which the list follows while its end is to be seen. */
export function SightingList({ entries, selected, onSelect, onOpen }: ListProps) {
  const list = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);

  useLayoutEffect(() => {
    if (isAtEnd.current && list.current) list.current.scrollTop = list.current.scrollHeight;
  }, [entries]);

  useEffect(() => {
    if (selected) document.getElementById(idOf(selected))?.scrollIntoView({ block: "nearest" });
  }, [selected]);

  function step(event: KeyboardEvent) {
    const at = entries.findIndex((entry) => entry.number === selected?.number);
    const to = target(event.key, at, entries.length);
    if (to === undefined && event.key !== "Enter") return;
    event.preventDefault();
    const entry = to === undefined ? undefined : entries[Math.max(0, Math.min(to, entries.length - 1))];
    if (entry) onSelect(entry);
    else if (selected) onOpen();
  }

  return (
    <div
      ref={list}
      class="sightings"
      role="listbox"
      aria-label="Traffic"
      aria-activedescendant={selected && idOf(selected)}
      tabIndex={0}
      onKeyDown={step}
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        isAtEnd.current = scrollHeight - scrollTop - clientHeight < NEAR;
      }}
    >
      {entries.map((entry) => (
        <Row
          key={entry.number}
          entry={entry}
          isSelected={entry.number === selected?.number}
          onSelect={onSelect}
        />
      ))}
    </div>
  );
}

/** Where a key leads to, from `at`, which is -1 while nothing is selected. */
function target(key: string, at: number, count: number): number | undefined {
  const from = at === -1 ? count : at;
  if (key === "ArrowUp") return from - 1;
  if (key === "ArrowDown") return at + 1;
  if (key === "PageUp") return from - PAGE;
  if (key === "PageDown") return at + PAGE;
  if (key === "Home") return 0;
  return key === "End" ? count - 1 : undefined;
}

interface RowProps {
  readonly entry: Entry;
  readonly isSelected: boolean;
  readonly onSelect: (entry: Entry) => void;
}

/** Drawn again only when it is chosen or is no more. */
class Row extends Component<RowProps> {
  override shouldComponentUpdate({ isSelected }: RowProps): boolean {
    return isSelected !== this.props.isSelected;
  }

  override render({ entry, isSelected, onSelect }: RowProps) {
    const { direction, session, title, other, gist } = entry;
    return (
      <div
        id={idOf(entry)}
        role="option"
        aria-selected={isSelected}
        class={direction}
        onClick={() => onSelect(entry)}
      >
        <time>{clock(entry.at)}</time>
        <span>
          <b>{title}</b>
          <i>{direction === "in" ? " sent by " : " got by "}</i>
          <bdi>{session || "nobody yet"}</bdi>
          {other !== "" && (
            <>
              <i>{direction === "in" ? " to " : " from "}</i>
              <PlainText text={other} />
            </>
          )}
        </span>
        {gist !== "" && (
          <span class="gist">
            <PlainText text={gist} />
          </span>
        )}
      </div>
    );
  }
}

function idOf({ number }: Entry): string {
  return `sighting-${number}`;
}
