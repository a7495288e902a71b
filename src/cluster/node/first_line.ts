/** The first line of a set-up is for the node; the remaining output is the command's. */
import { joinBytes } from "../../base/join_bytes.ts";

const newline = 0x0a;
/** No first line of ours is nearly as long; a longer one isn't ours. */
const firstLineLimit = 16 * 1024;

/**
 * The first line, without its end, and a stream of the remaining output. `complete` is false if the stream ended
 * before.
 */
export interface FirstLine {
  line: string;
  complete: boolean;
  rest: ReadableStream<Uint8Array>;
}

/** Takes the first line from a stream. Nothing beyond the chunk that holds its end is read. */
export async function takeFirstLine(source: ReadableStream<Uint8Array>): Promise<FirstLine> {
  const reader = source.getReader();
  let seen: Uint8Array = new Uint8Array();
  for (;;) {
    const { value, done } = await reader.read();
    if (value !== undefined) seen = joinBytes([seen, value]);
    const at = seen.indexOf(newline);
    const complete = at >= 0;
    if (!complete && !done && seen.length < firstLineLimit) continue;
    const line = new TextDecoder().decode(complete ? seen.subarray(0, at) : seen);
    const left = complete ? seen.subarray(at + 1) : new Uint8Array();
    return { line: line.trimEnd(), complete, rest: continued(left, reader) };
  }
}

function continued(
  first: Uint8Array,
  reader: ReadableStreamDefaultReader<Uint8Array>,
): ReadableStream<Uint8Array> {
  let left: Uint8Array | undefined = first.length > 0 ? first : undefined;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (left !== undefined) {
        controller.enqueue(left);
        left = undefined;
        return;
      }
      const { value, done } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}
