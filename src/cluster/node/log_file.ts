/**
 * A container's log on disk in the form of the CRI: `TIME STREAM TAG TEXT`, one line each, the tag is `F` for a whole
 * line and `P` for a part of one.
 * https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md
 */
import { joinBytes } from "../../base/join_bytes.ts";
import type { Clock } from "../../base/clock.ts";

const newline = 0x0a;
/** containerd's `max_container_log_line_size`: a longer line is written in parts. */
const lineLimit = 16 * 1024;

/** Bounds of a log. The kubelet's are 10 MiB; one file older than the current is retained. */
const defaultLogBytes = 10 * 1024 * 1024;

/** Options of {@link LogFile.create}. */
export interface LogOptions {
  clock: Clock;
  /** A larger file is rotated. */
  maxBytes?: number;
}

/** The log of one start of a container, and the functions that readers need to follow it. */
export class LogFile implements AsyncDisposable {
  readonly path: string;
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly #partial = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  #file: Deno.FsFile;
  #size = 0;
  #rotations = 0;
  #ended = false;
  #change = Promise.withResolvers<void>();
  #queue: Promise<void> = Promise.resolve();

  private constructor(path: string, file: Deno.FsFile, options: LogOptions) {
    this.path = path;
    this.#file = file;
    this.#clock = options.clock;
    this.#maxBytes = options.maxBytes ?? defaultLogBytes;
  }

  /** Creates an empty log at `path`. */
  static async create(path: string, options: LogOptions): Promise<LogFile> {
    return new LogFile(path, await openEmpty(path), options);
  }

  /** The number of rotations: a reader that sees it rise continues in the new file. */
  get rotations(): number {
    return this.#rotations;
  }

  /** True when no more will be written. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Resolves at the next write, rotation or end. Get it before reading the file. */
  get changed(): Promise<void> {
    return this.#change.promise;
  }

  /** Writes a chunk of a stream. Resolves when it is in the file. */
  write(stream: "stdout" | "stderr", chunk: Uint8Array): Promise<void> {
    return this.#queued(async () => {
      const lines = this.#lines(stream, chunk);
      if (lines.length > 0) await this.#append(lines);
    });
  }

  /** Writes the remaining unfinished lines, and closes the file. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#queued(async () => {
      if (this.#ended) return;
      for (const stream of ["stdout", "stderr"] as const) {
        const rest = this.#partial[stream];
        if (rest.length > 0) await this.#append([this.#line(stream, "P", rest)]);
      }
      this.#ended = true;
      this.#file.close();
      this.#tell();
    });
  }

  #queued(task: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(task);
    this.#queue = done.catch(() => {});
    return done;
  }

  #lines(stream: "stdout" | "stderr", chunk: Uint8Array): Uint8Array[] {
    const lines: Uint8Array[] = [];
    let begin = 0;
    let pending = this.#partial[stream].reduce((sum, part) => sum + part.length, 0);
    while (begin < chunk.length) {
      const room = Math.min(chunk.length, begin + lineLimit - pending);
      const at = chunk.subarray(begin, room).indexOf(newline);
      const end = at < 0 ? room : begin + at;
      this.#partial[stream].push(chunk.slice(begin, end));
      pending += end - begin;
      if (at >= 0 || pending >= lineLimit) {
        lines.push(this.#line(stream, at >= 0 ? "F" : "P", this.#partial[stream]));
        this.#partial[stream] = [];
        pending = 0;
      }
      begin = at < 0 ? end : end + 1;
    }
    return lines;
  }

  #line(stream: "stdout" | "stderr", tag: "F" | "P", parts: readonly Uint8Array[]): Uint8Array {
    const head = new TextEncoder().encode(`${this.#clock.now().toISOString()} ${stream} ${tag} `);
    return joinBytes([head, ...parts, Uint8Array.of(newline)]);
  }

  async #append(lines: readonly Uint8Array[]): Promise<void> {
    const bytes = joinBytes(lines);
    if (this.#size > 0 && this.#size + bytes.length > this.#maxBytes) await this.#rotate();
    for (let written = 0; written < bytes.length;) {
      written += await this.#file.write(bytes.subarray(written));
    }
    this.#size += bytes.length;
    this.#tell();
  }

  async #rotate(): Promise<void> {
    this.#file.close();
    await Deno.rename(this.path, `${this.path}.1`);
    this.#file = await openEmpty(this.path);
    this.#size = 0;
    this.#rotations++;
  }

  #tell(): void {
    const { resolve } = this.#change;
    this.#change = Promise.withResolvers<void>();
    resolve();
  }
}

function openEmpty(path: string): Promise<Deno.FsFile> {
  return Deno.open(path, { write: true, create: true, truncate: true });
}
