import { open, rm } from "node:fs/promises";

/**
 * Writes a file that only its owner can read, and that must not be there yet. Nothing of it stays when `work` fails: half
 * of an export is worse than none. @throws what `open` and `write` of node:fs do, and `work`.
 */
export async function writeNewFile<T>(
  file: string,
  work: (write: (text: string) => Promise<void>) => Promise<T>,
): Promise<T> {
  const handle = await open(file, "wx", 0o600);
  try {
    const result = await work((text) => handle.writeFile(text));
    await handle.sync();
    return result;
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}
