/** Records a terminal's output in a file that a player can play. */
import { absolutePath } from "../../base/absolute_path.ts";
import type { Clock } from "../../base/clock.ts";
import { KodamaError } from "../../base/errors.ts";
import { outputFileName } from "../../exec/target_names.ts";
import type { TerminalSize } from "../../kube/client.ts";
import type { Host, NewFile } from "../host.ts";

/** Recording stops at this size: a forgotten `yes` must not fill a disk. */
const transcriptLimitBytes = 64 * 1024 * 1024;

/** The maximum number of files of the same name in one second. */
const maxSameNames = 100;

/** The subject of a transcript. */
interface TranscriptSubject {
  /** Absolute, or relative to the working directory. */
  folder: string;
  /** The pod's name, as in messages. */
  name: string;
  size: TerminalSize;
  /** `TERM` of the session. */
  term: string;
}

/**
 * A transcript that is being written, as lines of asciicast v2: https://docs.asciinema.org/manual/asciicast/v2/
 * Keys are never recorded. A failure ends only the transcript, not the shell.
 */
export class Transcript implements AsyncDisposable {
  readonly #startedMs: number;
  readonly #decoder = new TextDecoder();
  #bytes = 0;
  #trouble: string | undefined;

  private constructor(
    readonly path: string,
    private readonly file: NewFile,
    private readonly clock: Clock,
    private readonly limitBytes: number,
    private size: TerminalSize,
  ) {
    this.#startedMs = clock.elapsedMs();
  }

  /**
   * Creates the file, readable only by its owner, named by pod and time.
   *
   * @throws KodamaError if it can't be created.
   */
  static async open(
    { clock, files, places }: Pick<Host, "files" | "clock" | "places">,
    { folder, name, size, term }: TranscriptSubject,
    limitBytes = transcriptLimitBytes,
  ): Promise<Transcript> {
    const startedAt = clock.now();
    // Sorts by time, and every file system accepts it: `2026-11-21T12-30-05Z`.
    const stamp = startedAt.toISOString().replace(/\.\d+/, "").replaceAll(":", "-");
    const stem = `${absolutePath(folder, places.workingDir)}/${outputFileName(name)}.${stamp}`;
    const { path, file } = await createNew(files, stem);
    const transcript = new Transcript(path, file, clock, limitBytes, size);
    await transcript.#write({
      version: 2,
      width: size.columns,
      height: size.rows,
      timestamp: Math.floor(startedAt.getTime() / 1000),
      title: name,
      env: { TERM: term },
    });
    return transcript;
  }

  /** Why it isn't complete; undefined if it is. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** A character split over chunks is recorded with the last of them. */
  async output(bytes: Uint8Array): Promise<void> {
    const text = this.#decoder.decode(bytes, { stream: true });
    if (text !== "") await this.#write(this.#event("o", text));
  }

  async resized(size: TerminalSize): Promise<void> {
    const { columns, rows } = size;
    if (columns === this.size.columns && rows === this.size.rows) return;
    this.size = size;
    await this.#write(this.#event("r", `${columns}x${rows}`));
  }

  /** A remark that players show as a chapter marker. */
  async marker(text: string): Promise<void> {
    await this.#write(this.#event("m", text));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.file[Symbol.asyncDispose]();
  }

  /** The time is in microseconds since the start, as asciinema writes them. */
  #event(kind: "o" | "r" | "m", text: string): unknown[] {
    return [Math.round((this.clock.elapsedMs() - this.#startedMs) * 1000) / 1_000_000, kind, text];
  }

  async #write(line: unknown): Promise<void> {
    if (this.#trouble !== undefined) return;
    let bytes = encoded(line);
    if (this.#bytes + bytes.length > this.limitBytes) {
      this.#trouble = `it ends at ${this.limitBytes} bytes`;
      bytes = encoded(this.#event("m", "the limit is reached"));
    }
    this.#bytes += bytes.length;
    try {
      await this.file.write(bytes);
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      this.#trouble = error.message;
    }
  }
}

async function createNew(files: Host["files"], stem: string) {
  for (let number = 1;; number++) {
    const path = `${stem}${number === 1 ? "" : `-${number}`}.cast`;
    try {
      return { path, file: await files.create(path, { private: true, replace: false }) };
    } catch (error) {
      const taken = error instanceof KodamaError && error.kind === "conflict";
      if (!taken || number === maxSameNames) throw error;
    }
  }
}

function encoded(line: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${JSON.stringify(line)}\n`);
}
