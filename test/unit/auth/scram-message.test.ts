import { expect, test } from "vitest";
import { parseClientFinal, parseClientFirst } from "../../../src/auth/scram-message.ts";
import { failure } from "./setup.ts";

test("a client-first-message is taken apart, its bare part kept to the letter", () => {
  expect(parseClientFirst("p=tls-exporter,a=alice@example.org,n=al=2Cice=3D,r=abc,x=1=2")).toEqual({
    binding: { kind: "bound", type: "tls-exporter" },
    header: "p=tls-exporter,a=alice@example.org,",
    authzid: "alice@example.org",
    username: "al,ice=",
    nonce: "abc",
    bare: "n=al=2Cice=3D,r=abc,x=1=2",
  });
});

test("an escaped escape is decoded once", () => {
  expect(parseClientFirst("n,,n==3D2C,r=abc").username).toBe("=2C");
});

test.each([
  ["nothing", ""],
  ["no gs2 header", "n=alice,r=abc"],
  ["an unknown flag", "x,,n=alice,r=abc"],
  ["a flag in capitals", "N,,n=alice,r=abc"],
  ["an empty binding type", "p=,,n=alice,r=abc"],
  ["a binding type with a space", "p=tls exporter,,n=alice,r=abc"],
  ["no user name", "n,,r=abc"],
  ["an empty user name", "n,,n=,r=abc"],
  ["no nonce", "n,,n=alice"],
  ["an empty nonce", "n,,n=alice,r="],
  ["a nonce with a space", "n,,n=alice,r=a bc"],
  ["a nonce that is not ASCII", "n,,n=alice,r=aé"],
  ["a nonce too long", `n,,n=alice,r=${"a".repeat(1025)}`],
  ["the wrong order", "n,,r=abc,n=alice"],
  ["a stray equals sign", "n,,n=al=ice,r=abc"],
  ["an escape in small letters", "n,,n=al=2cice,r=abc"],
  ["an escape cut short", "n,,n=alice=3,r=abc"],
  ["a NUL in the name", "n,,n=al\0ice,r=abc"],
  ["an authzid without its letter", "n,alice,n=alice,r=abc"],
  ["an authzid with a stray equals sign", "n,a=b=c,n=alice,r=abc"],
  ["an extension without a value", "n,,n=alice,r=abc,x="],
  ["an extension that is no attribute", "n,,n=alice,r=abc,hello"],
  ["a comma at the end", "n,,n=alice,r=abc,"],
])("client-first-message with %s is malformed", async (_, message) => {
  expect((await failure(() => parseClientFirst(message))).condition).toBe("malformed-request");
});

test("a client-final-message is taken apart", () => {
  expect(parseClientFinal("c=biws,r=abc,x=y,p=AAEC")).toEqual({
    channelBinding: "biws",
    nonce: "abc",
    proof: Buffer.from([0, 1, 2]),
    withoutProof: "c=biws,r=abc,x=y",
  });
});

test.each([
  ["nothing", ""],
  ["no proof", "c=biws,r=abc"],
  ["a proof in the middle", "c=biws,p=AAEC,r=abc"],
  ["no channel binding", "r=abc,p=AAEC"],
  ["the wrong order", "r=abc,c=biws,p=AAEC"],
  ["something behind the proof", "c=biws,r=abc,p=AAEC,x=y"],
  ["a proof without padding", "c=biws,r=abc,p=AAE"],
  ["a proof with bits in its padding", "c=biws,r=abc,p=AAF="],
  ["a proof in base64url", "c=biws,r=abc,p=-_-_"],
  ["a proof with a space", "c=biws,r=abc,p=AA EC"],
])("client-final-message with %s is malformed", async (_, message) => {
  expect((await failure(() => parseClientFinal(message))).condition).toBe("malformed-request");
});

test("a mandatory extension is refused wherever it stands (RFC 5802 §5.1)", async () => {
  for (const message of ["n,,m=x,n=alice,r=abc", "n,,n=alice,r=abc,m=x"]) {
    expect((await failure(() => parseClientFirst(message))).condition).toBe("not-authorized");
  }
  for (const message of ["m=x,c=biws,r=abc,p=AAEC", "c=biws,r=abc,m=x,p=AAEC"]) {
    expect((await failure(() => parseClientFinal(message))).condition).toBe("not-authorized");
  }
});
