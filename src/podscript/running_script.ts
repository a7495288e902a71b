/** A script that runs in a pod: its data, its messages, and how it ended. */
import { onAbort } from "../base/abort.ts";
import { reportsNoShell } from "../exec/runtime_errors.ts";
import type { ChannelEnd, ExecChannel, OutputChunk } from "../kube/client.ts";
import { type ScriptMessage, ScriptStderr } from "./messages.ts";

/** A script's message `refused`: why it has done nothing. */
export interface ScriptRefusal {
  reason: string;
  detail: string;
}

/** Explanations of refusals, by their reason. */
export type Refusals<T> = Readonly<Record<string, (detail: string) => T>>;

/** Returns the explanation of a refusal; undefined for a reason that isn't known. */
export function explainRefusal<T>(
  refusals: Refusals<T>,
  { reason, detail }: ScriptRefusal,
): T | undefined {
  return Object.hasOwn(refusals, reason) ? refusals[reason]?.(detail) : undefined;
}

/** Returns the refusal in a message; undefined for any other. */
export function refusalIn({ keyword, args }: ScriptMessage): ScriptRefusal | undefined {
  const [reason = "", ...detail] = args;
  return keyword === "refused" ? { reason, detail: detail.join(" ") } : undefined;
}

/** How a script ended without success. */
export type ScriptFailure =
  | { kind: "cancelled" }
  | { kind: "refused"; refusal: ScriptRefusal }
  /** The image has no `sh`. */
  | { kind: "noShell" }
  /** The script sends data without end instead of an expected message. */
  | { kind: "flood" }
  /** Exit code 0 if it ended before an expected message. `complaints`: the tail of its programs' stderr. */
  | { kind: "ended"; end: ChannelEnd; complaints: readonly string[] };

/** Returns whether the end of a script, or its stderr, reports that the image has no `sh`. */
export function lacksShell(end: ChannelEnd, complaints: readonly string[] = []): boolean {
  const status = end.kind === "refused" ? end.status.message ?? "" : "";
  return [...complaints, status].some(reportsNoShell);
}

/** Something that a script sends. */
type ScriptEvent =
  | { kind: "data"; bytes: Uint8Array }
  | { kind: "message"; message: ScriptMessage };

interface RunningScriptOptions {
  /** Cuts the channel when it aborts. */
  signal: AbortSignal;
  errorOf: (failure: ScriptFailure) => Error;
}

/** Limit of unread messages: a script sends a handful. */
const maxUnread = 100;
/** Limit of data that arrives while a message is expected. */
const maxUnrequestedBytes = 1024 * 1024;

/** A running script. Disposing of it cuts its channel: a script that reads its input ends then. */
export class RunningScript implements AsyncDisposable {
  readonly #output: AsyncIterator<OutputChunk>;
  readonly #stderr: ScriptStderr;
  readonly #messages: ScriptMessage[] = [];
  readonly #data: Uint8Array[] = [];
  readonly #stopped = Promise.withResolvers<void>();
  readonly #aborting: Disposable;
  #refusal: ScriptRefusal | undefined;
  #ended = false;

  constructor(
    private readonly channel: ExecChannel,
    /** The prefix of its messages. */
    readonly mark: string,
    private readonly options: RunningScriptOptions,
  ) {
    this.#output = channel.output[Symbol.asyncIterator]();
    this.#stderr = new ScriptStderr(mark, (message) => this.#takeMessage(message));
    this.#aborting = onAbort(options.signal, () => void channel.close());
  }

  /** The tail of the programs' standard error. */
  get complaints(): readonly string[] {
    return this.#stderr.complaints;
  }

  /** Resolves when the script takes no more input, though there may be more: its message `stopped`. */
  get stopped(): Promise<void> {
    return this.#stopped.promise;
  }

  /** Returns the arguments of the expected message. Throws `errorOf` if the script ends without it. */
  async expect(keyword: string): Promise<readonly string[]> {
    return (await this.expectAny([keyword])).args;
  }

  /** Returns the first of the expected messages to arrive; others are skipped. */
  async expectAny<K extends string>(
    keywords: readonly K[],
  ): Promise<{ keyword: K; args: readonly string[] }> {
    for (;;) {
      const { keyword: found, args = [] } = this.#messages.shift() ?? {};
      const keyword = keywords.find((one) => one === found);
      if (keyword !== undefined) return { keyword, args };
      if (found !== undefined) continue;
      if (!await this.#pump()) throw await this.#error();
      this.#refuseFlood();
    }
  }

  /** Data that arrives while a message is expected was not requested. */
  #refuseFlood(): void {
    const bytes = this.#data.reduce((sum, { length }) => sum + length, 0);
    if (bytes > maxUnrequestedBytes) throw this.options.errorOf({ kind: "flood" });
  }

  /** Yields all of standard output, to its end. */
  async *data(): AsyncGenerator<Uint8Array, void> {
    do {
      yield* this.#data.splice(0);
    } while (await this.#pump());
    yield* this.#data.splice(0);
  }

  /** Yields data and messages in the order of their arrival, to the end. */
  async *events(): AsyncGenerator<ScriptEvent, void> {
    do {
      yield* this.#unread();
    } while (await this.#pump());
    yield* this.#unread();
  }

  *#unread(): Generator<ScriptEvent, void> {
    for (const message of this.#messages.splice(0)) yield { kind: "message", message };
    for (const bytes of this.#data.splice(0)) yield { kind: "data", bytes };
  }

  /** Writes to the script; resolves when the network has taken it. */
  async write(data: Uint8Array | string): Promise<void> {
    await this.channel.write(typeof data === "string" ? new TextEncoder().encode(data) : data);
  }

  /** Closes the input. Returns false if the server can't signal that to the script. */
  closeInput(): Promise<boolean> {
    return this.channel.closeStdin();
  }

  /** Waits for the end and drops any data before it. Throws `errorOf` unless it succeeded. */
  async done(): Promise<void> {
    while (await this.#pump()) this.#data.length = 0;
    const end = await this.channel.end;
    if (end.kind !== "exited" || end.exitCode !== 0) throw await this.#error();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#aborting[Symbol.dispose]();
    await this.channel.close();
    await this.#output.return?.();
  }

  /** Takes the next chunk; returns false at the end. */
  async #pump(): Promise<boolean> {
    if (this.#ended) return false;
    const result = await this.#output.next();
    if (result.done === true) {
      this.#ended = true;
      this.#stderr.end();
      return false;
    }
    const { stream, bytes } = result.value;
    if (stream === "stdout") this.#data.push(bytes);
    else this.#stderr.push(bytes);
    return true;
  }

  #takeMessage(message: ScriptMessage): void {
    const refusal = refusalIn(message);
    if (refusal !== undefined) this.#refusal = refusal;
    else if (message.keyword === "stopped") this.#stopped.resolve();
    else if (this.#messages.length < maxUnread) this.#messages.push(message);
  }

  /** Returns the error of a script that has ended. */
  async #error(): Promise<Error> {
    const { errorOf, signal } = this.options;
    const end = await this.channel.end;
    if (signal.aborted) return errorOf({ kind: "cancelled" });
    if (this.#refusal !== undefined) return errorOf({ kind: "refused", refusal: this.#refusal });
    if (lacksShell(end)) return errorOf({ kind: "noShell" });
    return errorOf({ kind: "ended", end, complaints: this.complaints });
  }
}
