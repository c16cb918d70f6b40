import { useState } from "preact/hooks";
import { time } from "../../ui/format.ts";
import { messageOf, useEvery } from "../../ui/hooks.ts";
import { PlainText } from "../../ui/plain-text.tsx";
import { Button, Choice, Notice, TextField } from "../../ui/ui.tsx";
import { command } from "../api.ts";

const REFRESH_MS = 2_000;
const MOST = 1_000;

const LEVELS = ["info", "warn", "error"];

interface Line {
  readonly number: number;
  readonly at: string;
  readonly level: "info" | "warn" | "error";
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export function Log() {
  const [level, setLevel] = useState("info");
  const [text, setText] = useState("");
  const [isPaused, setPaused] = useState(false);
  const [{ lines, last }, setState] = useState<{ readonly lines: readonly Line[]; readonly last: number }>({
    lines: [],
    last: 0,
  });
  const [error, setError] = useState<string>();

  useEvery(
    REFRESH_MS,
    () => {
      command<{ lines: Line[]; last: number }>("log-tail", { after: last }).then(
        (news) => {
          setError(undefined);
          if (news.lines.length === 0) return;
          setState((old) => ({
            lines: [...news.lines.toReversed(), ...old.lines].slice(0, MOST),
            last: news.last,
          }));
        },
        (failure: unknown) => setError(messageOf(failure)),
      );
    },
    !isPaused,
  );

  const wanted = text.trim().toLowerCase();
  const shown = lines.filter(
    (line) =>
      LEVELS.indexOf(line.level) >= LEVELS.indexOf(level) &&
      (wanted === "" || `${line.message} ${JSON.stringify(line.data)}`.toLowerCase().includes(wanted)),
  );
  return (
    <>
      <h1>Log</h1>
      <div class="filters">
        <Choice label="At least" value={level} options={LEVELS} onChange={setLevel} />
        <TextField label="Search" type="search" value={text} onInput={setText} />
        <Button onClick={() => setPaused(!isPaused)}>{isPaused ? "Go on" : "Pause"}</Button>
      </div>
      {error !== undefined && <Notice kind="error">{error}</Notice>}
      {shown.length === 0 && <p class="empty">Nothing like that was logged.</p>}
      <ol class="log">
        {shown.map((line) => (
          <li key={line.number} class={line.level}>
            <time>{time(line.at)}</time> <b>{line.level}</b> <PlainText text={line.message} />{" "}
            <span class="data">
              {Object.entries(line.data).map(([name, value]) => (
                <span key={name}>
                  <PlainText text={name} />=
                  <PlainText text={typeof value === "string" ? value : JSON.stringify(value)} />{" "}
                </span>
              ))}
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}
