/** What @types/node-forge lacks: one block at a time, as words of 4 bytes, the most significant first. */
declare module "node-forge/lib/aes.js" {
  type Words = number[];

  interface Aes {
    _expandKey(key: Words, isForDecryption: boolean): Words;
    _updateBlock(expandedKey: Words, input: Words, output: Words, isDecryption: boolean): void;
  }

  const aes: Aes;
  export default aes;
}
