/** A command of kodama's own in a session's pod: runs it to its end and returns its output. */
import type { Hint } from "../base/hint.ts";
import type { Clock } from "../base/clock.ts";
import { KodamaError } from "../base/errors.ts";
import { plainText, withoutTrailing } from "../base/plain_text.ts";
import { Capture } from "../exec/capture.ts";
import { type Outcome, outcomeWithoutEnd } from "../exec/outcome.ts";
import { reasonOrName } from "../exec/reason.ts";
import { runOnTargets } from "../exec/run_on_targets.ts";
import type { KubeClient } from "../kube/client.ts";
import type { Target } from "../kube/select/target.ts";

/** A pod, and the way to it. */
export interface PodAccess {
  client: KubeClient;
  target: Target;
  clock: Clock;
  signal: AbortSignal;
}

/** The command to run there. */
interface PodCommand {
  argv: readonly string[];
  /** For the complete command; no limit if absent. */
  timeoutMs?: number;
  /** Receives each new last line of standard error, as progress. */
  onProgress?: (line: string) => void;
  /** Receives standard output instead of the result. */
  onOutput?: (bytes: Uint8Array) => Promise<void>;
}

/** The result of the command. */
export interface PodResult {
  outcome: Outcome;
  /** At most 1 MiB. */
  stdout: string;
  /** The final lines of standard error, without overwritten text; at most 64 KiB. */
  stderr: string;
}

const connectTimeoutMs = 30_000;
const graceMs = 2000;

/** Runs it, and retries once if its stream wasn't opened. Failures are in the outcome. */
export async function runInPod(pod: PodAccess, command: PodCommand): Promise<PodResult> {
  const first = await attempt(pod, command);
  // Nothing of it was started: a busy node is slow, and a new pod may not be known yet.
  return first.outcome.kind === "unreachable" ? await attempt(pod, command) : first;
}

async function attempt(pod: PodAccess, command: PodCommand): Promise<PodResult> {
  const { client, target, clock, signal } = pod;
  const stdout = new Capture();
  const stderr = new WrittenLines();
  const progress = new ProgressLines(command.onProgress);
  let outcome: Outcome = outcomeWithoutEnd;
  const events = runOnTargets([target], command.argv, {
    open: (_target, request, opening) => client.exec(request, { signal: opening }),
    clock,
    signal,
    fanout: 1,
    connectTimeoutMs,
    graceMs,
    nonce: crypto.randomUUID(),
    ...(command.timeoutMs === undefined ? {} : { timeoutMs: command.timeoutMs }),
  });
  for await (const event of events) {
    if (event.kind === "output" && event.stream === "stderr") {
      stderr.push(event.bytes);
      progress.push(event.bytes);
    } else if (event.kind === "output") {
      if (command.onOutput === undefined) stdout.push(event.bytes);
      else await command.onOutput(event.bytes);
    } else if (event.kind === "targetEnded") outcome = event.outcome;
  }
  if (outcome.kind === "cancelled") signal.throwIfAborted();
  return { outcome, stdout: new TextDecoder().decode(stdout.bytes), stderr: stderr.end() };
}

/** Returns a command's last message, as a reason: a line that is safe for a terminal. */
export function lastOutput({ stderr, outcome }: PodResult): string {
  const lines = stderr.split(/[\r\n]+/).map((line) => plainText(line, 300)).filter(Boolean);
  const output = lines.slice(-3).join("; ");
  if (output !== "") return output;
  return reasonOrName(outcome);
}

/** Returns the error of a command that failed. */
export function podFailure(what: string, result: PodResult, hint?: Hint): KodamaError {
  const kind = result.outcome.kind === "timeout"
    ? "timeout"
    : result.outcome.kind === "failed"
    ? "conflict"
    : result.outcome.kind === "forbidden"
    ? "forbidden"
    : "unreachable";
  return new KodamaError(
    kind,
    `${what}: ${lastOutput(result)}`,
    hint === undefined ? {} : { hint },
  );
}

/** Lines that programs overwrite: each ends with a line feed or a carriage return. */
class ProgressLines {
  readonly #decoder = new TextDecoder();
  #open = "";

  constructor(private readonly onLine: ((line: string) => void) | undefined) {}

  push(bytes: Uint8Array): void {
    if (this.onLine === undefined) return;
    const lines = (this.#open + this.#decoder.decode(bytes, { stream: true })).split(/[\r\n]+/);
    this.#open = (lines.pop() ?? "").slice(0, 1000);
    const latest = lines.map((line) => plainText(line, 200)).findLast((line) => line !== "");
    if (latest !== undefined) this.onLine(latest);
  }
}

/* A program's output, without overwritten text. Pure. */

/**
 * Standard error as a terminal would show it, up to 64 KiB: of progress, which ends each step with a carriage return,
 * only the last step. So even after a download of an hour the error at its end fits.
 */
export class WrittenLines {
  readonly #stored = new Capture(64 * 1024);
  readonly #decoder = new TextDecoder();
  readonly #encoder = new TextEncoder();
  #open = "";

  /** Takes the next bytes. */
  push(bytes: Uint8Array): void {
    const lines = (this.#open + this.#decoder.decode(bytes, { stream: true })).split("\n");
    const open = lines.pop() ?? "";
    for (const line of lines) this.#store(`${lastShown(line)}\n`);
    this.#open = lastShown(open).slice(-4096);
  }

  /** Returns all of it, at the end of the output. */
  end(): string {
    this.#store(this.#open);
    return new TextDecoder().decode(this.#stored.bytes);
  }

  #store(text: string): void {
    this.#stored.push(this.#encoder.encode(text));
  }
}

/** Returns the text after the last carriage return; a carriage return at the very end overwrites nothing yet. */
function lastShown(line: string): string {
  const text = withoutTrailing("\r", line);
  const ends = line.slice(text.length);
  return text.slice(text.lastIndexOf("\r") + 1) + (ends === "" ? "" : "\r");
}
