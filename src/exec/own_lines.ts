/** The lines of kodama's shell in the pod within a command's streams, separated from the command's output. */
import type { OutputChunk } from "../kube/client.ts";
import { EndMarkReader } from "./end_mark.ts";
import { PreambleReader } from "./preamble.ts";
import type { Session } from "./session_signal.ts";

/** Both streams of one command that has a preamble. */
export class OwnLines {
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
  get session(): Session | undefined {
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
