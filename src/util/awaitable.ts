/** A value now, or a promise of it: the synchronous path makes no promise. */
export type Awaitable<T> = T | Promise<T>;

export function isPromise<T>(value: Awaitable<T>): value is Promise<T> {
  return value instanceof Promise;
}

/** Goes on with `use`; makes a promise only when `first` is one. */
export function after<T, U>(first: Awaitable<T>, use: (value: T) => Awaitable<U>): Awaitable<U> {
  return isPromise(first) ? first.then(use) : use(first);
}
