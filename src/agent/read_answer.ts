/** The answer of the script `read`: marked lines, and after one that announces them, bytes. */
import { GrowingBytes } from "../base/growing_bytes.ts";

/** A piece of an answer. */
export type AnswerPart =
  | { kind: "said"; word: string; rest: readonly string[] }
  /** Of the events of the previous task. `end`: the stored tail of those beyond the limit. */
  | { kind: "bytes"; bytes: Uint8Array; end: boolean };

/** A script's line is at most as long as the line of a task's request. */
const maxLine = 64 * 1024;

/** Announcements of bytes. */
const announcing: Readonly<Record<string, { at: number; end: boolean }>> = {
  "events": { at: 1, end: false },
  "rest": { at: 0, end: true },
};

/** Parses the answer. Unmarked lines are dropped: they weren't requested. */
export async function* answerParts(
  chunks: AsyncIterable<Uint8Array>,
  { mark, maxBytes }: { mark: string; maxBytes: number },
): AsyncGenerator<AnswerPart, void> {
  let line = new GrowingBytes();
  let awaited: { left: number; bytes: GrowingBytes; end: boolean } | undefined;
  for await (const chunk of chunks) {
    let rest = chunk;
    while (rest.length > 0) {
      if (awaited !== undefined) {
        const taken = rest.subarray(0, awaited.left);
        awaited.bytes.push(taken);
        awaited.left -= taken.length;
        rest = rest.subarray(taken.length);
        if (awaited.left > 0) continue;
        yield { kind: "bytes", bytes: awaited.bytes.bytes, end: awaited.end };
        awaited = undefined;
        continue;
      }
      const at = rest.indexOf(10);
      if (line.length < maxLine) line.push(at < 0 ? rest : rest.subarray(0, at));
      if (at < 0) break;
      rest = rest.subarray(at + 1);
      const said = spoken(line.bytes, mark);
      line = new GrowingBytes();
      if (said === undefined) continue;
      yield { kind: "said", ...said };
      const bytes = announcing[said.word];
      if (bytes === undefined) continue;
      const left = wholeNumber(said.rest[bytes.at]) ?? 0;
      if (left > 0) {
        awaited = { left: Math.min(left, maxBytes), bytes: new GrowingBytes(), end: bytes.end };
      }
    }
  }
}

/** Returns the content of a marked line; undefined if it has no mark. */
export function spoken(
  line: Uint8Array,
  mark: string,
): { word: string; rest: readonly string[] } | undefined {
  const text = new TextDecoder().decode(line);
  if (!text.startsWith(mark)) return undefined;
  const [word = "", ...rest] = text.slice(mark.length).split(" ");
  return { word, rest };
}

/** Returns a number that a script printed; undefined if it isn't one. */
export function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
