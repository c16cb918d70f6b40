/** RFC 6455 §5.2: the first byte of a text frame that is a whole message. */
const TEXT = 0x81;

/** How long a payload may be so that its length stands in the second byte, or in the two behind it. */
const SHORT = 125;
const MEDIUM = 65_535;

/** Messages of text as a server frames them, in one piece. */
export function textFrames(messages: readonly string[]): Buffer {
  const lengths = messages.map((message) => Buffer.byteLength(message));
  let size = 0;
  for (const length of lengths) size += headerLength(length) + length;
  const frames = Buffer.allocUnsafe(size);
  let at = 0;
  for (const [index, message] of messages.entries()) {
    const length = lengths[index] as number;
    at = writeHeader(frames, at, length);
    at += frames.write(message, at);
  }
  return frames;
}

function headerLength(length: number): number {
  if (length <= SHORT) return 2;
  return length <= MEDIUM ? 4 : 10;
}

function writeHeader(frames: Buffer, at: number, length: number): number {
  frames[at] = TEXT;
  if (length <= SHORT) return frames.writeUInt8(length, at + 1);
  if (length <= MEDIUM) return frames.writeUInt16BE(length, frames.writeUInt8(126, at + 1));
  return frames.writeBigUInt64BE(BigInt(length), frames.writeUInt8(127, at + 1));
}
