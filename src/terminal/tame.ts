/** Output of an external program, made safe beside other output on a terminal. */
import { escapeControls, withoutTrailing } from "../base/plain_text.ts";

/** CSI … m alone: colours and weights. */
// deno-lint-ignore no-control-regex -- this matches control characters
const paint = /\x1b\[[0-9;:]*m/y;
/** Any other CSI, OSC, DCS, APC, PM or SOS sequence, ended or not, and two-letter escapes. */
const steer =
  // deno-lint-ignore no-control-regex -- as above
  /\x1b(?:\[[0-?]*[ -/]*[@-~]?|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~]?)/y;

/** Styles are reset at a line's end, so that they don't leak into the next line's prefix. */
const unpaint = "\x1b[0m";

/**
 * Returns a line without its end, in which nothing can move the cursor, change the title or affect later lines: colours
 * pass and are reset at its end, every other escape sequence and C0 control is dropped, and characters that control the
 * terminal without an escape sequence (`base/plain_text.ts`) are shown as `\u202e`. A carriage return that isn't at the
 * end starts a new piece, for example a progress bar's next state.
 */
export function tameLine(line: string): string[] {
  return withoutTrailing("\r", line).split(/\r+/).map((piece) => escapeControls(tamePiece(piece)));
}

function tamePiece(piece: string): string {
  // deno-lint-ignore no-control-regex -- this matches control characters
  if (!/[\x00-\x08\x0a-\x1f]/.test(piece)) return piece;
  let tame = "";
  let painted = false;
  for (let at = 0; at < piece.length;) {
    const sequence = matchAt(paint, piece, at);
    if (sequence !== undefined) {
      tame += sequence;
      painted = true;
      at += sequence.length;
      continue;
    }
    const steering = matchAt(steer, piece, at);
    if (steering !== undefined) {
      at += steering.length;
      continue;
    }
    const character = piece.charAt(at);
    const code = piece.charCodeAt(at);
    if (code === 9 || code >= 0x20) tame += character;
    at++;
  }
  return painted ? tame + unpaint : tame;
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
