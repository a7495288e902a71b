/**
 * An open stream and everything that happens on it at once: output comes, input goes, a limit is
 * reached, the run is cancelled. What comes first decides the outcome.
 */
import { forEachUntil, onAbort, orAborted, passed } from "../base/abort.ts";
import type { ChannelEnd, ExecChannel } from "../kube/client.ts";
import { type Attempt, hasLeader } from "./attempt.ts";
import { EndMarkReader } from "./end_mark.ts";
import { endCommand } from "./end_command.ts";
import type { Outcome, Rest } from "./model.ts";
import { outcomeOfEnd } from "./outcome.ts";
import { PreambleReader } from "./preamble.ts";
import type { InputReader, TargetRun } from "./run_options.ts";
import { saysNoShell } from "./runtime_words.ts";
import { signalRound } from "./signal_round.ts";
import { TerminalWatch } from "./terminal_watch.ts";

/** What is left to read of a command that was ended is waited for so long; whoever cancels waits for nothing more. */
const drainMs = { timeout: 400, cancelled: 100, inputFailed: 400 };

/** Why a command is ended before it ends itself. */
type Stop =
  | { kind: "timeout"; afterMs: number }
  | { kind: "cancelled" }
  | { kind: "inputFailed"; reason: string }
  /** The command has ended, and the server doesn't say so. */
  | { kind: "untold"; exitCode: number };

/**
 * So long the server may take to tell the end of a command with input that has ended. Where it left more of it
 * unread than the pipes hold, container runtimes (containerd 1.6) wait for ever for somebody to read the rest.
 */
const untoldMs = 10_000;

/** One attempt at a command, on a stream that is open. Used once. */
export class Conversation {
  readonly #run: TargetRun;
  readonly #channel: ExecChannel;
  /** Absent for a command without preamble. */
  readonly #preamble: PreambleReader | undefined;
  /** Absent where no shell stays behind the command to set the mark. */
  readonly #marks: Record<"stdout" | "stderr", EndMarkReader> | undefined;
  /** Resolves when the command is known to run, or when the stream has ended before that. */
  readonly #begun = Promise.withResolvers<"running" | "ended">();
  readonly #stop = Promise.withResolvers<Stop>();
  /** Resolves with the exit code when both marks have arrived. */
  readonly #marked = Promise.withResolvers<number>();
  #watch: TerminalWatch | undefined;

  constructor(run: TargetRun, channel: ExecChannel, form: "preamble" | "bare") {
    this.#run = run;
    this.#channel = channel;
    const { nonce } = run.options;
    if (form === "preamble") {
      this.#preamble = new PreambleReader(nonce);
      if (hasLeader(run.options)) {
        this.#marks = { stdout: new EndMarkReader(nonce), stderr: new EndMarkReader(nonce) };
      }
    } else this.#isRunning();
  }

