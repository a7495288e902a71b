/**
 * Encodes inputs for a program in a terminal of ours: the reverse of `keys.ts`, with the sequences of xterm that the
 * program has chosen. https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
 */
import type { TerminalInput } from "./keys.ts";

/** The modes that the program has switched on. */
export interface InputModes {
  /** Cursor keys are `ESC O` and not `ESC [`. */
  readonly applicationCursorKeys: boolean;
  /** Pastes have a start and an end. */
  readonly bracketedPaste: boolean;
}

const cursorKeys: Readonly<Record<string, string>> = {
  up: "A",
  down: "B",
  right: "C",
  left: "D",
  end: "F",
  home: "H",
};

const functionKeys: Readonly<Record<string, string>> = { f1: "P", f2: "Q", f3: "R", f4: "S" };

const numberedKeys: Readonly<Record<string, number>> = {
  insert: 2,
  delete: 3,
  "page-up": 5,
  "page-down": 6,
  f5: 15,
  f6: 17,
  f7: 18,
  f8: 19,
  f9: 20,
  f10: 21,
  f11: 23,
  f12: 24,
};

const modifiers: readonly (readonly [prefix: string, code: number])[] = [
  ["ctrl-alt-", 7],
  ["ctrl-shift-", 6],
  ["ctrl-", 5],
  ["alt-shift-", 4],
  ["alt-", 3],
  ["shift-", 2],
];

const singleKeys: Readonly<Record<string, string>> = {
  enter: "\r",
  tab: "\t",
  "shift-tab": "\x1b[Z",
  esc: "\x1b",
  backspace: "\x7f",
  space: " ",
  f1: "\x1bOP",
  f2: "\x1bOQ",
  f3: "\x1bOR",
  f4: "\x1bOS",
  "ctrl-space": "\0",
  "ctrl-\\": "\x1c",
  "ctrl-]": "\x1d",
  "ctrl-^": "\x1e",
  "ctrl-/": "\x1f",
};

/**
 * Returns the bytes that a terminal sends for an input; an empty text for inputs that aren't sent, such as the mouse.
 */
export function keyBytes(input: TerminalInput, modes: InputModes): string {
  switch (input.kind) {
    case "text":
      return input.text.replaceAll("\n", "\r");
    case "paste": {
      // A paste can't end itself and type a command, by the marker of 8 bits either.
      // deno-lint-ignore no-control-regex -- the characters that begin a marker
      const text = input.text.replace(/[\x1b\x9b]/g, "").replace(/\r?\n/g, "\r");
      return modes.bracketedPaste ? `\x1b[200~${text}\x1b[201~` : text;
    }
    case "key":
      return ofKey(input.key, modes);
    case "droppedPaste":
    case "mouse":
    case "position":
      return "";
  }
}

function ofKey(key: string, modes: InputModes): string {
  const single = singleKeys[key];
  if (single !== undefined) return single;
  const [prefix = "", code = 1] = modifiers.find(([start]) => key.startsWith(start)) ?? [];
  const plain = key.slice(prefix.length);
  const letter = cursorKeys[plain];
  if (letter !== undefined) {
    if (code > 1) return `\x1b[1;${code}${letter}`;
    return `\x1b${modes.applicationCursorKeys ? "O" : "["}${letter}`;
  }
  const functionKey = functionKeys[plain];
  if (functionKey !== undefined) return `\x1b[1;${code}${functionKey}`;
  const number = numberedKeys[plain];
  if (number !== undefined) return code > 1 ? `\x1b[${number};${code}~` : `\x1b[${number}~`;
  if (prefix === "ctrl-" && /^[a-z]$/.test(plain)) {
    return String.fromCharCode(plain.charCodeAt(0) - 0x60);
  }
  if (prefix === "ctrl-alt-") {
    const bytes = ofKey(`ctrl-${plain}`, modes);
    return bytes === "" ? "" : `\x1b${bytes}`;
  }
  if (prefix === "alt-") return `\x1b${ofKey(plain, modes) || plain}`;
  return [...key].length === 1 ? key : "";
}
