import { anonymous } from "./anonymous.ts";
import { external } from "./external.ts";
import type { Mechanism } from "./mechanism.ts";
import { plain } from "./plain.ts";
import { scram } from "./scram.ts";
import { SCRAM_HASHES } from "./scram-keys.ts";

export interface MechanismOptions {
  /** Names of those to allow, in any order. Default: all that the other options allow. */
  readonly mechanisms?: readonly string[] | undefined;
  /** PLAIN on streams without TLS: for a loopback or a test. */
  readonly plainWithoutTls: boolean;
  /** XEP-0175 §3: only where somebody asks for it. */
  readonly anonymous: boolean;
  readonly external: boolean;
}

/**
 * In the server's order of preference (RFC 6120 §6.3.3), EXTERNAL first (§6.3.4), then as XEP-0438 §4.1 ranks them.
 * @throws {RangeError} when a name is none that Jackdaw has.
 */
export function selectMechanisms(options: MechanismOptions): Mechanism[] {
  const { mechanisms: names } = options;
  const known = allMechanisms(options, true);
  const stranger = names?.find((name) => !known.some((mechanism) => mechanism.name === name));
  if (stranger !== undefined) throw new RangeError(`no such SASL mechanism: ${stranger}`);

  const isAllowed = ({ name }: Mechanism): boolean =>
    (names === undefined || names.includes(name)) &&
    (name !== "EXTERNAL" || options.external) &&
    (name !== "ANONYMOUS" || options.anonymous);
  const serverBinds = known.some((mechanism) => mechanism.name.endsWith("-PLUS") && isAllowed(mechanism));
  return allMechanisms(options, serverBinds).filter(isAllowed);
}

function allMechanisms({ plainWithoutTls }: MechanismOptions, serverBinds: boolean): Mechanism[] {
  return [
    external,
    ...SCRAM_HASHES.map((hash) => scram({ hash, plus: true, serverBinds })),
    ...SCRAM_HASHES.map((hash) => scram({ hash, plus: false, serverBinds })),
    plain(plainWithoutTls),
    anonymous,
  ];
}
