/** One line of text being edited, with readline's keys for it. Pure. */

/** The text, the position of the caret (an index into it), and the text that was cut last. */
export interface EditLine {
  readonly text: string;
  readonly caret: number;
  readonly cut: string;
}

/** Returns a line with the caret at its end. */
export function editLine(text: string): EditLine {
  return { text, caret: text.length, cut: "" };
}

/** A change of a line. */
export type Edit = (line: EditLine) => EditLine;

/** Maximum characters of a line: a longer text isn't a query. */
const maxLength = 1000;

/** Inserts text at the caret. Control characters, the line feeds of a paste among them, become spaces. */
export function insert(typed: string): Edit {
  return ({ text, caret, cut }) => {
    // deno-lint-ignore no-control-regex -- control characters are what must not come in
    const clean = typed.replace(/[\x00-\x1f\x7f-\x9f]+/g, " ").slice(0, maxLength - text.length);
    return {
      text: text.slice(0, caret) + clean + text.slice(caret),
      caret: caret + clean.length,
      cut,
    };
  };
}

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
  return { text: line.text.slice(0, from) + line.text.slice(to), caret: from, cut };
}

/** Treats a character beyond 16 bits as one step. */
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
