/**
 * Command lines, as a person types them one after the other, in one working directory.
 *
 * A start of the installed program takes twenty times the processor time of the command itself. A line that is a single
 * command can therefore run in the test's own process if an earlier one has started the program with the same command.
 * Every other line is run by a shell.
 */
import { type CommandResult, runCommand } from "./command.ts";
import { KodamaInProcess } from "./kodama_in_process.ts";
import { type PlainCommand, plainCommand, StartedCommands } from "./plain_command.ts";

/** Where lines run. */
export interface CommandLinesOptions {
  /** The whole environment. `kodama` is on its PATH. */
  env: Readonly<Record<string, string>>;
  cwd: string;
  /** Repeated commands may run in the test's own process. */
  repeatsInProcess: boolean;
  /** The commands that earlier lines have started; lines of other working directories may share them. */
  started?: StartedCommands;
}

/** Runs lines, and notes which commands have been started. */
export class CommandLines {
  readonly #started: StartedCommands;

  constructor(private readonly options: CommandLinesOptions) {
    this.#started = options.started ?? new StartedCommands();
  }

  /** Runs a line, or several lines that are one script. */
  async run(line: string): Promise<CommandResult> {
    const { env, cwd } = this.options;
    const repeated = this.#repeated(line);
    if (repeated !== undefined) return await this.#repeat(repeated);
    this.#started.add(line);
    return await runCommand(["sh", "-c", line], { env, cwd });
  }

  /** Returns the command of a line that runs in the test's own process. */
  #repeated(line: string): PlainCommand | undefined {
    const plain = this.options.repeatsInProcess ? plainCommand(line) : undefined;
    return plain !== undefined && this.#started.has(plain) ? plain : undefined;
  }

  async #repeat({ args, stdout, hasStderr, filter }: PlainCommand): Promise<CommandResult> {
    const { env, cwd } = this.options;
    const written: Uint8Array<ArrayBuffer>[] = [];
    const ended = await new KodamaInProcess(env).run(args, {
      cwd,
      onWrite: (stream, bytes) => {
        if (stdout.includes(stream)) written.push(bytes.slice());
      },
    });
    const bytes = new Uint8Array(await new Blob(written).arrayBuffer());
    const stderr = hasStderr ? ended.stderr : "";
    if (filter === undefined) {
      return { ...ended, bytes, stdout: new TextDecoder().decode(bytes), stderr };
    }
    const filtered = await runCommand(["sh", "-c", filter], { env, cwd, stdin: bytes });
    return { ...filtered, stderr: stderr + filtered.stderr };
  }
}
