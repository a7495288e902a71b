/**
 * An open stream and all concurrent events on it: output, input, a limit, a cancellation. The first to end decides the
 * outcome.
 */
import { scriptCommand, type ScriptParts, scriptText } from "../base/shell_script.ts";
import { forEachUntil, onAbort, orAborted, passed } from "../base/abort.ts";
import type { ChannelEnd, ExecChannel, OutputChunk } from "../kube/client.ts";
import {
  type Attempt,
  ended,
  isOver,
  type Outcome,
  outcomeOfEnd,
  outcomeOfStop,
  type Stop,
} from "./outcome.ts";
import { hasLeader, type InputReader, type OpenExec, type TargetRun } from "./run_options.ts";
import { reportsNoShell } from "./runtime_errors.ts";
import { EndMarkReader } from "./marked_line.ts";
import { preambleInput, PreambleReader } from "./preamble.ts";
import { endCommand, hangUpScript, type ProcessSession, signalRound } from "./session_signal.ts";
import born from "./scripts/born.sh" with { type: "text" };
import watch from "./scripts/watch.sh" with { type: "text" };
import type { Clock } from "../base/clock.ts";
import type { Target } from "../kube/select/target.ts";

/** How long the remaining output of an ended command is awaited; a caller that cancels waits for nothing more. */
const drainMs = { timeout: 400, cancelled: 100, inputFailed: 400 };

/**
 * How long the server may take to report the end of a command whose input has ended. If it exited with more input
 * unread than the pipes hold, container runtimes (containerd 1.6) wait forever for a reader of the remaining input.
 */
const unreportedMs = 10_000;

/** How long a pod that doesn't answer may delay a cancelled run: a person waits for it. */
const cancelledLimitMs = 5000;

/** One attempt at a command, on a stream that is open. Used once. */
export class Conversation {
  /** Absent for a command without preamble. */
  readonly #ownLines: OwnLines | undefined;
  /** Resolves when the command is known to run, or when the stream has ended before that. */
  readonly #started = Promise.withResolvers<"running" | "ended">();
  readonly #stop = Promise.withResolvers<Stop>();
  /** Resolves with the exit code when both marks have arrived. */
  readonly #marked = Promise.withResolvers<number>();
  #watch: TerminalWatch | undefined;

  constructor(
    private readonly run: TargetRun,
    private readonly channel: ExecChannel,
    form: "preamble" | "bare",
  ) {
    const { nonce } = run.options;
    if (form === "preamble") {
      this.#ownLines = new OwnLines(nonce, { marked: hasLeader(run.options) });
    } else this.#isRunning();
  }

