import type { Command } from "commander";
import { status } from "../admin/service-commands.ts";
import { listUploads, removeAllUploads, removeUpload, showUploadUsage } from "../admin/upload-commands.ts";
import { formatSize } from "../util/size.ts";
import { administration } from "./administration.ts";
import type { Environment } from "./environment.ts";
import {
  type CommonOptions,
  countArgument,
  domainArgument,
  examples,
  userArgument,
  withCommonOptions,
} from "./options.ts";

/** Whose files: an account's, or those of all accounts of a domain. */
type Whose =
  | { readonly user: string; readonly domain?: never }
  | { readonly domain: string; readonly user?: never };

/** `jackdaw upload …`: files that users put on the server. */
export function addUploadCommands(program: Command, environment: Environment): void {
  const { stdout } = environment;
  const upload = program
    .command("upload")
    .description("list the files that users uploaded, see how much they are, remove them");

  withCommonOptions(upload.command("list"))
    .description("list files, the latest first, one a line")
    .argument("[whose]", "an account, or a domain (default: all)", whoseArgument)
    .option("-n, --number <count>", "how many", countArgument, 100)
    .addHelpText("after", examples("upload list", "upload list alice@example.org -n 1000"))
    .action(
      async (
        whose: Whose | undefined,
        { number, ...options }: CommonOptions & { readonly number: number },
      ) => {
        const call = await administration(options, environment);
        const places = whose ? [whose] : (await call(status, {})).domains.map((domain) => ({ domain }));
        for (const { user, domain } of places as readonly Whose[]) {
          const { uploads } = await call(listUploads, { user, domain, limit: number });
          for (const { id, owner, name, size, stored } of uploads) {
            stdout.write(`${id}  ${owner}  ${minutes(stored)}  ${size} B  ${name}\n`);
          }
        }
      },
    );

  withCommonOptions(upload.command("usage"))
    .description("tell how many files there are, and how large they are together")
    .argument("[whose]", "an account, or a domain (default: each domain)", whoseArgument)
    .addHelpText("after", examples("upload usage", "upload usage alice@example.org"))
    .action(async (whose: Whose | undefined, options: CommonOptions) => {
      const call = await administration(options, environment);
      const places = whose ? [whose] : (await call(status, {})).domains.map((domain) => ({ domain }));
      for (const { user, domain } of places as readonly Whose[]) {
        const { files, bytes, limit } = await call(showUploadUsage, { user, domain });
        const most = limit === undefined ? "" : ` of ${formatSize(limit)}`;
        stdout.write(`${user ?? domain}: ${files} ${files === 1 ? "file" : "files"}, ${bytes} B${most}\n`);
      }
    });

  withCommonOptions(upload.command("remove"))
    .description("remove one file, or all of an account")
    .argument("<which>", "a file's id as `upload list` shows it, or user@domain for all of theirs")
    .addHelpText(
      "after",
      examples("upload remove 4a771ac1f0b24a4a9700f2a26fa2bb67", "upload remove alice@example.org"),
    )
    .action(async (which: string, options: CommonOptions) => {
      const call = await administration(options, environment);
      if (which.includes("@")) {
        const { user, files } = await call(removeAllUploads, { user: userArgument(which) });
        stdout.write(`Removed ${files} ${files === 1 ? "file" : "files"} of ${user}\n`);
      } else {
        await call(removeUpload, { id: which });
        stdout.write(`Removed ${which}\n`);
      }
    });
}

function whoseArgument(text: string): Whose {
  if (text.includes("@")) return { user: userArgument(text) };
  return { domain: domainArgument(text) };
}

/** "2026-01-08 00:00 UTC" */
function minutes(time: string): string {
  return `${time.slice(0, 16).replace("T", " ")} UTC`;
}
