import { AdminError } from "../admin/command.ts";
import { TransferError } from "../admin/transfer/pie-reader.ts";
import { CertificateError } from "../net/certificates.ts";
import { ListenError } from "../net/listener.ts";
import { StoreError } from "../store/store.ts";
import { ConfigError } from "../util/schema.ts";

/** The command cannot be carried out the way it was given; the message is shown as it is. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** What went wrong and what to do about it. A stack only for what nobody foresaw, and only if `verbose`. */
export function describeFailure(error: unknown, verbose: boolean): string {
  if (!(error instanceof Error)) return String(error);
  const foreseen = [
    ConfigError,
    CertificateError,
    ListenError,
    StoreError,
    AdminError,
    TransferError,
    CliError,
  ];
  if (foreseen.some((kind) => error instanceof kind)) return error.message;
  const explained = systemError(error);
  if (explained !== undefined) return explained;
  return verbose ? (error.stack ?? error.message) : `${error.message} (--verbose shows where)`;
}

function systemError(error: NodeJS.ErrnoException & { port?: number; address?: string }): string | undefined {
  const { code, syscall, port, address, path } = error;
  if (syscall === "listen" && port !== undefined) {
    const place = `port ${port}${address && address !== "::" && address !== "0.0.0.0" ? ` of ${address}` : ""}`;
    const instead = 'or choose another one under "listen" in server.config.json';
    if (code === "EADDRINUSE") return `${place} is in use: stop the program that has it, ${instead}`;
    if (code === "EACCES")
      return `${place} is not allowed to this user: ports below 1024 need more rights, ${instead}`;
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
      return `${address} is no address of this machine: see "listen" in server.config.json`;
  }
  if (path === undefined) return undefined;
  if (code === "EACCES" || code === "EPERM")
    return `${path}: permission denied: let this user read and write it`;
  if (code === "EROFS") return `${path}: the file system is read-only`;
  if (code === "ENOSPC") return `${path}: no space is left on the disk`;
  if (code === "ENOTDIR" || code === "EEXIST") return `${path}: a file is where a directory should be`;
  return undefined;
}
