/** A run in a terminal pane: its lines as they arrive, its progress as a notification, its end by Ctrl-C or Cancel. */
import * as vscode from "vscode";
import { type Kodama, KodamaError, withFlags } from "./kodama.ts";
import { printable } from "../../../src/terminal/printable.ts";
import type { RunEventData } from "../../../src/exec/event_shapes.ts";
import { foldSteps } from "../../../src/runs/fold_answers.ts";
import { RunState } from "../../../src/runs/run_state.ts";
import { linesOfEvent, progressOf, resultOf } from "./run_events.ts";

/** What is run. */
export interface RunRequest {
  /** The title of the pane. */
  title: string;
  /** The command line, without `-o`. */
  args: readonly string[];
  /** What the question before a change shows besides the program's own words. */
  detail?: string;
  /** A workflow that may have to be trusted. */
  workflow?: string;
}

/** A run that isn't over. */
export interface ActiveRun {
  title: string;
  state: RunState;
}

/** Starts runs, and lists those that aren't over. */
export class Runner {
  readonly active = new Set<ActiveRun>();
  readonly #changed = new vscode.EventEmitter<"state" | "end">();
  /** A run has begun, gone on or ended. */
  readonly onDidChange = this.#changed.event;

  constructor(private readonly kodama: Kodama) {}

  /** Runs it, and asks if the program wants a confirmation. Returns when it has ended. */
  async run(request: RunRequest): Promise<void> {
    const pane = new Pane();
    const terminal = vscode.window.createTerminal({ name: request.title, pty: pane });
    terminal.show(true);
    pane.write(`$ kodama ${request.args.map(quoted).join(" ")}`);
    try {
      await this.#confirmed(request, pane);
    } catch (error) {
      pane.write(`error: ${errorText(error)}`);
      throw error;
    } finally {
      pane.end();
    }
  }

  /** Runs it; what it asks for is asked here, and then it is run again with the answer. */
  async #confirmed(request: RunRequest, pane: Pane): Promise<void> {
    try {
      return await this.#once(request.args, request.title, pane);
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      const { kind, message, question: details } = error.report;
      if (kind === "untrusted" && request.workflow !== undefined) {
        if (!await asked(`${message}.`, "Look at the file first.", "Trust and Run")) throw error;
        await this.kodama.text(["workflow", "trust", "add", request.workflow, "--yes"]);
        return await this.#confirmed({ ...request, workflow: undefined! }, pane);
      }
      if (kind !== "unconfirmed") throw error;
      const question = `${
        message.replace(/^refusing to /, "").replace(/ without confirmation$/, "")
      }?`;
      const first = question.charAt(0).toUpperCase() + question.slice(1);
      if (!await asked(first, details ?? request.detail ?? "", "Run")) throw error;
      return await this.#once(withFlags(request.args, ["--yes"]), request.title, pane);
    }
  }

  async #once(args: readonly string[], title: string, pane: Pane): Promise<void> {
    const run: ActiveRun = { title, state: new RunState() };
    this.active.add(run);
    this.#changed.fire("state");
    try {
      await vscode.window.withProgress({
        location: vscode.ProgressLocation.Notification,
        title,
        cancellable: true,
      }, async (progress, cancelled) => {
        const source = new vscode.CancellationTokenSource();
        cancelled.onCancellationRequested(() => source.cancel());
        pane.onInterrupt = () => source.cancel();
        const events = this.kodama.lines<RunEventData>(withFlags(args, ["--events"]), source.token);
        for await (const event of events) {
          run.state.apply(event);
          for (const line of linesOfEvent(event)) pane.write(line);
          progress.report({ message: progressOf(run.state) });
          this.#changed.fire("state");
        }
        const { pods } = run.state;
        if (pods.length > 0) pane.write(`\n${resultOf(pods)}`);
        for (const { key, folded: { sentence, differing } } of await foldSteps(run.state)) {
          if (differing > 0) pane.write(key === "" ? sentence : `${key}: ${sentence}`);
        }
      });
    } finally {
      this.active.delete(run);
      this.#changed.fire("end");
    }
  }
}

function errorText(error: unknown): string {
  if (!(error instanceof KodamaError)) return String(error);
  const { kind, message, hint } = error.report;
  if (kind === "notInstalled") return "kodama isn't installed, or isn't on the PATH of this window";
  return hint === undefined ? message : `${message}\nhint: ${hint}`;
}

async function asked(message: string, detail: string, yes: string): Promise<boolean> {
  return await vscode.window.showWarningMessage(message, { modal: true, detail }, yes) === yes;
}

/** A terminal that shows lines. Ctrl-C, and closing it, interrupt the run. */
class Pane implements vscode.Pseudoterminal {
  readonly #write = new vscode.EventEmitter<string>();
  readonly #close = new vscode.EventEmitter<void>();
  readonly onDidWrite = this.#write.event;
  readonly onDidClose = this.#close.event;
  /** Lines from before it was drawn. */
  #early: string[] | undefined = [];
  #isEnded = false;
  onInterrupt = () => {};

  open(): void {
    const lines = this.#early ?? [];
    this.#early = undefined;
    for (const line of lines) this.#show(line);
  }

  close(): void {
    this.onInterrupt();
  }

  handleInput(key: string): void {
    if (this.#isEnded) this.#close.fire();
    else if (key === "\x03") this.onInterrupt();
  }

  /** Adds lines. */
  write(text: string): void {
    for (const line of text.split("\n")) {
      if (this.#early === undefined) this.#show(line);
      else this.#early.push(line);
    }
  }

  end(): void {
    this.#isEnded = true;
    this.write("\nThe run has ended. Press any key to close this pane.");
  }

  #show(line: string): void {
    this.#write.fire(`${printable(line)}\r\n`);
  }
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
