/** The end of a turn: when what was written is committed. */
import { expect, test } from "vitest";
import { Turn } from "../../../src/net/turn.ts";
import { systemClock } from "../../../src/util/clock.ts";
import { silentLogger } from "../../../src/util/logger.ts";

/** A turn in which a row was written for so many peers; `look` is one look at the sockets. */
function busyTurn(peers: number) {
  let commits = 0;
  const tasks: (() => void)[] = [];
  const store = {
    dirty: true,
    commit() {
      commits++;
      store.dirty = false;
    },
    apart: () => undefined,
    onDirty: () => {},
    onFailed: () => {},
  };
  const clock = { ...systemClock, immediate: (task: () => void) => void tasks.push(task) };
  const turn = new Turn(store, clock, silentLogger);
  function hear(count: number): void {
    for (let peer = 0; peer < count; peer++) turn.hear({ destroy: () => {} });
    store.dirty = true;
  }
  function look(): number {
    tasks.shift()?.();
    return commits;
  }
  hear(peers);
  return { look, hear };
}

test("who is heard alone waits for nobody", () => {
  const { look } = busyTurn(1);
  expect(look()).toBe(1);
});

test("where several were heard, what others sent meanwhile shares the commit, once", () => {
  const { look, hear } = busyTurn(2);
  expect(look()).toBe(0);
  hear(3);
  expect(look()).toBe(1);
  hear(2);
  expect([look(), look()]).toEqual([1, 2]);
});