  async untilEnd(): Promise<Attempt> {
    const { options, cancelled } = this.run;
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
    if (this.run.input !== undefined) this.#limitSilence(output);
    const side = Promise.all([
      this.#passSizes(over.signal),
      this.#passVariables(over.signal),
      this.#passInput(over.signal),
    ]);
    const first = await Promise.race([output, this.#stop.promise]);
    const attempt = isStop(first) ? await this.#stopped(first, output) : await this.#ended(first);
    over.abort();
    await this.#watch?.end(isOver(attempt) ? "ended" : "left");
    await side;
    return attempt;
  }

  #limitSilence(output: Promise<unknown>): void {
    const { clock } = this.run.options;
    void this.#marked.promise.then(async (exitCode) => {
      if (!await passed(clock, unreportedMs, { settled: output })) return;
      this.#stop.resolve({ kind: "unreported", exitCode });
    });
  }

  /** Under a terminal, a second stream notifies the pod when kodama exits. */
  #watchTerminal(): void {
    const { target, options: { terminal, open, clock, graceMs } } = this.run;
    const leader = this.#ownLines?.session?.leader;
    if (terminal === undefined || leader === undefined) return;
    this.#watch = new TerminalWatch({ target, leader, open, clock, graceMs });
  }

  #isRunning(): void {
    this.#started.resolve("running");
    this.run.options.terminal?.onStarted?.();
  }

  async #passOutput(): Promise<ChannelEnd> {
    const ownLines = this.#ownLines;
    let opening = ownLines !== undefined;
    try {
      for await (const chunk of this.channel.output) {
        const bytes = ownLines?.push(chunk) ?? chunk.bytes;
        if (opening && ownLines?.opening === false) {
          opening = false;
          this.#watchTerminal();
          this.#isRunning();
        }
        const exitCode = ownLines?.exitCode;
        if (exitCode !== undefined) this.#marked.resolve(exitCode);
        if (bytes.length > 0) await this.run.emit(chunk.stream, bytes);
      }
      return await this.channel.end;
    } catch (error) {
      return { kind: "cut", reason: error instanceof Error ? error.message : String(error) };
    } finally {
      this.#started.resolve("ended");
    }
  }

  /** The stream ended by itself. */
  async #ended(end: ChannelEnd): Promise<Attempt> {
    const ownLines = this.#ownLines;
    const started = ownLines?.session !== undefined;
    const heldBack = ownLines?.finishOpening() ?? new Uint8Array();
    if (ownLines !== undefined && !started && this.#lacksShell(end, heldBack)) {
      return { kind: "noShell" };
    }
    await this.#flush(end, heldBack);
    return ended(this.#outcomeOf(end));
  }

  #outcomeOf(end: ChannelEnd): Outcome {
    const ownLines = this.#ownLines;
    const started = ownLines?.session !== undefined;
    const endMark = ownLines?.endMissing === true ? "missing" : ownLines?.exitCode;
    return outcomeOfEnd(end, { started, ...(endMark === undefined ? {} : { endMark }) });
  }

  /** Returns whether the end of the stream is that of the command, and all its output has arrived. */
  #provesEnd(end: ChannelEnd): boolean {
    return isOver(ended(this.#outcomeOf(end)));
  }

  /**
   * Emits bytes that were held back as a possible start of kodama's own lines, and weren't. If the stream was cut, they
   * may be that, and other output is missing too.
   */
  async #flush(end: ChannelEnd, opening: Uint8Array): Promise<void> {
    if (end.kind === "cut") return;
    const heldBackMarks = this.#ownLines?.finishMarks() ?? [];
    for (
      const { stream, bytes } of [{ stream: "stdout" as const, bytes: opening }, ...heldBackMarks]
    ) {
      if (bytes.length > 0) await this.run.emit(stream, bytes);
    }
  }

  /** containerd and CRI-O report it in the Status; Docker writes it to standard output and exits 126 or 127. */
  #lacksShell(end: ChannelEnd, heldBack: Uint8Array): boolean {
    if (end.kind === "refused") return reportsNoShell(end.status.message ?? "");
    const code = end.kind === "exited" ? end.exitCode : 0;
    return (code === 126 || code === 127) && reportsNoShell(new TextDecoder().decode(heldBack));
  }

  /** A limit was reached while the command ran: it is ended in the pod, and its remaining output is emitted. */
  async #stopped(stop: Stop, output: Promise<ChannelEnd>): Promise<Attempt> {
    if (stop.kind === "unreported") {
      await this.channel.close();
      await output;
      return ended(outcomeOfStop(stop, {}));
    }
    const limitMs = this.#signalLimitMs(stop);
    const left = await this.#endInPod(output, limitMs);
    if (left === undefined) await this.#drain(stop, output, limitMs);
    await this.channel.close();
    const end = await output;
    await this.#flush(end, this.#ownLines?.finishOpening() ?? new Uint8Array());
    const remains = left !== undefined
      ? { left }
      : this.#provesEnd(end)
      ? {}
      : { unread: true } as const;
    return ended(outcomeOfStop(stop, remains));
  }

  /** The command is gone: reads its output for a short time. */
  async #drain(
    { kind }: Exclude<Stop, { kind: "unreported" }>,
    output: Promise<ChannelEnd>,
    limitMs: number,
  ): Promise<void> {
    const { options: { clock }, drop } = this.run;
    if (!await passed(clock, drainMs[kind], { settled: output })) return;
    drop();
    // The leader sets its mark behind all output: it must not wait for a reader of that.
    const session = { leader: this.#ownLines?.session?.leader ?? 0 };
    if (session.leader > 0) {
      await signalRound("KILL", session, { run: this.run, limitMs }).catch(() => {});
    }
  }

  /** To reach the pod once more a command has as long as it had to start. */
  #signalLimitMs({ kind }: Stop): number {
    const limitMs = this.run.outages.limitMs(this.run.target.context);
    return kind === "cancelled" ? Math.min(cancelledLimitMs, limitMs) : limitMs;
  }

  async #endInPod(output: Promise<ChannelEnd>, limitMs: number): Promise<string | undefined> {
    const { clock, graceMs } = this.run.options;
    if (this.#ownLines === undefined) {
      return "the command may still run: the image has no sh to end it with";
    }
    // The first line may still arrive.
    await passed(clock, graceMs, { settled: this.#started.promise });
    const { session } = this.#ownLines;
    if (session === undefined) return "the command may still run: its process id didn't arrive";
    return await endCommand(
      (signal) => signalRound(signal, session, { run: this.run, limitMs }),
      { ended: this.#provenEnd(output), graceMs, clock },
    );
  }

  /** Resolves if the stream ends with its command: a link that breaks says nothing of it. */
  async #provenEnd(output: Promise<ChannelEnd>): Promise<void> {
    if (!this.#provesEnd(await output)) await new Promise<never>(() => {});
  }

  /** The preamble reads them before its first line. */
  async #passVariables(over: AbortSignal): Promise<void> {
    const { options } = this.run;
    const bytes = preambleInput(options.environment);
    if (this.#ownLines === undefined || !hasLeader(options) || bytes.length === 0) return;
    try {
      await orAborted(this.channel.write(bytes), over);
    } catch {
      // The link is gone, or the command has been stopped: the channel's end reports which.
    }
  }

  /** Input waits for the first line: the terminal would echo earlier keystrokes before it. */
  async #passInput(over: AbortSignal): Promise<void> {
    const reader = this.run.input?.open();
    if (reader === undefined) return;
    if (await this.#started.promise === "ended") return;
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
        if (bytes === undefined) return void await orAborted(this.channel.closeStdin(), over);
        await orAborted(this.channel.write(bytes), over);
      } catch {
        // The link is gone or the command stopped reading: the channel's end reports which.
        return;
      }
    }
  }

  async #passSizes(over: AbortSignal): Promise<void> {
    const terminal = this.run.options.terminal;
    if (terminal === undefined) return;
    try {
      await forEachUntil(
        terminal.sizes,
        over,
        (size) => orAborted(this.channel.resize(size), over),
      );
    } catch {
      // As for input: the channel's end reports the reason.
    }
  }
}

