/** Records a terminal's output in a file that a player can play. */
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
  term: string;
}

/** A transcript that is being written. A failure ends only the transcript, not the shell. */
export class Transcript implements AsyncDisposable {
  readonly path: string;
  readonly #file: NewFile;
  readonly #clock: Clock;
  readonly #limitBytes: number;
  readonly #startedMs: number;
  readonly #encoder = new AsciicastEncoder();
  readonly #text = new TextEncoder();
  #bytes = 0;
  #size: TerminalSize;
  #state: { kind: "open" } | { kind: "full" } | { kind: "failed"; error: KodamaError } = {
    kind: "open",
  };

  private constructor(path: string, file: NewFile, { clock, limitBytes, size }: Parts) {
    this.#size = size;
    this.path = path;
    this.#file = file;
    this.#clock = clock;
    this.#limitBytes = limitBytes;
    this.#startedMs = clock.elapsedMs();
  }

  /**
   * Creates the file, readable only by its owner, named by pod and time.
   *
   * @throws KodamaError if it can't be created.
   */
  static async open(
    host: Pick<Host, "files" | "clock" | "places">,
    { folder, name, size, term }: TranscriptSubject,
    limitBytes = transcriptLimitBytes,
  ): Promise<Transcript> {
    const { clock, files, places } = host;
    const startedAt = clock.now();
    const stem = `${absolute(folder, places.workingDir)}/${outputFileName(name)}.${
      stamp(startedAt)
    }`;
    const { path, file } = await createNew(files, stem);
    const transcript = new Transcript(path, file, { clock, limitBytes, size });
    await transcript.#add(transcript.#encoder.header({ size, startedAt, title: name, term }));
    return transcript;
  }

  /** Why it isn't complete; undefined if it is. */
  get trouble(): string | undefined {
    const state = this.#state;
    if (state.kind === "full") return `it ends at ${this.#limitBytes} bytes`;
    return state.kind === "failed" ? state.error.message : undefined;
  }

  async output(bytes: Uint8Array): Promise<void> {
    await this.#add(this.#encoder.output(this.#elapsedMs, bytes));
  }

  async resized(size: TerminalSize): Promise<void> {
    if (size.columns === this.#size.columns && size.rows === this.#size.rows) return;
    this.#size = size;
    await this.#add(this.#encoder.resized(this.#elapsedMs, size));
  }

  async marker(text: string): Promise<void> {
    await this.#add(this.#encoder.marker(this.#elapsedMs, text));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }

  get #elapsedMs(): number {
    return this.#clock.elapsedMs() - this.#startedMs;
  }

  async #add(text: string): Promise<void> {
    if (this.#state.kind !== "open" || text === "") return;
    let bytes = this.#text.encode(text);
    if (this.#bytes + bytes.length > this.#limitBytes) {
      this.#state = { kind: "full" };
      bytes = this.#text.encode(this.#encoder.marker(this.#elapsedMs, "the limit is reached"));
    }
    this.#bytes += bytes.length;
    try {
      await this.#file.write(bytes);
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      this.#state = { kind: "failed", error };
    }
  }
}

interface Parts {
  clock: Clock;
  limitBytes: number;
  size: TerminalSize;
}

async function createNew(
  files: Host["files"],
  stem: string,
): Promise<{ path: string; file: NewFile }> {
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

function absolute(folder: string, workingDir: string): string {
  return folder.startsWith("/") ? folder : `${workingDir}/${folder}`;
}

/** `2026-11-21T12-30-05Z`: sorts by time, and every file system accepts it. */
function stamp(date: Date): string {
  return date.toISOString().replace(/\.\d+/, "").replaceAll(":", "-");
}

/* A terminal session as asciicast v2 lines: https://docs.asciinema.org/manual/asciicast/v2/ */

/** The first line of a file. */
interface AsciicastHeader {
  size: TerminalSize;
  startedAt: Date;
  title: string;
  /** `TERM` of the session. */
  term: string;
}

/** Turns events into lines, each with its end. Seconds are counted from the start. Keys are never recorded. */
class AsciicastEncoder {
  readonly #decoder = new TextDecoder();

  header({ size, startedAt, title, term }: AsciicastHeader): string {
    return line({
      version: 2,
      width: size.columns,
      height: size.rows,
      timestamp: Math.floor(startedAt.getTime() / 1000),
      title,
      env: { TERM: term },
    });
  }

  /** A character split over chunks is emitted with the last of them; empty if no character is complete yet. */
  output(elapsedMs: number, bytes: Uint8Array): string {
    const text = this.#decoder.decode(bytes, { stream: true });
    return text === "" ? "" : line([seconds(elapsedMs), "o", text]);
  }

  resized(elapsedMs: number, { columns, rows }: TerminalSize): string {
    return line([seconds(elapsedMs), "r", `${columns}x${rows}`]);
  }

  /** A remark that players show as a chapter marker. */
  marker(elapsedMs: number, text: string): string {
    return line([seconds(elapsedMs), "m", text]);
  }
}

/** Microseconds, as asciinema writes them. */
function seconds(elapsedMs: number): number {
  return Math.round(elapsedMs * 1000) / 1_000_000;
}

function line(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
