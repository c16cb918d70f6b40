import type { Command } from "commander";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { type Certificate, findCertificate, makeCertificate } from "../net/certificates.ts";
import type { Environment } from "./environment.ts";
import { CliError } from "./failure.ts";
import { type CommonOptions, daysArgument, domainArgument, withCommonOptions } from "./options.ts";

const HELP = `
Devices trust a self-signed certificate only after you told them to; compare the fingerprint then.
A certificate of an authority goes beside it as certs/DOMAIN.pem and certs/DOMAIN.key, or wherever
"domains" in server.config.json says. A running server reads its certificates again after SIGHUP.

Examples:
  $ jackdaw cert                    (for every domain of the configuration)
  $ jackdaw cert example.org --days 90
  $ jackdaw cert example.org --show (only look)
`;

interface CertOptions extends CommonOptions {
  readonly days: number;
  readonly show?: boolean;
}

/** `jackdaw cert`: self-signed certificates, made and shown. */
export function addCertCommand(program: Command, environment: Environment): void {
  withCommonOptions(program.command("cert"))
    .description("make or renew a self-signed certificate, and show its fingerprint and end")
    .argument("[domain]", "default: every domain of the configuration", domainArgument)
    .option("-d, --days <number>", "how long it is valid", daysArgument, 365)
    .option("-s, --show", "show the certificate that is there, change nothing")
    .addHelpText("after", HELP)
    .action(async (domain: string | undefined, options: CertOptions) => {
      const { env, directory, stdout } = environment;
      const { config } = await loadConfig(options.config, { env, directory });
      const domains = domain === undefined ? config.domains.map(({ name }) => name) : [domain];
      for (const name of domains) {
        const certificate = options.show
          ? await show(name, config)
          : await make(name, config, options.days, environment);
        stdout.write(`${description(certificate)}\n`);
      }
    });
}

async function show(name: string, config: Config): Promise<Certificate> {
  const found = await findCertificate(entryOf(name, config), config.tls.directory);
  if (found) return found;
  throw new CliError(`there is no certificate of ${name} yet; make one with: jackdaw cert ${name}`);
}

async function make(name: string, config: Config, days: number, { now }: Environment): Promise<Certificate> {
  const entry = entryOf(name, config);
  if (entry.certificate !== undefined) {
    throw new CliError(
      `${name} has its certificate in ${entry.certificate}, as the configuration says; renew it where it came from`,
    );
  }
  const existing = await findCertificate(entry, config.tls.directory).catch(() => undefined);
  if (existing && (!existing.isSelfSigned || existing.file.endsWith(".crt"))) {
    throw new CliError(`${existing.file} is not one of ours; renew it where it came from, or move it away`);
  }
  return makeCertificate(name, config.tls.directory, { days, now: now() });
}

function entryOf(name: string, { domains }: Config): Config["domains"][number] {
  const none = { certificate: undefined, key: undefined, url: undefined };
  return domains.find((domain) => domain.name === name) ?? { name, ...none };
}

function description({ domain, file, fingerprint, expires, isSelfSigned }: Certificate): string {
  return [
    `${domain}${isSelfSigned ? " (self-signed)" : ""}`,
    `  file     ${file}`,
    `  SHA-256  ${fingerprint}`,
    `  expires  ${new Date(expires).toISOString().slice(0, 10)}`,
  ].join("\n");
}
