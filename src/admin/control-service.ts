import type { Logger } from "../util/logger.ts";
import { AdminError, logChange, runCommand } from "./command.ts";
import { adminCommands } from "./commands.ts";
import type { AdminContext } from "./context.ts";
import { type Answer, type Line, LineError } from "./control-line.ts";
import { runStreamCommand, type StreamCommand } from "./stream-command.ts";
import { transferCommands } from "./transfer/transfer-commands.ts";

interface Request {
  readonly command: string;
  readonly args: unknown;
}

/** Runs what is asked for on the control socket. */
export class ControlService {
  readonly #context: AdminContext;
  readonly #logger: Logger;
  /** An import works on what it has made so far: there is one at a time. */
  #isMoving = false;

  constructor(context: AdminContext, logger: Logger) {
    this.#context = context;
    this.#logger = logger;
  }

  /** Whether the request is for what takes long, and is broken off when the server ends. */
  isLong(request: unknown): boolean {
    return transferCommands.some(({ name }) => name === readRequest(request)?.command);
  }

  /** Never rejects. */
  async execute(request: unknown, line: Line): Promise<Answer> {
    const { command: name, args } = readRequest(request) ?? { command: "" };
    try {
      const command = adminCommands.find((candidate) => candidate.name === name);
      if (command) {
        const result = await runCommand(command, this.#context, args);
        logChange(this.#logger, this.#context, command, result);
        return { result };
      }
      const transfer = transferCommands.find((candidate) => candidate.name === name);
      if (transfer) return { result: await this.#move(transfer, args, line) };
      return { error: "no such command; is the server of another version than this program?" };
    } catch (error) {
      if (error instanceof AdminError || error instanceof LineError) return { error: error.message };
      this.#logger.error("administration failed", { command: name, error: (error as Error).stack });
      return { error: "the server could not do it; its log says why" };
    }
  }

  async #move(command: StreamCommand, args: unknown, line: Line): Promise<unknown> {
    if (this.#isMoving) throw new AdminError("another import or export is under way");
    this.#isMoving = true;
    try {
      const result = await runStreamCommand(command, this.#context, args, line);
      this.#logger.info("administration", { command: command.name, by: this.#context.by.name });
      return result;
    } finally {
      this.#isMoving = false;
    }
  }
}

function readRequest(request: unknown): Request | undefined {
  if (typeof request !== "object" || request === null) return undefined;
  const { command, args } = request as Record<string, unknown>;
  return typeof command === "string" ? { command, args } : undefined;
}
