import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { messageOf } from "../ui/hooks.ts";

/** Where the next page begins, as the server's commands have it. */
type Cursor = string | number;

export interface Page<T> {
  readonly rows: readonly T[];
  /** Absent on the last page. */
  readonly next?: Cursor | undefined;
}

/** The pages that were loaded of a list, and how to get on. */
export interface Listing<T> {
  /** Undefined until the first page is there. */
  readonly rows: readonly T[] | undefined;
  readonly error: string | undefined;
  readonly hasMore: boolean;
  more(): void;
  /** Begins anew. */
  reload(): void;
}

interface State<T> extends Partial<Page<T>> {
  readonly error?: string;
  /** To later pages. */
  readonly hasGoneOn: boolean;
}

/** What `load` tells page by page, begun anew when one of `inputs` changes. An answer that was overtaken is dropped. */
export function useListing<T>(
  load: (from: Cursor | undefined) => Promise<Page<T>>,
  inputs: readonly unknown[],
): Listing<T> {
  const [{ rows, next, error, hasGoneOn }, setState] = useState<State<T>>({ hasGoneOn: false });
  const latest = useRef(0);
  const fetchPage = useCallback((from: Cursor | undefined) => {
    const number = ++latest.current;
    load(from).then(
      (page) => {
        if (latest.current !== number) return;
        setState((old) => ({
          ...page,
          rows: from === undefined ? page.rows : [...(old.rows ?? []), ...page.rows],
          hasGoneOn: from !== undefined,
        }));
      },
      (failure: unknown) => {
        if (latest.current === number) setState((old) => ({ ...old, error: messageOf(failure) }));
      },
    );
  }, inputs);
  const reload = useCallback(() => fetchPage(undefined), [fetchPage]);
  useEffect(reload, [reload]);

  // Others change things as well, while nobody looks. Who has gone on to later pages keeps them.
  useEffect(() => {
    const look = () => {
      if (!document.hidden && !hasGoneOn) reload();
    };
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [reload, hasGoneOn]);

  return { rows, error, hasMore: next !== undefined, more: () => fetchPage(next), reload };
}
