import { useCallback, useEffect, useRef, useState } from "preact/hooks";

export interface Loaded<T> {
  readonly value: T | undefined;
  readonly error: string | undefined;
  readonly isLoading: boolean;
  reload(): void;
}

/** What `load` settles to, loaded anew when one of `inputs` changes, or somebody asks. An answer that was overtaken is dropped. */
export function useLoaded<T>(load: () => Promise<T>, inputs: readonly unknown[]): Loaded<T> {
  const [state, setState] = useState<{
    readonly value?: T;
    readonly error?: string;
    readonly isLoading: boolean;
  }>({
    isLoading: true,
  });
  const latest = useRef(0);
  const reload = useCallback(() => {
    const number = ++latest.current;
    setState((old) => ({ ...old, isLoading: true }));
    load().then(
      (value) => {
        if (latest.current === number) setState({ value, isLoading: false });
      },
      (error: unknown) => {
        if (latest.current === number)
          setState((old) => ({ ...old, error: messageOf(error), isLoading: false }));
      },
    );
  }, inputs);
  useEffect(reload, [reload]);
  return { value: state.value, error: state.error, isLoading: state.isLoading, reload };
}

/** Calls `task` now and every `ms` milliseconds while the page is to be seen. */
export function useEvery(ms: number, task: () => void, isOn = true): void {
  const current = useRef(task);
  current.current = task;
  useEffect(() => {
    if (!isOn) return undefined;
    current.current();
    const timer = setInterval(() => {
      if (!document.hidden) current.current();
    }, ms);
    return () => clearInterval(timer);
  }, [ms, isOn]);
}

/** A value that follows another one once that has been still for a moment: for searches. */
export function useSettled<T>(value: T, ms = 250): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}

/** The part of the address behind `#`. */
export function useHash(): string {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const update = () => setHash(location.hash);
    addEventListener("hashchange", update);
    return () => removeEventListener("hashchange", update);
  }, []);
  return hash;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
