/** An interactive shell in a pod: from a selection to its exit code, across broken connections. */
import { KodamaError, UsageError } from "../../base/errors.ts";
import { Backoff, outagePolicy } from "../../base/retry.ts";
import { EndMarkReader, MarkedLine } from "../../exec/marked_line.ts";
import { reasonOrName } from "../../exec/reason.ts";
import { exitCodeOfRun } from "../../exec/summary.ts";
import {
  isMissingShell,
  type Outcome,
  outcomeOfLostShell,
  outcomeOfMissingPersistentShell,
  outcomeOfPersistentShell,
  outcomeOfStop,
  outcomeWithoutEnd,
} from "../../exec/outcome.ts";
import { runOnTargets } from "../../exec/run_on_targets.ts";
import type { InputReader, InputSource, RunOptions } from "../../exec/run_options.ts";
import { StandardInput } from "../../exec/stdin_spool.ts";
import {
  greetingLine,
  type PersistentShell,
  type RequestedShell,
  shellArgv,
  type ShellGreeting,
} from "../../exec/persistent_shell.ts";
import type { Target } from "../../kube/select/target.ts";
import { chosenSettings } from "../exec/settings.ts";
import type { Host } from "../host.ts";
import { onlyTarget } from "../one_target.ts";
import { requireWritable } from "../../kube/client_limits.ts";
import type { ShellEnd, ShellEvent, ShellOptions } from "./events.ts";
import { newShellId, shellOwner } from "./owner.ts";
import { Transcript } from "../exec/transcript.ts";
import { orAborted } from "../../base/abort.ts";
import { BoundedQueue } from "../../base/bounded_queue.ts";

/** Between TERM and KILL, and between HUP and KILL. */
const graceMs = 2000;

/**
 * Opens a shell, and reconnects to it if its connection breaks and the shell could persist in the pod.
 *
 * @throws UsageError if several pods match, or a transcript is requested without a terminal; NoMatchError;
 *   KodamaError `notFound` if the image has no shell.
 */
export async function* shell(host: Host, options: ShellOptions): AsyncGenerator<ShellEvent, void> {
  await using stdin = new StandardInput(options.stdin);
  // Read ahead unless stdin is a terminal.
  if (options.terminal === undefined) stdin.begin();
  using input = new LiveInput(stdin);
  const { target, notes } = await onlyTarget(host, options, options.signal);
  yield* notes;
  requireWritable(await host.kube(target.context), `open a shell in ${target.pod}`);
  const { connectTimeoutMs } = await chosenSettings(host, options);
  await using transcript = await openTranscript(host, options, target);
  const parts = { host, options, target, connectTimeoutMs, input, transcript };
  yield* new ShellRun(parts, await persistentShell(host, options)).events();
}

async function openTranscript(
  host: Host,
  { log: folder, terminal }: ShellOptions,
  { pod: name }: Target,
): Promise<Transcript | undefined> {
  if (folder === undefined) return undefined;
  if (terminal === undefined) {
    throw new UsageError("a log is of what a terminal shows, and there is none", {
      hint: "what a command writes here goes to a file by >FILE",
    });
  }
  const { size, term } = terminal;
  return await Transcript.open(host, { folder, name, size, term });
}

/** Returns undefined if the shell ends with its connection. */
async function persistentShell(
  host: Host,
  { keepMs, fresh = false, terminal }: ShellOptions,
): Promise<Omit<PersistentShell, "size"> | undefined> {
  if (keepMs <= 0 || terminal === undefined) return undefined;
  const owner = await shellOwner(host);
  const keepSeconds = Math.max(1, Math.round(keepMs / 1000));
  return { requested: fresh ? "new" : "any", owner, id: newShellId(), keepSeconds };
}

interface ShellParts {
  host: Host;
  options: ShellOptions;
  target: Target;
  connectTimeoutMs: number;
  input: LiveInput;
  transcript: Transcript | undefined;
}

/** How a stream ended. */
interface AttemptEnd {
  outcome: Outcome;
  greeting: ShellGreeting | undefined;
}

/** A call of {@link shell}. Used once. */
class ShellRun {
  /** The persistent shell in the pod, as far as is known. */
  #persistent: { id: string } | undefined;
  /** Set while its connection is broken. */
  #lost: { reason: string; atMs: number } | undefined;
  #podIsMissing = false;

  constructor(
    private readonly parts: ShellParts,
    private readonly requested: Omit<PersistentShell, "size"> | undefined,
  ) {}

