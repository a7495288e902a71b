/** The start of a session on standard error: a line for each step, and the reason why it waits. */
import { commandHint } from "../../../present/hints.ts";
import { definedLines, devContainerLines } from "../../../present/session_text.ts";
import { type StartEvent, type StartStep, startSteps } from "../../../actions/session/events.ts";
import type { Clock } from "../../../base/clock.ts";
import { formatDuration } from "../../../base/duration.ts";
import { printable } from "../../../terminal/printable.ts";
import type { Style } from "../../../terminal/style.ts";
import { ClosedSinkError } from "../../../terminal/sink.ts";
import type { Terminal } from "../../../terminal/terminal.ts";

/** Text while it runs, and at its end. */
const titles: Readonly<Record<StartStep, readonly [doing: string, done: string]>> = {
  claim: ["name", "name"],
  configure: ["editor configuration and secrets", "editor configuration and secrets"],
  create: ["volumes and pod", "volumes and pod"],
  ready: ["waiting for the pod", "pod is ready"],
  fill: ["files", "files are there"],
  clone: ["repository", "repository"],
  sync: ["sync", "sync"],
  setup: ["setup", "setup"],
  agent: ["agent", "agent"],
  save: ["saving the session", "session is saved"],
};

/** Refresh interval of a line that is overwritten; elsewhere a wait is reported once it lasts. */
const quietMs = 1000;

/** Shows the events; returns the last event if the start completed. */
export async function showSessionStart(
  events: AsyncIterable<StartEvent>,
  { terminal, clock, style, steps = startSteps }: {
    terminal: Terminal;
    clock: Clock;
    style: Style;
    /** All steps, in their order. */
    steps?: readonly StartStep[];
  },
): Promise<Extract<StartEvent, { kind: "started" }>> {
  const columns = terminal.size()?.columns ?? 80;
  using view = new StartView(terminal, clock, style, { columns, steps });
  let hasReader = true;
  for await (const event of events) {
    if (event.kind === "started") return event;
    if (!hasReader) continue;
    try {
      await view.show(event);
    } catch (error) {
      // As after `| head -1`: the start itself continues, so that it leaves no unfinished session.
      if (!(error instanceof ClosedSinkError)) throw error;
      hasReader = false;
    }
  }
  throw new Error("a start ended without its last event");
}

class StartView implements Disposable {
  #stepMs = 0;
  #reportedMs = -Infinity;
  #steps: readonly StartStep[];
  /** The last message: a repeated message is shown once. */
  #reported = "";
  /** The next line overwrites the current line. */
  #open = false;

  constructor(
    private readonly terminal: Terminal,
    private readonly clock: Clock,
    private readonly style: Style,
    private readonly layout: { columns: number; steps: readonly StartStep[] },
  ) {
    this.#steps = layout.steps;
  }

  async show(event: Exclude<StartEvent, { kind: "started" }>): Promise<void> {
    switch (event.kind) {
      case "warning":
        return await this.#line(
          `${this.style.yellow("warning:")} ${printable(commandHint(event.text))}`,
        );
      case "defined":
        for (const line of definedLines(event, this.style)) await this.#line(line);
        return;
      case "syncChosen":
        return await this.#line(
          `${printable(event.localPath)} is synced with /workspace (--no-sync disables this)`,
        );
      case "devContainer":
        for (const line of devContainerLines(event.report, this.style)) await this.#line(line);
        return;
      case "stepStarted":
        this.#addSetup(event);
        this.#stepMs = this.clock.elapsedMs();
        if (event.step === "claim") {
          const { name, namespace } = event.session;
          await this.#line(`session ${this.style.bold(name)} in namespace ${namespace}`);
        }
        return await this.#transient(`${this.#position(event.step)} ${titles[event.step][0]} …`);
      case "progress":
        return await this.#progress(event);
      case "stepEnded":
        return await this.#line(`${this.#position(event.step)} ${this.#ended(event)}`);
    }
  }

  async #progress({ step, text }: Extract<StartEvent, { kind: "progress" }>): Promise<void> {
    if (this.terminal.progress === "none") return;
    const line = `${this.#position(step)} ${titles[step][0]}: ${printable(text)}`;
    if (this.terminal.stderr.isTerminal) return await this.#transient(line);
    const now = this.clock.elapsedMs();
    if (
      now - this.#reportedMs < quietMs || now - this.#stepMs < quietMs || line === this.#reported
    ) return;
    [this.#reported, this.#reportedMs] = [line, now];
    await this.#line(line);
  }

  #ended({ step, result, text }: Extract<StartEvent, { kind: "stepEnded" }>): string {
    const durationMs = this.clock.elapsedMs() - this.#stepMs;
    const details = [
      ...(text === undefined ? [] : [printable(commandHint(text))]),
      ...(result === "already" ? ["already done"] : []),
      ...(durationMs >= quietMs ? [formatDuration(durationMs)] : []),
    ];
    const suffix = details.length === 0 ? "" : this.style.dim(` (${details.join(", ")})`);
    return `${result === "skipped" ? "no " : ""}${titles[step][1]}${suffix}`;
  }

  #position(step: StartStep): string {
    return this.style.dim(`${this.#steps.indexOf(step) + 1}/${this.#steps.length}`);
  }

  /** Only some sessions have this step; of a checkout it is known only later. */
  #addSetup({ step, session }: Extract<StartEvent, { kind: "stepStarted" }>): void {
    if (this.#steps.includes("setup")) return;
    const { setup, dotfiles } = session.spec;
    if (step !== "setup" && setup === undefined && dotfiles === undefined) return;
    this.#steps = this.#steps.flatMap((one) => one === "agent" ? ["setup", one] as const : [one]);
  }

  async #line(text: string): Promise<void> {
    await this.terminal.stderr.write(`${this.#over()}${text}\n`);
  }

  /** Prints a line that the next line overwrites; on a terminal alone. */
  async #transient(text: string): Promise<void> {
    if (!this.terminal.stderr.isTerminal || this.terminal.progress === "none") return;
    await this.terminal.stderr.write(`${this.#over()}${text.slice(0, this.layout.columns - 1)}`);
    this.#open = true;
  }

  #over(): string {
    const over = this.#open ? "\r\x1b[K" : "";
    this.#open = false;
    return over;
  }

  [Symbol.dispose](): void {
    // If the start failed, the error starts on a line of its own.
    if (this.#open) this.terminal.stderr.write("\n").catch(() => {});
    this.#open = false;
  }
}
