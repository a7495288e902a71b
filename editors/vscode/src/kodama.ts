/** The installed program as a child process: its answers as data, its errors by kind, its end by a token. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import * as vscode from "vscode";

/** What the program reports with `-o json`: `docs/exit-codes.md` lists the kinds. */
export interface ErrorReport {
  kind: string;
  message: string;
  hint?: string;
  /** Of kind `unconfirmed`: the command, its context, its namespace and its pods, in lines. */
  question?: string;
}

/** The program ended with an error. */
export class KodamaError extends Error {
  constructor(readonly report: ErrorReport) {
    super(report.message);
  }
}

/** How many bytes of an answer, or of an error's text, are read. */
const answerLimit = 64 * 1024 * 1024;
const errorLimit = 64 * 1024;

/** Starts the program with the user's settings. */
export class Kodama {
  constructor(private readonly log: vscode.LogOutputChannel) {}

  /** The program, as the settings name it. */
  get path(): string {
    return vscode.workspace.getConfiguration("kodama").get("path", "kodama") || "kodama";
  }

  /**
   * Runs a command that answers with JSON.
   *
   * @throws KodamaError with what the program reported.
   */
  async json<Answer>(args: readonly string[], token?: vscode.CancellationToken): Promise<Answer> {
    let text = "";
    const child = this.#spawn(withFlags(args, ["-o", "json"]), token);
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      if (text.length > answerLimit) child.kill();
    });
    await endOf(child, token, () => text !== "");
    return JSON.parse(text) as Answer;
  }

  /**
   * Runs a command that answers with lines of JSON, and yields each at once.
   *
   * @throws KodamaError with what the program reported, after the last line.
   */
  async *lines<Line>(
    args: readonly string[],
    token?: vscode.CancellationToken,
  ): AsyncGenerator<Line, void> {
    const child = this.#spawn(withFlags(args, ["-o", "jsonl"]), token);
    let lines = 0;
    const end = endOf(child, token, () => lines > 0);
    // It is awaited after the lines; until then a rejection has a handler.
    end.catch(() => undefined);
    try {
      for await (const line of createInterface({ input: child.stdout })) {
        if (line === "") continue;
        lines++;
        yield JSON.parse(line) as Line;
      }
    } finally {
      // The reader may have stopped early.
      if (child.exitCode === null) child.kill("SIGINT");
    }
    await end;
  }

  /** Runs a command that answers with text. */
  async text(args: readonly string[], token?: vscode.CancellationToken): Promise<string> {
    let text = "";
    const child = this.#spawn(args, token);
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      if (text.length < answerLimit) text += part;
    });
    await endOf(child, token, () => text !== "");
    return text;
  }

  /**
   * Runs a command that ends by itself in a task's terminal, which stays open with what it printed. It asks its own
   * questions. Resolves when it has ended.
   */
  async task(name: string, args: readonly string[]): Promise<void> {
    const { Global, Workspace } = vscode.TaskScope;
    const words = withFlags(args, this.#flags(args));
    const task = new vscode.Task(
      { type: "process" },
      vscode.workspace.workspaceFolders === undefined ? Global : Workspace,
      name,
      "kodama",
      new vscode.ProcessExecution(this.path, words, this.#folder()),
      [],
    );
    task.presentationOptions = { panel: vscode.TaskPanelKind.Dedicated, focus: true };
    const execution = await vscode.tasks.executeTask(task);
    await new Promise<void>((resolve) => {
      const end = vscode.tasks.onDidEndTask((ended) => {
        if (ended.execution !== execution) return;
        end.dispose();
        resolve();
      });
    });
  }

  /** Runs a command in a terminal of its own, which is closed when it ends. */
  terminal(name: string, args: readonly string[]): vscode.Terminal {
    const terminal = vscode.window.createTerminal({
      name,
      shellPath: this.path,
      shellArgs: withFlags(args, this.#flags(args)),
      ...this.#folder(),
    });
    terminal.show();
    return terminal;
  }

  #spawn(args: readonly string[], token?: vscode.CancellationToken) {
    const words = withFlags(args, this.#flags(args));
    this.log.debug(`${this.path} ${words.join(" ")}`);
    const child = spawn(this.path, words, {
      ...this.#folder(),
      stdio: "pipe",
      env: { ...process.env, NO_COLOR: "1" },
    });
    child.stdin.end();
    // SIGINT ends the commands in the pods too.
    token?.onCancellationRequested(() => child.kill("SIGINT"));
    return child;
  }

  #flags([command]: readonly string[]): string[] {
    const settings = vscode.workspace.getConfiguration("kodama");
    const reads = ["__complete", "lsp", "version", "workflow"];
    return settings.get("readOnly", false) && !reads.includes(command ?? "") ? ["--read-only"] : [];
  }

  /** A folder that isn't trusted configures nothing. */
  #folder(): { cwd?: string } {
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    if (!vscode.workspace.isTrusted || folder?.uri.scheme !== "file") return {};
    return { cwd: folder.uri.fsPath };
  }
}

/** Moves the flags of a request before the `--` of its command. */
export function withFlags(args: readonly string[], flags: readonly string[]): string[] {
  const at = args.indexOf("--");
  return at < 0 ? [...args, ...flags] : [...args.slice(0, at), ...flags, ...args.slice(at)];
}

/**
 * Waits for the end of a process. Exit codes of pods aren't errors: the answer has their outcomes.
 *
 * @param hasAnswered whether it has written anything to standard output.
 * @throws KodamaError with what it reported; CancellationError if the token cancelled it.
 */
async function endOf(
  child: ChildProcessWithoutNullStreams,
  token: vscode.CancellationToken | undefined,
  hasAnswered: () => boolean,
): Promise<void> {
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (part: string) => {
    text = (text + part).slice(-errorLimit);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", (error: NodeJS.ErrnoException) => {
      const kind = error.code === "ENOENT" ? "notInstalled" : "environment";
      reject(new KodamaError({ kind, message: error.message }));
    });
    child.on("close", resolve);
  });
  const report = reportIn(text);
  if (token?.isCancellationRequested && !hasAnswered()) throw new vscode.CancellationError();
  if (report !== undefined && report.kind !== "cancelled") throw new KodamaError(report);
  if (code !== 0 && !hasAnswered()) {
    throw new KodamaError({ kind: "bug", message: text.trim() || `kodama ended with ${code}` });
  }
}

/** The last error among the lines of standard error: as data, or as text. */
function reportIn(text: string): ErrorReport | undefined {
  let report: ErrorReport | undefined;
  for (const line of text.split("\n")) {
    if (line.startsWith('{"error":')) {
      try {
        report = (JSON.parse(line) as { error: ErrorReport }).error;
      } catch {
        // Half of a line.
      }
    } else if (line.startsWith("error: ")) {
      report = { kind: "other", message: line.slice("error: ".length) };
    } else if (line.startsWith("hint: ") && report !== undefined) {
      report = { ...report, hint: line.slice("hint: ".length) };
    }
  }
  return report;
}
