/**
 * A container's log on disk in the form of the CRI: `TIME STREAM TAG TEXT`, one line each, the tag is `F` for a whole
 * line and `P` for a part of one.
 * https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md
 */
import { joinBytes } from "../../../src/base/byte_buffer.ts";
import type { Clock } from "../../../src/base/clock.ts";
import type { ContainerLogQuery } from "../model.ts";
import { machineFiles, type NodeFile, type NodeFiles } from "./files.ts";

const newline = 0x0a;
/** containerd's `max_container_log_line_size`: a longer line is written in parts. */
const lineLimit = 16 * 1024;

/** Bounds of a log. The kubelet's are 10 MiB; one file older than the current is retained. */
const defaultLogBytes = 10 * 1024 * 1024;

/** Options of {@link LogFile.create}. */
interface LogOptions {
  clock: Clock;
  /** Those of this machine if absent. */
  files?: NodeFiles;
  /** A larger file is rotated. */
  maxBytes?: number;
}

/** The log of one start of a container, and the functions that readers need to follow it. */
export class LogFile implements AsyncDisposable {
  readonly files: NodeFiles;
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly #partial = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  #size = 0;
  #rotations = 0;
  #ended = false;
  #change = Promise.withResolvers<void>();
  #queue: Promise<void> = Promise.resolve();

  private constructor(readonly path: string, private file: NodeFile, options: LogOptions) {
    this.files = options.files ?? machineFiles;
    this.#clock = options.clock;
    this.#maxBytes = options.maxBytes ?? defaultLogBytes;
  }

  /** Creates an empty log at `path`. */
  static async create(path: string, options: LogOptions): Promise<LogFile> {
    return new LogFile(path, await (options.files ?? machineFiles).create(path), options);
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
      this.file.close();
      this.#notify();
    });
  }

  #queued(task: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(task);
    this.#queue = done.catch(() => {});
    return done;
  }

  #lines(stream: "stdout" | "stderr", chunk: Uint8Array): Uint8Array[] {
    const lines: Uint8Array[] = [];
    let start = 0;
    let pending = this.#partial[stream].reduce((sum, part) => sum + part.length, 0);
    while (start < chunk.length) {
      const limit = Math.min(chunk.length, start + lineLimit - pending);
      const at = chunk.subarray(start, limit).indexOf(newline);
      const end = at < 0 ? limit : start + at;
      this.#partial[stream].push(chunk.slice(start, end));
      pending += end - start;
      if (at >= 0 || pending >= lineLimit) {
        lines.push(this.#line(stream, at >= 0 ? "F" : "P", this.#partial[stream]));
        this.#partial[stream] = [];
        pending = 0;
      }
      start = at < 0 ? end : end + 1;
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
      written += await this.file.write(bytes.subarray(written));
    }
    this.#size += bytes.length;
    this.#notify();
  }

  async #rotate(): Promise<void> {
    this.file.close();
    await this.files.rename(this.path, `${this.path}.1`);
    this.file = await this.files.create(this.path);
    this.#size = 0;
    this.#rotations++;
  }

  #notify(): void {
    const { resolve } = this.#change;
    this.#change = Promise.withResolvers<void>();
    resolve();
  }
}

/* Reads a container's log as the kubelet serves it: the current file, from its end if a tail is requested. */

const blank = 0x20;
const blockBytes = 64 * 1024;

/**
 * Returns the bytes that a query requests. Read when they are pulled; at most one block is buffered. Ends with the
 * signal.
 */
export function readLog(
  log: LogFile,
  query: ContainerLogQuery,
  signal: AbortSignal,
): ReadableStream<Uint8Array> {
  const lines = filtered(logLines(log, query, signal), query);
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value, done } = await lines.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await lines.return(undefined);
    },
  }, { highWaterMark: 0 });
}

