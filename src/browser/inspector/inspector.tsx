import type { ComponentChildren } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import { CopyButton } from "../ui/copy.tsx";
import { clock } from "../ui/format.ts";
import { messageOf } from "../ui/hooks.ts";
import { PlainText } from "../ui/plain-text.tsx";
import { Button, Notice, TextField } from "../ui/ui.tsx";
import { Composer } from "./composer.tsx";
import { type Filter, filterBy } from "./filter.ts";
import { MOST } from "./latest.ts";
import { type Entry, KINDS, type Kind } from "./sighting.ts";
import { SightingList } from "./sighting-list.tsx";
import type { TrafficSource, Utterance } from "./traffic-source.ts";
import { useTraffic } from "./use-traffic.ts";
import { Xml } from "./xml.tsx";
import "./inspector.css";

/** Shows what passes at `source`, and where it lets one speak, sends it again or something else. */
export function Inspector({ source }: { readonly source: TrafficSource }) {
  const traffic = useTraffic(source);
  const { entries, state, words, lost } = traffic;
  const [filter, setFilter] = useState<Filter>({
    kinds: new Set(KINDS),
    session: "",
    namespace: "",
    text: "",
  });
  const [selected, setSelected] = useState<Entry>();
  const [draft, setDraft] = useState<Utterance>({ direction: "in", session: "", xml: "" });
  const [told, setTold] = useState<{ readonly kind: "info" | "error"; readonly words: string }>();
  const detail = useRef<HTMLElement>(null);
  const field = useRef<HTMLTextAreaElement | null>(null);

  const shown = useMemo(() => entries.filter(filterBy(filter)), [entries, filter]);
  const sessions = useMemo(() => valuesOf(entries, ({ session }) => [session]), [entries]);
  const namespaces = useMemo(() => valuesOf(entries, (entry) => entry.namespaces), [entries]);

  const { speak } = source;
  function send(utterance: Utterance) {
    setTold(undefined);
    speak?.(utterance).then(
      () => setTold({ kind: "info", words: "Sent." }),
      (error: unknown) => setTold({ kind: "error", words: messageOf(error) }),
    );
  }

  function edit({ direction, session, xml }: Entry) {
    setDraft({ direction, session, xml });
    field.current?.focus();
  }

  return (
    <div class="inspector">
      <Filters filter={filter} onChange={setFilter} sessions={sessions} namespaces={namespaces} />
      <div class="buttons">
        <Button onClick={() => traffic.setPaused(!traffic.isPaused)}>
          {traffic.isPaused ? "Go on" : "Pause"}
        </Button>
        <Button onClick={traffic.clear}>Clear</Button>
        <p class="hint">
          <span role="status">{state !== "over" && words}</span> {countOf(entries.length, shown.length)}
          {traffic.isPaused && ` Paused; ${traffic.waiting} wait.`}
          {lost > 0 && ` ${lost} were left out: there was too much.`}
        </p>
      </div>
      {state === "over" && <Notice kind="error">{words}</Notice>}
      <div class="panes">
        <SightingList
          entries={shown}
          selected={selected}
          onSelect={setSelected}
          onOpen={() => detail.current?.focus()}
        />
        <section ref={detail} class="sighting" aria-label="The chosen one" tabIndex={-1}>
          {selected ? (
            <Detail entry={selected}>
              {speak && selected.session !== "" && (
                <>
                  <Button onClick={() => send(selected)}>Send again</Button>
                  <Button onClick={() => edit(selected)}>Edit and send</Button>
                </>
              )}
            </Detail>
          ) : (
            <p class="empty">Choose one to see all of it.</p>
          )}
        </section>
      </div>
      {told && <Notice kind={told.kind}>{told.words}</Notice>}
      {speak && (
        <Composer
          draft={draft}
          field={field}
          sessions={sessions}
          onDraft={setDraft}
          onSend={() => send(draft)}
        />
      )}
    </div>
  );
}

interface FiltersProps {
  readonly filter: Filter;
  readonly onChange: (filter: Filter) => void;
  readonly sessions: readonly string[];
  readonly namespaces: readonly string[];
}

function Filters({ filter, onChange, sessions, namespaces }: FiltersProps) {
  function toggle(kind: Kind) {
    const kinds = new Set(filter.kinds);
    if (!kinds.delete(kind)) kinds.add(kind);
    onChange({ ...filter, kinds });
  }
  const field = (label: string, key: "session" | "namespace" | "text", list?: readonly string[]) => (
    <TextField
      label={label}
      type="search"
      value={filter[key]}
      onInput={(value) => onChange({ ...filter, [key]: value })}
      placeholder="all"
      {...(list && { list })}
    />
  );
  return (
    <div class="filters">
      <fieldset class="kinds">
        <legend>Show</legend>
        {KINDS.map((kind) => (
          <label key={kind}>
            <input type="checkbox" checked={filter.kinds.has(kind)} onChange={() => toggle(kind)} /> {kind}
          </label>
        ))}
      </fieldset>
      {field("Session", "session", sessions)}
      {field("Namespace", "namespace", namespaces)}
      {field("Text", "text")}
    </div>
  );
}

function Detail({ entry, children }: { readonly entry: Entry; readonly children: ComponentChildren }) {
  return (
    <>
      <p>
        <b>{entry.direction === "in" ? "From" : "To"}</b>{" "}
        <span class="long">
          <PlainText text={entry.session || "nobody yet"} />
        </span>{" "}
        <time class="hint" dateTime={new Date(entry.at).toISOString()}>
          {clock(entry.at)}
        </time>
      </p>
      <div class="buttons">
        <CopyButton text={entry.xml} />
        {children}
      </div>
      <Xml xml={entry.xml} />
    </>
  );
}

/** What is in the entries, once each, to choose from. */
function valuesOf(entries: readonly Entry[], values: (entry: Entry) => Iterable<string>): readonly string[] {
  return [...new Set(entries.flatMap((entry) => [...values(entry)]))].filter(Boolean).toSorted();
}

function countOf(all: number, shown: number): string {
  const kept = all >= MOST ? `The last ${all} are kept` : `${all} so far`;
  return shown === all ? `${kept}.` : `${kept}, ${shown} shown.`;
}
