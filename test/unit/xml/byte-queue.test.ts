import { afterEach, expect, test, vi } from "vitest";
import { ByteQueue } from "../../../src/xml/byte-queue.ts";
import { StartTagReader } from "../../../src/xml/start-tag.ts";
import { drain, opened } from "./support.ts";

afterEach(() => vi.restoreAllMocks());

const contentOf = ({ source, start, end }: ByteQueue): string => source.toString("latin1", start, end);

test("a chunk is used in place, its rest is copied", () => {
  const queue = new ByteQueue();
  const chunk = Buffer.from("0123456789");
  queue.append(chunk);
  expect(queue.source).toBe(chunk);
  queue.start += 7;
  queue.settle();
  expect(queue.source).not.toBe(chunk);
  expect(contentOf(queue)).toBe("789");
  queue.append(Buffer.from("ab"));
  expect(contentOf(queue)).toBe("789ab");
});

test("an empty queue holds nothing", () => {
  const queue = new ByteQueue();
  queue.append(Buffer.alloc(65_536, "x"));
  queue.start = queue.end;
  queue.settle();
  expect(queue.source).toHaveLength(0);
});

test("a small rest does not keep the room a large element needed", () => {
  const queue = new ByteQueue();
  queue.append(Buffer.from("x"));
  queue.settle();
  queue.append(Buffer.alloc(100_000, "x"));
  queue.start = queue.end - 10;
  queue.settle();
  expect(queue.source.length).toBeLessThan(1_000);
  expect(contentOf(queue)).toBe("xxxxxxxxxx");
});

test("bytes that come one by one are moved a constant number of times", () => {
  const moved = vi.spyOn(Buffer, "allocUnsafeSlow");
  const queue = new ByteQueue();
  const bytes = Buffer.alloc(200_000, "0123456789");
  for (let at = 0; at < bytes.length; at++) {
    queue.append(bytes.subarray(at, at + 1));
    queue.settle();
  }
  expect(queue.source.subarray(queue.start, queue.end).equals(bytes)).toBe(true);
  expect(moved.mock.calls.reduce((sum, [size]) => sum + size, 0)).toBeLessThan(5 * bytes.length);
});

test("a tag that comes byte by byte is not read from its beginning for each byte", () => {
  const read = vi.spyOn(StartTagReader.prototype, "read");
  const parser = opened({ attributeBytes: 100_000 });
  read.mockClear();
  const bytes = Buffer.from(`<a b='${"x=> ".repeat(2_000)}'${" ".repeat(2_000)}/>`);
  const events = Array.from(bytes, (_, at) => {
    parser.write(bytes.subarray(at, at + 1));
    return drain(parser);
  }).flat();
  expect(events).toHaveLength(1);
  expect(read.mock.calls.length).toBeLessThanOrEqual(2);
});