async function* filtered(
  blocks: AsyncGenerator<Uint8Array[]>,
  { timestamps, sinceTime, limitBytes }: ContainerLogQuery,
): AsyncGenerator<Uint8Array, undefined> {
  let remaining = limitBytes ?? Number.POSITIVE_INFINITY;
  let startsLine = true;
  for await (const lines of blocks) {
    const shown: Uint8Array[] = [];
    for (const line of lines) {
      const entry = parseLine(line);
      if (entry === undefined) continue;
      // A time precedes a line, and isn't within: the kubelet joins the parts of a long one.
      const stamped = timestamps && startsLine;
      startsLine = entry.whole;
      if (sinceTime !== undefined && entry.time < sinceTime) continue;
      shown.push(stamped ? entry.stamped : entry.text);
    }
    const bytes = joinBytes(shown);
    if (bytes.length > 0) yield bytes.length > remaining ? bytes.subarray(0, remaining) : bytes;
    remaining -= bytes.length;
    if (remaining <= 0) return undefined;
  }
  return undefined;
}

interface Entry {
  time: Date;
  /** It ends its line. */
  whole: boolean;
  /** The container's output, with its line's end unless more of the line follows. */
  text: Uint8Array;
  /** The same after its time. */
  stamped: Uint8Array;
}

function parseLine(line: Uint8Array): Entry | undefined {
  const [first, second, third] = [0, 1, 2].reduce<number[]>((found) => {
    found.push(line.indexOf(blank, (found.at(-1) ?? -1) + 1));
    return found;
  }, []);
  if (first === undefined || second === undefined || third === undefined || third < 0) {
    return undefined;
  }
  const time = new TextDecoder().decode(line.subarray(0, first));
  const whole = line[second + 1] === 0x46;
  const text = line.subarray(third + 1, whole ? undefined : -1);
  return {
    time: new Date(time),
    whole,
    text,
    stamped: joinBytes([new TextEncoder().encode(`${time} `), text]),
  };
}

/** Returns the lines of a log, ends included, in blocks. If it follows, it continues until the log ends. */
async function* logLines(
  log: LogFile,
  query: ContainerLogQuery,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array[]> {
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  let rotations = log.rotations;
  let file = await log.files.open(log.path);
  try {
    if (query.tailLines !== undefined) await seekToTail(file, query.tailLines);
    let rest: Uint8Array = new Uint8Array();
    for (;;) {
      // Taken before the read: this promise reports any later write.
      const { changed, ended } = log;
      const block = new Uint8Array(blockBytes);
      const count = signal.aborted ? null : await file.read(block);
      if (count !== null) {
        const [lines, remaining] = splitLines(joinBytes([rest, block.subarray(0, count)]));
        rest = remaining;
        yield lines;
      } else if (!query.follow || signal.aborted) {
        return;
      } else if (log.rotations > rotations) {
        rotations = log.rotations;
        file.close();
        file = await log.files.open(log.path);
      } else if (ended) {
        return;
      } else {
        await Promise.race([changed, stopped]);
      }
    }
  } finally {
    file.close();
  }
}

function splitLines(bytes: Uint8Array): [Uint8Array[], Uint8Array] {
  const lines: Uint8Array[] = [];
  let start = 0;
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, start)) {
    lines.push(bytes.subarray(start, at + 1));
    start = at + 1;
  }
  return [lines, bytes.slice(start)];
}

/** Moves to the start of the last lines, reading blocks from the end. */
async function seekToTail(file: NodeFile, lineCount: number): Promise<void> {
  const { size } = await file.stat();
  let end = size;
  // The line end at the very end of the file closes the last line, and doesn't start another.
  let desired = lineCount + 1;
  while (end > 0) {
    const start = Math.max(0, end - blockBytes);
    const block = await readExactly(file, start, end - start);
    for (let at = block.lastIndexOf(newline); at >= 0; at = block.lastIndexOf(newline, at - 1)) {
      if (--desired === 0) {
        await file.seek(start + at + 1, Deno.SeekMode.Start);
        return;
      }
      if (at === 0) break;
    }
    end = start;
  }
  await file.seek(0, Deno.SeekMode.Start);
}

async function readExactly(file: NodeFile, at: number, length: number): Promise<Uint8Array> {
  await file.seek(at, Deno.SeekMode.Start);
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const count = await file.read(bytes.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}
