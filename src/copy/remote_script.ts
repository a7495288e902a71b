/** The remote end of a copy: one of kodama's scripts in a pod, its messages, and how it exited. */
import { joinBytes } from "../base/join_bytes.ts";
import type { Outcome } from "../exec/outcome.ts";
import {
  outcomeOfCopyError,
  outcomeOfEnd,
  outcomeOfMissingShell,
  outcomeOfStop,
} from "../exec/outcome.ts";
import { reportsNoShell } from "../exec/runtime_errors.ts";
import type { ExecChannel } from "../kube/client.ts";
import type { FarScript, FarWord } from "./scripts.ts";
import { refusalText } from "./refusals.ts";

/** A copy that ended without success. */
export class CopyFailure extends Error {
  override readonly name = "CopyFailure";

  /** `again`: the connection broke, and another attempt may resume. */
  constructor(readonly outcome: Outcome, readonly again: boolean = false) {
    super(outcome.kind);
  }
}

/** Returns the failure of a copy that a retry wouldn't fix. */
export function failed(reason: string): CopyFailure {
  return new CopyFailure(outcomeOfCopyError(reason));
}

/** Runs a script in the pod. Throws {@link CopyFailure} if the stream can't be opened. */
export type OpenFar = (script: FarScript, args: readonly string[]) => Promise<FarEnd>;

/** Only the tail of the programs' stderr is retained: the reason is at the end. */
const keptComplaints = 4096;
const maxLine = 16 * 1024;
/** Limit of unread messages: a script sends a handful. */
const maxSaid = 100;
const maxUnasked = 1024 * 1024;

/** The prefix that shells add to their messages: the position in a script that the user hasn't written. */
const ofTheShell = /^(?:kodama|[\w./-]*sh): (?:line )?\d+: /;

/** One running script. */
export class FarEnd implements AsyncDisposable {
  readonly #mark: Uint8Array;
  readonly #output: AsyncIterator<{ stream: "stdout" | "stderr"; bytes: Uint8Array }>;
  readonly #said: string[][] = [];
  readonly #data: Uint8Array[] = [];
  #line: Uint8Array = new Uint8Array();
  #complaints = "";
  #refusal: readonly string[] | undefined;
  readonly #stopped = Promise.withResolvers<void>();
  #ended = false;

  /**
   * @param mark the prefix of the script's own lines.
   * @param life whose signal cuts the channel; `closed` is disposed of with this. `path` in the pod, for errors.
   */
  constructor(
    private readonly channel: ExecChannel,
    mark: string,
    private readonly life: { signal: AbortSignal; closed: Disposable; path?: string },
  ) {
    this.#mark = new TextEncoder().encode(mark);
    this.#output = channel.output[Symbol.asyncIterator]();
  }

  /** The tail of the programs' standard error. */
  get complaints(): readonly string[] {
    return this.#complaints.split("\n").map((line) => line.replace(ofTheShell, "").trim())
      .filter((line) => line !== "");
  }

  /** Resolves when the script takes no more input, though there may be more. */
  get stopped(): Promise<void> {
    return this.#stopped.promise;
  }

  /** Returns the arguments of the expected message. Throws {@link CopyFailure} if the script exits without it. */
  async hear(word: FarWord): Promise<readonly string[]> {
    return (await this.hearAny([word])).rest;
  }

  /** Returns the first of the expected messages to arrive, with its arguments. */
  async hearAny(words: readonly FarWord[]): Promise<{ word: FarWord; rest: readonly string[] }> {
    for (;;) {
      const [said, ...rest] = this.#said.shift() ?? [];
      const word = words.find((one) => one === said);
      if (word !== undefined) return { word, rest };
      if (said !== undefined) continue;
      if (!await this.#pump()) throw await this.#failure();
      this.#refuseFlood();
    }
  }

  /** Data that arrives while a message is expected was not requested. */
  #refuseFlood(): void {
    const bytes = this.#data.reduce((sum, { length }) => sum + length, 0);
    if (bytes > maxUnasked) throw failed("the pod sends what it wasn't asked for");
  }

  /** Yields all of standard output, to its end. */
  async *data(): AsyncGenerator<Uint8Array, void> {
    do {
      yield* this.#data.splice(0);
    } while (await this.#pump());
    yield* this.#data.splice(0);
  }

  /** Writes bytes to the script; resolves when the network has taken them. */
  async write(bytes: Uint8Array): Promise<void> {
    await this.channel.write(bytes);
  }

  /** Writes a line to the script. */
  async say(line: string): Promise<void> {
    await this.channel.write(new TextEncoder().encode(`${line}\n`));
  }

  /** Closes the input. Returns false if the server can't signal that to the script. */
  closeInput(): Promise<boolean> {
    return this.channel.closeStdin();
  }

  /** Waits for the end and drops any data before it. Throws {@link CopyFailure} unless it succeeded. */
  async done(): Promise<void> {
    while (await this.#pump()) this.#data.length = 0;
    const end = await this.channel.end;
    if (end.kind !== "exited" || end.exitCode !== 0) throw await this.#failure();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.life.closed[Symbol.dispose]();
    await this.channel.close();
    await this.#output.return?.();
  }

  /** Takes the next message; returns false at the end. */
  async #pump(): Promise<boolean> {
    if (this.#ended) return false;
    const result = await this.#output.next();
    if (result.done === true) {
      this.#ended = true;
      this.#takeLine(this.#line);
      return false;
    }
    const { stream, bytes } = result.value;
    if (stream === "stdout") this.#data.push(bytes);
    else this.#hearBytes(bytes);
    return true;
  }

  #hearBytes(bytes: Uint8Array): void {
    let rest = this.#line.length === 0 ? bytes : joinBytes([this.#line, bytes]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      this.#takeLine(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
    }
    this.#line = rest.length > maxLine ? new Uint8Array() : rest.slice();
  }

  #takeLine(line: Uint8Array): void {
    const text = new TextDecoder().decode(line);
    if (this.#mark.every((byte, at) => line[at] === byte)) {
      const [word = "", ...rest] = text.slice(this.#mark.length).split(" ");
      if (word === "refused") this.#refusal = rest;
      else if (word === "stopped") this.#stopped.resolve();
      else if (this.#said.length < maxSaid) this.#said.push([word, ...rest]);
    } else this.#complaints = `${this.#complaints}${text}\n`.slice(-keptComplaints);
  }

  /** Returns the reason why the script has exited. */
  async #failure(): Promise<CopyFailure> {
    const end = await this.channel.end;
    if (this.life.signal.aborted) return new CopyFailure(outcomeOfStop({ kind: "cancelled" }, {}));
    if (this.#refusal !== undefined) return failed(refusalText(this.#refusal, this.life.path));
    const outcome = outcomeOfEnd(end, { started: true });
    if (end.kind === "refused" && reportsNoShell(end.status.message ?? "")) return noShell();
    const words = this.complaints.slice(-3).join("; ");
    if (outcome.kind === "ok") return failed(words === "" ? "the copy ended in the middle" : words);
    if (outcome.kind === "failed") {
      return failed(words === "" ? outcome.reason ?? "it failed" : words);
    }
    return new CopyFailure(outcome, end.kind === "cut");
  }
}

/** Returns the failure of an image that has no program to copy with. */
export function noShell(): CopyFailure {
  return new CopyFailure(outcomeOfMissingShell("copying"));
}
