import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { latest, MOST } from "./latest.ts";
import { type Entry, entryOf } from "./sighting.ts";
import type { TrafficSource, Watcher } from "./traffic-source.ts";

/** What came meanwhile is drawn at once. Milliseconds. */
const DRAW_EVERY = 60;

interface State {
  readonly state: Parameters<Watcher["becomes"]>[0];
  readonly words: string;
}

const CONNECTING: State = { state: "connecting", words: "Connecting …" };

export interface Traffic extends State {
  /** The oldest first. */
  readonly entries: readonly Entry[];
  /** Left out by the source, or while it was paused. */
  readonly lost: number;
  readonly isPaused: boolean;
  /** Those that came since the pause. */
  readonly waiting: number;
  setPaused(isPaused: boolean): void;
  clear(): void;
}

/** The traffic of a source as it passes, as much of it as is kept. */
export function useTraffic(source: TrafficSource): Traffic {
  const [entries, setEntries] = useState<readonly Entry[]>([]);
  const [{ state, words }, setState] = useState(CONNECTING);
  const [lost, setLost] = useState(0);
  const [isPaused, setPaused] = useState(false);
  const [waiting, setWaiting] = useState(0);
  const isHeld = useRef(false);
  const news = useRef<Entry[]>([]);

  const draw = useCallback(() => {
    if (isHeld.current) return setWaiting(news.current.length);
    const fresh = news.current;
    news.current = [];
    setWaiting(0);
    if (fresh.length > 0) setEntries((old) => latest([...old, ...fresh]));
  }, []);

  const clear = useCallback(() => {
    news.current = [];
    setEntries([]);
    setLost(0);
    setWaiting(0);
  }, []);

  useEffect(() => {
    clear();
    setState(CONNECTING);
    let last = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = source.watch({
      sees(sighting) {
        const all = news.current;
        all.push(entryOf(sighting, ++last));
        if (all.length > 2 * MOST) {
          news.current = [...latest(all)];
          setLost((old) => old + all.length - news.current.length);
        }
        timer ??= setTimeout(() => {
          timer = undefined;
          draw();
        }, DRAW_EVERY);
      },
      loses: (count) => setLost((old) => old + count),
      becomes: (to, told) => setState({ state: to, words: told }),
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [source]);

  function pause(isOn: boolean) {
    isHeld.current = isOn;
    setPaused(isOn);
    draw();
  }

  return { entries, state, words, lost, isPaused, waiting, setPaused: pause, clear };
}
