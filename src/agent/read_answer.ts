/** The answer of the script `read`: marked lines, and after a line that announces them, bytes. */
import { ByteBuffer } from "../base/byte_buffer.ts";
import { messageOf, type ScriptMessage } from "../podscript/messages.ts";

/** A piece of an answer. */
export type AnswerPart =
  | ({ kind: "message" } & ScriptMessage)
  /** Events of the previous task. `end`: the stored tail of those beyond the limit. */
  | { kind: "bytes"; bytes: Uint8Array; end: boolean };

/** A script's line is at most as long as the line of a task's request. */
const maxLine = 64 * 1024;

/** Announcements of bytes. */
const announcing: Readonly<Record<string, { at: number; end: boolean }>> = {
  "events": { at: 1, end: false },
  "tail": { at: 0, end: true },
};

/** Parses the answer. Unmarked lines are dropped: they weren't requested. */
export async function* answerParts(
  chunks: AsyncIterable<Uint8Array>,
  { mark, maxBytes }: { mark: string; maxBytes: number },
): AsyncGenerator<AnswerPart, void> {
  let line = new ByteBuffer();
  let awaited: { missing: number; bytes: ByteBuffer; end: boolean } | undefined;
  for await (const chunk of chunks) {
    let rest = chunk;
    while (rest.length > 0) {
      if (awaited !== undefined) {
        const taken = rest.subarray(0, awaited.missing);
        awaited.bytes.push(taken);
        awaited.missing -= taken.length;
        rest = rest.subarray(taken.length);
        if (awaited.missing > 0) continue;
        yield { kind: "bytes", bytes: awaited.bytes.bytes, end: awaited.end };
        awaited = undefined;
        continue;
      }
      const at = rest.indexOf(10);
      if (line.length < maxLine) line.push(at < 0 ? rest : rest.subarray(0, at));
      if (at < 0) break;
      rest = rest.subarray(at + 1);
      const message = messageOf(line.bytes, mark);
      line = new ByteBuffer();
      if (message === undefined) continue;
      yield { kind: "message", ...message };
      const bytes = announcing[message.keyword];
      if (bytes === undefined) continue;
      const missing = wholeNumber(message.args[bytes.at]) ?? 0;
      if (missing > 0) {
        awaited = {
          missing: Math.min(missing, maxBytes),
          bytes: new ByteBuffer(),
          end: bytes.end,
        };
      }
    }
  }
}

/** Returns a number that a script printed; undefined if it isn't a number. */
export function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
