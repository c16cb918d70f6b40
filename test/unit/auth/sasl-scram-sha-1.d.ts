declare module "sasl-scram-sha-1" {
  interface ScramCredentials {
    username: string;
    password?: string;
    authzid?: string;
    salt?: Uint8Array;
    saltedPassword?: Uint8Array;
  }

  export class Mechanism {
    constructor(options?: { genNonce?: () => string });
    response(credentials: ScramCredentials): Promise<string> | string;
    challenge(text: string): this;
    readonly cache: { salt: Uint8Array; saltedPassword: Uint8Array };
  }
}
