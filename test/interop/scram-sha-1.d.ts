/** The part of sasl-scram-sha-1 that the tests use; it has no types of its own. */
declare module "sasl-scram-sha-1" {
  interface Credentials {
    readonly username: string;
    readonly password: string;
  }

  class Mechanism {
    readonly name: "SCRAM-SHA-1";
    /** Known after the answer to the first challenge. */
    readonly _serverSignature: Uint8Array;
    /** The server's, base64, after the last challenge. */
    readonly _verifier: string;
    constructor(options?: { genNonce?(): string });
    response(credentials: Credentials): string | Promise<string>;
    challenge(text: string): this;
  }

  export default Mechanism;
}