  async untilEnd(): Promise<Attempt> {
    const { options, cancelled } = this.#run;
    using cleanup = new DisposableStack();
    const { timeoutMs } = options;
    if (timeoutMs !== undefined) {
      const expire = () => this.#stop.resolve({ kind: "timeout", afterMs: timeoutMs });
      cleanup.use(options.clock.timer(timeoutMs, expire));
    }
    cleanup.use(onAbort(cancelled, () => this.#stop.resolve({ kind: "cancelled" })));
    const over = new AbortController();
    cleanup.defer(() => over.abort());

    const output = this.#passOutput();
    if (options.input !== undefined) this.#limitSilence(output);
    const side = Promise.all([this.#passResizes(over.signal), this.#passInput(over.signal)]);
    const first = await Promise.race([output, this.#stop.promise]);
    const attempt = isStop(first) ? await this.#stopped(first, output) : await this.#ended(first);
    over.abort();
    await this.#watch?.end(isOver(attempt) ? "ended" : "left");
    await side;
    return attempt;
  }

  #limitSilence(output: Promise<unknown>): void {
    const { clock } = this.#run.options;
    void this.#marked.promise.then(async (exitCode) => {
      if (!await passed(clock, untoldMs, { settled: output })) return;
      this.#stop.resolve({ kind: "untold", exitCode });
    });
  }

  /** Under a terminal, a second stream tells the pod that kodama is gone. */
  #watchTerminal(): void {
    const { target, options: { terminal, open, clock, graceMs } } = this.#run;
    const leader = this.#preamble?.session?.leader;
    if (terminal === undefined || leader === undefined) return;
    this.#watch = new TerminalWatch({ target, leader, open, clock, graceMs });
  }

  #isRunning(): void {
    this.#begun.resolve("running");
    this.#run.options.terminal?.onBegun?.();
  }

  async #passOutput(): Promise<ChannelEnd> {
    const preamble = this.#preamble;
    try {
      for await (const { stream, bytes } of this.#channel.output) {
        let own = bytes;
        if (stream === "stdout" && preamble?.searching === true) {
          own = preamble.push(bytes);
          if (!preamble.searching) {
            this.#watchTerminal();
            this.#isRunning();
          }
        }
        if (this.#marks !== undefined) {
          own = this.#marks[stream].push(own);
          const exitCode = this.#markedCode();
          if (exitCode !== undefined) this.#marked.resolve(exitCode);
        }
        if (own.length > 0) await this.#run.emit(stream, own);
      }
      return await this.#channel.end;
    } catch (error) {
      return { kind: "cut", reason: error instanceof Error ? error.message : String(error) };
    } finally {
      this.#begun.resolve("ended");
    }
  }