  async *events(): AsyncGenerator<ShellEvent, void> {
    const { options: { command, signal, keepMs }, target, input, host } = this.parts;
    let end = yield* this.#attempt("shell");
    if (isMissingShell(end.outcome)) {
      if (command.length === 0) {
        throw new KodamaError(
          "notFound",
          `container "${target.container}" of pod "${target.pod}" has no shell in its image`,
          {
            hint: "beside it one can be started: " +
              `kubectl debug -it -n ${target.namespace} ${target.pod} --image=busybox --target=${target.container}`,
          },
        );
      }
      end = yield* this.#attempt("command");
    }
    const backoff = new Backoff(outagePolicy.interactive, { clock: host.clock, signal });
    while (this.#canReconnect(end)) {
      input.drop();
      if (this.#lost === undefined) {
        const reason = reasonOrName(end.outcome);
        this.#lost = { reason, atMs: host.clock.elapsedMs() };
        await this.parts.transcript?.marker(`the link broke: ${reason}`);
        yield { kind: "linkLost", target, reason, keepMs };
      }
      if (!await backoff.wait()) break;
      end = yield* this.#attempt("shell");
      if (end.greeting?.kind === "persistent") backoff.reset();
    }
    yield* this.#end(end);
  }

  /** Only a persistent shell can be found again, while it waits and its pod exists. */
  #canReconnect({ outcome, greeting }: AttemptEnd): boolean {
    const { host, options, input } = this.parts;
    if (this.#persistent === undefined || this.#podIsMissing || options.signal.aborted) {
      return false;
    }
    // The terminal itself is gone, whatever happened to the connection.
    if (input.failed) return false;
    if (greeting?.kind === "missing") return false;
    const cut = outcome.kind === "unknown";
    const lost = this.#lost;
    if (lost === undefined) return cut;
    const isThere = host.clock.elapsedMs() - lost.atMs < options.keepMs;
    return cut || (isThere && (outcome.kind === "unreachable" || outcome.kind === "timeout"));
  }

  async *#end({ outcome, greeting }: AttemptEnd): AsyncGenerator<ShellEvent, void> {
    const { target, options, transcript } = this.parts;
    const end = this.#endOf(outcome, greeting, options.keepMs);
    const exitCode = exitCodeOfRun([end.outcome]);
    yield {
      kind: "ended",
      target,
      end,
      exitCode,
      ...(transcript === undefined
        ? {}
        : { transcript: { path: transcript.path, trouble: transcript.trouble } }),
    };
  }

  #endOf(outcome: Outcome, greeting: ShellGreeting | undefined, keepMs: number): ShellEnd {
    if (greeting?.kind === "missing") {
      const { exitCode } = greeting;
      const missing = outcomeOfMissingPersistentShell(exitCode, this.#lost?.reason ?? "");
      return { outcome: missing, ...(exitCode === undefined ? {} : { endedMeanwhile: true }) };
    }
    if (outcome.kind === "ok" || outcome.kind === "failed") return { outcome };
    if (this.#persistent === undefined) {
      return { outcome };
    }
    if (this.#podIsMissing) {
      return { outcome: outcomeOfLostShell(`${reasonOrName(outcome)}; its pod is gone`) };
    }
    const lost = this.#lost;
    const waitedMs = lost === undefined ? 0 : this.parts.host.clock.elapsedMs() - lost.atMs;
    const waitsMs = Math.round((keepMs - waitedMs) / 1000) * 1000;
    const waits = waitsMs > 0 ? { waitsMs } : {};
    if (this.parts.options.signal.aborted) {
      return { outcome: outcomeOfStop({ kind: "cancelled" }, {}), ...waits };
    }
    return { outcome: lost === undefined ? outcome : outcomeOfLostShell(lost.reason), ...waits };
  }

  /** Runs a stream, from its opening to its end. */
  async *#attempt(what: "shell" | "command"): AsyncGenerator<ShellEvent, AttemptEnd> {
    const { target } = this.parts;
    const nonce = crypto.randomUUID();
    const { marker, parse } = greetingLine(nonce);
    const isFirst = this.requested === undefined;
    const line = new MarkedLine<ShellGreeting>(marker, parse, { isFirst });
    const mark = new EndMarkReader(nonce);
    const argv = what === "command" ? this.parts.options.command : this.#argv(nonce);
    let outcome: Outcome = outcomeWithoutEnd;
    if (what === "command") yield this.#attached({ kind: "plain" });
    for await (const event of runOnTargets([target], argv, this.#runOptions(what))) {
      if (event.kind === "output") {
        const searching = line.searching && event.stream === "stdout" && what === "shell";
        const own = searching ? line.push(event.bytes) : event.bytes;
        const greeting = line.searching ? undefined : line.value ?? { kind: "plain" };
        if (searching && greeting !== undefined && greeting.kind !== "missing") {
          yield this.#attached(greeting);
        }
        yield* this.#output(event.stream, mark.push(own));
      }
      if (event.kind === "targetEnded") outcome = event.outcome;
    }
    if (!isMissingShell(outcome)) {
      yield* this.#output("stdout", line.finish());
      yield* this.#output("stdout", mark.finish());
    }
    const greeting = line.value;
    if (greeting?.kind !== "persistent") return { outcome, greeting };
    return { outcome: outcomeOfPersistentShell(outcome, mark.exitCode), greeting };
  }

  async *#output(stream: "stdout" | "stderr", bytes: Uint8Array): AsyncGenerator<ShellEvent, void> {
    if (bytes.length === 0) return;
    await this.parts.transcript?.output(bytes);
    yield { kind: "output", stream, bytes };
  }

  #attached(greeting: Exclude<ShellGreeting, { kind: "missing" }>): ShellEvent {
    const { target } = this.parts;
    const again = this.#lost !== undefined;
    this.#lost = undefined;
    if (greeting.kind === "plain") {
      return { kind: "attached", target, multiplexer: undefined, state: "new" };
    }
    this.#persistent = { id: greeting.id };
    const state = again ? "again" : greeting.found ? "found" : "new";
    return { kind: "attached", target, multiplexer: greeting.by, state };
  }

  #argv(nonce: string): string[] {
    const { command, terminal } = this.parts.options;
    const requested = this.requested;
    if (requested === undefined || terminal === undefined) return shellArgv({ nonce, command });
    const which: RequestedShell = this.#persistent === undefined ? requested.requested : "same";
    const id = this.#persistent?.id ?? requested.id;
    return shellArgv({
      nonce,
      command,
      persistent: { ...requested, requested: which, id, size: terminal.size },
    });
  }

  #runOptions(what: "shell" | "command"): RunOptions {
    const { host, options, connectTimeoutMs, input } = this.parts;
    const { terminal, workdir, signal } = options;
    const environment = {
      ...(what === "shell" && terminal !== undefined ? { TERM: terminal.term } : {}),
      ...options.environment,
    };
    return {
      open: async (target, request, opening) => {
        try {
          return await (await host.kube(target.context)).exec(request, { signal: opening });
        } catch (error) {
          this.#podIsMissing ||= error instanceof KodamaError && error.kind === "notFound";
          throw error;
        }
      },
      clock: host.clock,
      signal,
      fanout: 1,
      connectTimeoutMs,
      graceMs,
      nonce: crypto.randomUUID(),
      input,
      // If given, even empty, nothing is to be run without a shell.
      ...(what === "shell" || options.environment !== undefined ? { environment } : {}),
      ...(workdir === undefined ? {} : { workdir }),
      ...(terminal === undefined ? {} : {
        terminal: { sizes: { [Symbol.asyncIterator]: () => this.#recorded(terminal.sizes) } },
      }),
    };
  }

  async *#recorded<Size extends { columns: number; rows: number }>(
    sizes: AsyncIterable<Size>,
  ): AsyncGenerator<Size, void> {
    for await (const size of sizes) {
      await this.parts.transcript?.resized(size);
      yield size;
    }
  }
}

