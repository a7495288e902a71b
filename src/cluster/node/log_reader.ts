/** Reads a container's log as the kubelet serves it: the current file, from its end if a tail is requested. */
import { joinBytes } from "../../base/join_bytes.ts";
import type { LogQuery } from "../model.ts";
import type { LogFile } from "./log_file.ts";

const newline = 0x0a;
const blank = 0x20;
const blockBytes = 64 * 1024;

/**
 * Returns the bytes that a query requests. Read when they are pulled; at most one block is buffered. Ends with the
 * signal.
 */
export function readLog(
  log: LogFile,
  query: LogQuery,
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
  { timestamps, sinceTime, limitBytes }: LogQuery,
): AsyncGenerator<Uint8Array, undefined> {
  let left = limitBytes ?? Number.POSITIVE_INFINITY;
  let begins = true;
  for await (const lines of blocks) {
    const shown: Uint8Array[] = [];
    for (const line of lines) {
      const entry = parseLine(line);
      if (entry === undefined) continue;
      // A time precedes a line, and isn't within: the kubelet joins the parts of a long one.
      const stamped = timestamps && begins;
      begins = entry.whole;
      if (sinceTime !== undefined && entry.time < sinceTime) continue;
      shown.push(stamped ? entry.stamped : entry.text);
    }
    const bytes = joinBytes(shown);
    if (bytes.length > 0) yield bytes.length > left ? bytes.subarray(0, left) : bytes;
    left -= bytes.length;
    if (left <= 0) return undefined;
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
  query: LogQuery,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array[]> {
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  let rotations = log.rotations;
  let file = await Deno.open(log.path);
  try {
    if (query.tailLines !== undefined) await seekToTail(file, query.tailLines);
    let rest: Uint8Array = new Uint8Array();
    for (;;) {
      // Taken before the read: this promise reports any later write.
      const { changed, ended } = log;
      const block = new Uint8Array(blockBytes);
      const count = signal.aborted ? null : await file.read(block);
      if (count !== null) {
        const [lines, left] = splitLines(joinBytes([rest, block.subarray(0, count)]));
        rest = left;
        yield lines;
      } else if (!query.follow || signal.aborted) {
        return;
      } else if (log.rotations > rotations) {
        rotations = log.rotations;
        file.close();
        file = await Deno.open(log.path);
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
  let begin = 0;
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, begin)) {
    lines.push(bytes.subarray(begin, at + 1));
    begin = at + 1;
  }
  return [lines, bytes.slice(begin)];
}

/** Moves to the start of the last lines, reading blocks from the end. */
async function seekToTail(file: Deno.FsFile, lineCount: number): Promise<void> {
  const { size } = await file.stat();
  let end = size;
  // The line end at the very end of the file closes the last line, and doesn't start another.
  let wanted = lineCount + 1;
  while (end > 0) {
    const begin = Math.max(0, end - blockBytes);
    const block = await readExactly(file, begin, end - begin);
    for (let at = block.lastIndexOf(newline); at >= 0; at = block.lastIndexOf(newline, at - 1)) {
      if (--wanted === 0) {
        await file.seek(begin + at + 1, Deno.SeekMode.Start);
        return;
      }
      if (at === 0) break;
    }
    end = begin;
  }
  await file.seek(0, Deno.SeekMode.Start);
}

async function readExactly(file: Deno.FsFile, at: number, length: number): Promise<Uint8Array> {
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