const kinds: readonly string[] = [
  "timeout",
  "cancelled",
  "inputFailed",
  "unreported",
] satisfies Stop["kind"][];

/** Returns whether a command was stopped: its channel may have ended by itself instead. */
function isStop<T extends { kind: string }>(first: T | Stop): first is Stop {
  return kinds.some((kind) => kind === first.kind);
}

/** Both streams of one command that has a preamble. */
class OwnLines {
  readonly #preamble: PreambleReader;
  /** Absent if no shell stays behind the command to set them. */
  readonly #marks: Record<OutputChunk["stream"], EndMarkReader> | undefined;

  /** @param marked whether a shell stays behind the command. */
  constructor(nonce: string, { marked }: { marked: boolean }) {
    this.#preamble = new PreambleReader(nonce);
    this.#marks = marked
      ? { stdout: new EndMarkReader(nonce), stderr: new EndMarkReader(nonce) }
      : undefined;
  }

  /** Whether the line with the process ids is still awaited. */
  get opening(): boolean {
    return this.#preamble.searching;
  }

  /** The command's session, as soon as it is known. */
  get session(): ProcessSession | undefined {
    return this.#preamble.session;
  }

  /** The command's own exit code, once both streams are known to be complete. */
  get exitCode(): number | undefined {
    return this.#marks?.stderr.exitCode === undefined ? undefined : this.#marks.stdout.exitCode;
  }

  /** Whether the command's end should have been reported, and wasn't. */
  get endMissing(): boolean {
    return this.#marks !== undefined && this.exitCode === undefined;
  }

  /** Returns the command's bytes in a chunk and in what was held back before it. */
  push({ stream, bytes }: OutputChunk): Uint8Array {
    const own = stream === "stdout" && this.opening ? this.#preamble.push(bytes) : bytes;
    return this.#marks === undefined ? own : this.#marks[stream].push(own);
  }

  /** Returns the standard output that was held back while waiting for the first line: when the output has ended. */
  finishOpening(): Uint8Array {
    return this.#preamble.finish();
  }

