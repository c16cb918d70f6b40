/** A value now, or a promise of it: the synchronous path makes no promise. */
export type Awaitable<T> = T | Promise<T>;

export function isPromise<T>(value: Awaitable<T>): value is Promise<T> {
  return value instanceof Promise;
}

/** Goes on with `use`; makes a promise only when `first` is one. */
export function after<T, U>(first: Awaitable<T>, use: (value: T) => Awaitable<U>): Awaitable<U> {
  return isPromise(first) ? first.then(use) : use(first);
}

/** Does `work` for each item without waiting in between; makes a promise, of all that were promised, only if one was. */
export function each<T>(items: Iterable<T>, work: (item: T) => Awaitable<unknown>): Awaitable<void> {
  let promised: Promise<unknown>[] | undefined;
  for (const item of items) {
    const done = work(item);
    if (isPromise(done)) (promised ??= []).push(done);
  }
  return promised && Promise.all(promised).then(() => undefined);
}

/** Settles when all of `works`, which are under way, have; makes a promise only when one of them is. */
export function together(...works: readonly Awaitable<unknown>[]): Awaitable<void> {
  return each(works, (work) => work);
}

/** The values of all of `works`, in their order; makes a promise only when one of them is. */
export function all<T>(works: readonly Awaitable<T>[]): Awaitable<readonly T[]> {
  return works.some((work) => isPromise(work)) ? Promise.all(works) : (works as readonly T[]);
}