/* Passes a user's keys to stream after stream: input that arrives between streams is dropped. */

/** Chunks queued for a slow stream; once the queue is full, the source waits too. */
const waitingChunks = 16;

/** Input that has a single reader at a time. */
export class LiveInput implements InputSource, Disposable {
  #queue: BoundedQueue<Uint8Array> | undefined;
  #reading = false;
  #ended = false;
  #failed = false;

  /** Whether the source is gone: no more input will come. */
  get failed(): boolean {
    return this.#failed;
  }

  get isEmpty(): boolean {
    return this.source.isEmpty;
  }

  constructor(private readonly source: StandardInput) {}

  /** Returns a reader for input from now on. Nothing is read before. */
  open(): InputReader {
    const queue = new BoundedQueue<Uint8Array>(waitingChunks);
    this.#queue = queue;
    if (this.#ended) queue.close();
    if (!this.#reading) this.#read();
    const items = queue[Symbol.asyncIterator]();
    return {
      async read(signal) {
        const result = await orAborted(items.next(), signal);
        return result.done === true ? undefined : result.value;
      },
    };
  }

  /** Drops input until the next stream: the user can't see its destination. */
  drop(): void {
    this.#queue?.discard();
    this.#queue = undefined;
  }

  [Symbol.dispose](): void {
    this.drop();
  }

  #read(): void {
    this.#reading = true;
    const all = async () => {
      for await (const bytes of this.source) await this.#queue?.push(bytes);
    };
    all().then(() => {
      this.#ended = true;
      this.#queue?.close();
    }, (error: unknown) => {
      this.#failed = true;
      this.#queue?.fail(error);
    });
  }
}
