/** A line of text being edited, with readline's keys for it. Pure. */
import { withoutTrailing } from "../base/plain_text.ts";
import { clipText, type Line, span } from "./grid.ts";
import { droppedPasteText, type TerminalInput } from "./keys.ts";
import { displayWidth } from "./width.ts";

/** The text, the position of the caret (an index into it), and the text that was cut last. */
export interface EditLine {
  readonly text: string;
  readonly caret: number;
  readonly cut: string;
  /** The text may have line breaks: it is in a language in which they mean something. */
  readonly keepsLines: boolean;
}

/** Returns a line with the caret at its end. */
export function editLine(
  text: string,
  { keepsLines = false }: { keepsLines?: boolean } = {},
): EditLine {
  return { text, caret: text.length, cut: "", keepsLines };
}

/** A change of a line. */
export type Edit = (line: EditLine) => EditLine;

/** Maximum characters of a line: a longer text isn't a query. */
const maxLength = 1000;
/** The limit of a line with line breaks: a longer text is a file. */
const maxLinesLength = 64 * 1024;

/**
 * Returns why a line doesn't take an input; undefined if it does, or if the input isn't a paste. A part of a paste, or
 * its lines joined, would be another text.
 */
export function refusedPaste(line: EditLine, input: TerminalInput): string | undefined {
  if (input.kind === "droppedPaste") return droppedPasteText(input.characters);
  if (input.kind !== "paste") return undefined;
  const text = inserted(line, input.text);
  if (!line.keepsLines && text.includes("\n")) {
    return "several lines were pasted, and this takes one: nothing was inserted";
  }
  const limit = line.keepsLines ? maxLinesLength : maxLength;
  return line.text.length + text.length > limit ? droppedPasteText(text.length, limit) : undefined;
}

/** Returns a text with line feeds as its line breaks, without those at its end, where a line takes none. */
function inserted({ keepsLines }: EditLine, typed: string): string {
  const text = typed.replace(/\r\n?/g, "\n");
  return keepsLines ? text : withoutTrailing("\n", text.replace(/^\n+/, ""));
}

/** Inserts text at the caret. Control characters become blanks, except line breaks in a line that keeps them. */
export function insert(typed: string): Edit {
  return (line) => {
    const { text, caret, keepsLines } = line;
    const controls = keepsLines ? linesControls : lineControls;
    const clean = inserted(line, typed).replace(controls, " ");
    if (text.length + clean.length > (keepsLines ? maxLinesLength : maxLength)) return line;
    return {
      ...line,
      text: text.slice(0, caret) + clean + text.slice(caret),
      caret: caret + clean.length,
    };
  };
}

// deno-lint-ignore no-control-regex -- control characters are removed
const lineControls = /[\x00-\x1f\x7f-\x9f]+/g;
// deno-lint-ignore no-control-regex -- as above
const linesControls = /[\x00-\x08\x0b-\x1f\x7f-\x9f]+/g;

/** Every editing key's change, by its name in fzf and readline. */
export const edits = {
  beginningOfLine: (line) => ({ ...line, caret: 0 }),
  endOfLine: (line) => ({ ...line, caret: line.text.length }),
  backwardChar: (line) => ({ ...line, caret: before(line) }),
  forwardChar: (line) => ({ ...line, caret: after(line) }),
  backwardWord: (line) => ({ ...line, caret: wordStart(line, isWord) }),
  forwardWord: (line) => ({ ...line, caret: wordEnd(line) }),
  backwardDeleteChar: (line) => without(line, before(line), line.caret, false),
  deleteChar: (line) => without(line, line.caret, after(line), false),
  backwardKillWord: (line) => without(line, wordStart(line, isWord), line.caret, true),
  killWord: (line) => without(line, line.caret, wordEnd(line), true),
  /** Cuts to the last blank: Ctrl-W. */
  wordRubout: (line) => without(line, wordStart(line, isInk), line.caret, true),
  /** Cuts everything before the caret: Ctrl-U. */
  lineDiscard: (line) => without(line, 0, line.caret, true),
  yank: (line) => insert(line.cut)(line),
} satisfies Readonly<Record<string, Edit>>;

/** Names of the editing keys' changes. */
export type EditName = keyof typeof edits;

function without(line: EditLine, from: number, to: number, keep: boolean): EditLine {
  if (from === to) return line;
  const cut = keep ? line.text.slice(from, to) : line.cut;
  return { ...line, text: line.text.slice(0, from) + line.text.slice(to), caret: from, cut };
}

/** Treats a character beyond 16 bits as a single step. */
function before({ text, caret }: EditLine): number {
  return Math.max(0, caret - ([...text.slice(0, caret)].at(-1)?.length ?? 0));
}

function after({ text, caret }: EditLine): number {
  const [next = ""] = text.slice(caret, caret + 2);
  return caret + next.length;
}

function isWord(character: string): boolean {
  return /[\p{L}\p{N}]/u.test(character);
}

function isInk(character: string): boolean {
  return character !== " ";
}

function wordStart({ text, caret }: EditLine, within: (character: string) => boolean): number {
  let at = caret;
  while (at > 0 && !within(text.charAt(at - 1))) at--;
  while (at > 0 && within(text.charAt(at - 1))) at--;
  return at;
}

function wordEnd({ text, caret }: EditLine): number {
  let at = caret;
  while (at < text.length && !isWord(text.charAt(at))) at++;
  while (at < text.length && isWord(text.charAt(at))) at++;
  return at;
}

/** The editing keys of fzf and readline, by the names that `KeyDecoder` gives. */
export const editKeys: Readonly<Record<string, EditName>> = {
  "ctrl-a": "beginningOfLine",
  "home": "beginningOfLine",
  "ctrl-e": "endOfLine",
  "end": "endOfLine",
  "ctrl-b": "backwardChar",
  "ctrl-f": "forwardChar",
  "alt-b": "backwardWord",
  "shift-left": "backwardWord",
  "ctrl-left": "backwardWord",
  "alt-f": "forwardWord",
  "shift-right": "forwardWord",
  "ctrl-right": "forwardWord",
  "ctrl-h": "backwardDeleteChar",
  "backspace": "backwardDeleteChar",
  "delete": "deleteChar",
  "alt-backspace": "backwardKillWord",
  "alt-d": "killWord",
  "ctrl-w": "wordRubout",
  "ctrl-u": "lineDiscard",
  "ctrl-y": "yank",
};

/**
 * Draws a line behind its prompt, with a caret of its own: the terminal's cursor is hidden. The part before the caret is
 * clipped at its start, so that the text being typed stays visible.
 */
export function caretLine(prompt: string, { text, caret }: EditLine, columns: number): Line {
  const room = Math.max(1, columns - displayWidth(prompt) - 1);
  const before = clipText(text.slice(0, caret), room, "end");
  const [under = " "] = text.slice(caret, caret + 2);
  const after = clipText(text.slice(caret + under.length), room - displayWidth(before));
  return [
    span(prompt, "sign"),
    span(before),
    span(under, "caret"),
    ...(caret < text.length ? [span(after)] : []),
  ];
}