  /** Returns bytes that were held back as a possible start of an end mark, and weren't one. */
  finishMarks(): OutputChunk[] {
    if (this.#marks === undefined) return [];
    const { stdout, stderr } = this.#marks;
    return [
      { stream: "stdout", bytes: stdout.finish() },
      { stream: "stderr", bytes: stderr.finish() },
    ];
  }
}

/*
 * Ends a command under a terminal after its kodama is gone.
 *
 * A terminal in a pod isn't hung up when its link breaks: the runtime holds the master side open, and the command waits
 * for keys forever (kubernetes/kubernetes#89031; `tests/cluster/faults/terminal_test.ts` on containerd). Its standard
 * input has no end either, so the dead man's switch of `preamble.ts` can't use the same stream. So a second stream is
 * opened beside it: a shell that reads, and at the end of input hangs the session up.
 *
 * That stream carries an empty line twice a minute: servers and proxies cut silent streams (kubelet after four hours,
 * some load balancers after minutes). If it alone breaks it is reopened, and the shell of the broken one, which waits
 * some seconds for that, is ended.
 */

/** Between two keep-alive lines. */
const beatMs = 30_000;
/** Between two attempts to open the stream. */
const retryMs = 1000;
/** The shell identifies itself by two numbers. */
const introductionLimitBytes = 64;

/** The last line for a command that has ended, as `watch.sh` reads it: nothing to hang up. */
const farewell = "end";

/** How a watched terminal ended, as far as kodama knows. */
type WatchEnd =
  /** The command has ended. */
  | "ended"
  /** It may continue: the shell in the pod ends it. */
  | "left";

/** The watched command and its options. */
interface TerminalWatchOptions {
  target: Target;
  /** Leader of the terminal's session. */
  leader: number;
  open: OpenExec;
  clock: Clock;
  /** Between HUP and KILL. */
  graceMs: number;
}

/** The watching shell. */
export const watchParts: ScriptParts = [born, ...hangUpScript, watch];

/**
 * Returns the args of the watching shell. `former` is the id and birth of one whose stream broke. The script is in a
 * variable, so that process lists in the pod show a short line, and `pkill -f` doesn't match text in it.
 */
export function watchArgv(leader: number, graceMs: number, former: readonly string[]): string[] {
  const script = `export kodama_script='${scriptText(watchParts)}'
exec sh -c 'eval "$kodama_script"' "$0" "$@"`;
  const args = [leader, Math.ceil(graceMs / 1000)].map(String);
  return scriptCommand([script], [...args, ...former], "kodama-watch");
}

/** A watch that runs until it is ended. */
class TerminalWatch {
  readonly #over = new AbortController();
  readonly #watching: Promise<void>;
  #channel: ExecChannel | undefined;
  #former: readonly string[] = [];

  /** Opens the stream beside the command, which doesn't wait for it. */
  constructor(private readonly options: TerminalWatchOptions) {
    this.#watching = this.#watch(this.#over.signal);
  }

  /** Ends the watch; {@link WatchEnd} says what remains in the pod. Never rejects. */
  async end(how: WatchEnd): Promise<void> {
    if (how === "ended") await this.#channel?.write(encoded(`${farewell}\n`)).catch(() => {});
    this.#over.abort();
    await this.#watching;
  }

  async #watch(over: AbortSignal): Promise<void> {
    const { clock } = this.options;
    while (!over.aborted) {
      try {
        await this.#once(over);
      } catch {
        // The command's own stream reports any failure of the link.
      }
      await passed(clock, retryMs, { signal: over });
    }
  }

  async #once(over: AbortSignal): Promise<void> {
    const { target, leader, graceMs, open } = this.options;
    const { namespace, pod, container } = target;
    const command = watchArgv(leader, graceMs, this.#former);
    const request = { namespace, pod, container, command, stdin: true, tty: false };
    const opening = open(target, request, over);
    await using channel = await orAborted(opening, over, (late) => void late.close());
    this.#channel = channel;
    const beating = new AbortController();
    const beats = this.#beat(channel, AbortSignal.any([over, beating.signal]));
    try {
      await orAborted(this.#listen(channel), over);
    } finally {
      beating.abort();
      this.#channel = undefined;
      await beats;
    }
  }

  async #listen(channel: ExecChannel): Promise<void> {
    const decoder = new TextDecoder();
    let output = "";
    for await (const { stream, bytes } of channel.output) {
      if (stream !== "stdout" || output.length > introductionLimitBytes) continue;
      output += decoder.decode(bytes, { stream: true });
      const [, id, birth] = /^(\d{1,10}) (\d{1,20})\r?\n/.exec(output) ?? [];
      if (id !== undefined && birth !== undefined) this.#former = [id, birth];
    }
  }

  async #beat(channel: ExecChannel, over: AbortSignal): Promise<void> {
    const { clock } = this.options;
    while (await passed(clock, beatMs, { signal: over })) {
      try {
        await orAborted(channel.write(encoded("\n")), over);
      } catch {
        return;
      }
    }
  }
}

function encoded(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