  /** The stream came to its own end. */
  async #ended(end: ChannelEnd): Promise<Attempt> {
    const begun = this.#preamble?.session !== undefined;
    const heldBack = this.#preamble?.finish() ?? new Uint8Array();
    if (this.#preamble !== undefined && !begun && this.#lacksShell(end, heldBack)) {
      return { kind: "noShell" };
    }
    await this.#flush(heldBack);
    const unmarked = this.#marks !== undefined && this.#markedCode() === undefined;
    if (end.kind === "exited" && end.exitCode === 0 && begun && unmarked) {
      const reason =
        "the server told a good end, but the command did not: the link to its node broke";
      return { kind: "ended", outcome: { kind: "unknown", reason } };
    }
    return { kind: "ended", outcome: outcomeOfEnd(end, begun) };
  }

  /** The command's own exit code, once both streams are known to be whole. */
  #markedCode(): number | undefined {
    return this.#marks?.stderr.exitCode === undefined ? undefined : this.#marks.stdout.exitCode;
  }

  /** Passes on what was held back as a beginning of kodama's own lines, and wasn't. */
  async #flush(head: Uint8Array): Promise<void> {
    const { stdout, stderr } = this.#marks ?? {};
    const rest = [head, stdout?.finish(), stderr?.finish()];
    for (const [index, bytes] of rest.entries()) {
      if (bytes !== undefined && bytes.length > 0) {
        await this.#run.emit(index < 2 ? "stdout" : "stderr", bytes);
      }
    }
  }

  /** containerd and CRI-O say it in the Status; Docker writes it to standard output and exits 126 or 127. */
  #lacksShell(end: ChannelEnd, heldBack: Uint8Array): boolean {
    if (end.kind === "refused") return saysNoShell(end.status.message ?? "");
    const code = end.kind === "exited" ? end.exitCode : 0;
    return (code === 126 || code === 127) && saysNoShell(new TextDecoder().decode(heldBack));
  }

  /** A limit was reached while the command ran: it is ended in the pod, and what it still says is passed on. */
  async #stopped(stop: Stop, output: Promise<ChannelEnd>): Promise<Attempt> {
    if (stop.kind === "untold") {
      await this.#channel.close();
      await output;
      return { kind: "ended", outcome: outcomeOfStop(stop, {}) };
    }
    const left = await this.#endInPod(output);
    const unread = left === undefined && !await this.#drained(stop, output);
    await this.#channel.close();
    await output;
    await this.#flush(this.#preamble?.finish() ?? new Uint8Array());
    const rest = left === undefined ? unread ? { unread } as const : {} : { left };
    return { kind: "ended", outcome: outcomeOfStop(stop, rest) };
  }

  /** Nothing of the command is left: whether all that it said is taken in time. */
  async #drained(
    { kind }: Exclude<Stop, { kind: "untold" }>,
    output: Promise<ChannelEnd>,
  ): Promise<boolean> {
    const { options: { clock, open }, target, drop } = this.#run;
    if (!await passed(clock, drainMs[kind], { settled: output })) return true;
    drop();
    // The leader sets its mark behind all output: it must not wait for somebody to read that.
    const session = { leader: this.#preamble?.session?.leader ?? 0 };
    if (session.leader > 0) {
      await signalRound("KILL", session, { target, open, clock }).catch(() => {});
    }
    return false;
  }

  async #endInPod(output: Promise<ChannelEnd>): Promise<string | undefined> {
    const { options, target } = this.#run;
    const { clock, graceMs } = options;
    if (this.#preamble === undefined) {
      return "the command may still run: the image has no sh to end it with";
    }
    // The first line may be on its way.
    await passed(clock, graceMs, { settled: this.#begun.promise });
    const { session } = this.#preamble;
    if (session === undefined) return "the command may still run: its process id didn't arrive";
    return await endCommand(
      (signal) => signalRound(signal, session, { target, open: options.open, clock }),
      { ended: output, graceMs, clock },
    );
  }

  /** Input waits for the first line: what is typed earlier would be echoed by the terminal before it. */
  async #passInput(over: AbortSignal): Promise<void> {
    const reader = this.#run.options.input?.();
    if (reader === undefined) return;
    if (await this.#begun.promise === "ended") return;
    try {
      await this.#passAll(reader, over);
    } catch (error) {
      if (over.aborted) return;
      const reason = error instanceof Error ? error.message : String(error);
      this.#stop.resolve({ kind: "inputFailed", reason: `standard input: ${reason}` });
    }
  }

  async #passAll(reader: InputReader, over: AbortSignal): Promise<void> {
    for (;;) {
      const bytes = await reader.read(over);
      if (over.aborted) return;
      try {
        if (bytes === undefined) return void await orAborted(this.#channel.closeStdin(), over);
        await orAborted(this.#channel.write(bytes), over);
      } catch {
        // The link is gone or the command reads no more: the channel's end says which.
        return;
      }
    }
  }

  async #passResizes(over: AbortSignal): Promise<void> {
    const terminal = this.#run.options.terminal;
    if (terminal === undefined) return;
    try {
      await orAborted(this.#channel.resize(terminal.size), over);
      await forEachUntil(terminal.resizes, over, (size) => this.#channel.resize(size));
    } catch {
      // As for input: the channel's end says what there is to say.
    }
  }
}

/** Whether nothing of the command is known to be left. */
function isOver(attempt: Attempt): boolean {
  if (attempt.kind === "noShell") return true;
  const { outcome } = attempt;
  return outcome.kind !== "unknown" && !("left" in outcome);
}

const stops: readonly string[] = [
  "timeout",
  "cancelled",
  "inputFailed",
  "untold",
] satisfies Stop["kind"][];

function isStop(first: ChannelEnd | Stop): first is Stop {
  return stops.some((kind) => kind === first.kind);
}

function outcomeOfStop(stop: Stop, rest: Rest): Outcome {
  switch (stop.kind) {
    case "timeout":
      return { kind: "timeout", limit: "command", afterMs: stop.afterMs, ...rest };
    case "cancelled":
      return { kind: "cancelled", ...rest };
    case "untold":
      return {
        kind: "unknown",
        reason:
          `the command ended with exit code ${stop.exitCode}, but the server didn't tell its end: it left input unread`,
      };
    case "inputFailed":
      return {
        kind: "unknown",
        reason: rest.left === undefined ? stop.reason : `${stop.reason}; ${rest.left}`,
      };
  }
}
