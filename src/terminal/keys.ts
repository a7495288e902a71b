/**
 * Decodes the bytes of a terminal in raw mode to keys, texts, pastes and the mouse. The sequences are those of
 * xterm, which every current terminal uses: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
 */

/** One input event. */
export type TerminalInput =
  /** A key by its name: `enter`, `ctrl-a`, `alt-b`, `shift-tab`, `page-up`. */
  | { kind: "key"; key: string }
  /** Characters as typed. */
  | { kind: "text"; text: string }
  /** Text that was pasted; it may contain line feeds. */
  | { kind: "paste"; text: string }
  /** Columns and rows of the screen count from 0. */
  | { kind: "mouse"; action: MouseAction; column: number; row: number }
  /** The terminal's answer to the query for its cursor position. */
  | { kind: "position"; column: number; row: number };

/** A click is the left button pressed, a release is the button released. */
export type MouseAction = "click" | "release" | "wheelUp" | "wheelDown" | "other";

/** Maximum characters of a paste: more is neither a search nor a name. */
const maxPaste = 4096;
/** A longer sequence isn't an escape sequence. */
const maxSequence = 64;

const csiLetters: Readonly<Record<string, string>> = {
  A: "up",
  B: "down",
  C: "right",
  D: "left",
  F: "end",
  H: "home",
  P: "f1",
  Q: "f2",
  // Only as ESC O R: ESC [ … R is the cursor's position.
  R: "f3",
  S: "f4",
  Z: "shift-tab",
};

const csiNumbers: Readonly<Record<string, string>> = {
  1: "home",
  2: "insert",
  3: "delete",
  4: "end",
  5: "page-up",
  6: "page-down",
  7: "home",
  8: "end",
  11: "f1",
  12: "f2",
  13: "f3",
  14: "f4",
  15: "f5",
  17: "f6",
  18: "f7",
  19: "f8",
  20: "f9",
  21: "f10",
  23: "f11",
  24: "f12",
};

const modifiers: Readonly<Record<string, string>> = {
  2: "shift-",
  3: "alt-",
  4: "alt-shift-",
  5: "ctrl-",
  6: "ctrl-shift-",
  7: "ctrl-alt-",
};

const controls: Readonly<Record<number, string>> = {
  0x00: "ctrl-space",
  0x08: "ctrl-h",
  0x09: "tab",
  0x0d: "enter",
  0x1b: "esc",
  0x1c: "ctrl-\\",
  0x1d: "ctrl-]",
  0x1e: "ctrl-^",
  // Terminals send this for Ctrl-/ too.
  0x1f: "ctrl-/",
  0x7f: "backspace",
};

const pasteStart = "\x1b[200~";
const pasteEnd = "\x1b[201~";

/** Decodes a stream in any chunks. An Esc at the end waits for {@link flush}: it may start a sequence. */
export class KeyDecoder {
  readonly #decoder = new TextDecoder();
  #pending = "";

  /** Returns whether the last bytes are ambiguous without the next: after about 50 ms of silence, call `flush`. */
  get undecided(): boolean {
    return this.#pending !== "" && !this.#pending.startsWith(pasteStart);
  }

  /** Returns the inputs that these bytes complete. */
  feed(bytes: Uint8Array): TerminalInput[] {
    this.#pending += this.#decoder.decode(bytes, { stream: true });
    return this.#take(false);
  }

  /** No further bytes came: an Esc was the key itself. */
  flush(): TerminalInput[] {
    return this.undecided ? this.#take(true) : [];
  }

  #take(final: boolean): TerminalInput[] {
    const inputs: TerminalInput[] = [];
    while (this.#pending !== "") {
      const taken = takeOne(this.#pending, final);
      if (taken === undefined) break;
      this.#pending = this.#pending.slice(taken.length);
      if (taken.input !== undefined) inputs.push(taken.input);
    }
    return inputs;
  }
}

interface Taken {
  length: number;
  /** Undefined for sequences without a meaning here. */
  input?: TerminalInput;
}

const key = (name: string, length: number): Taken => ({
  length,
  input: { kind: "key", key: name },
});

/** Returns the first input of a text that isn't empty; undefined if it is incomplete. */
function takeOne(text: string, final: boolean): Taken | undefined {
  if (text.startsWith(pasteStart)) return takePaste(text);
  if (text.startsWith("\x1b")) return takeEscape(text, final);
  const code = text.charCodeAt(0);
  if (code < 0x20 || code === 0x7f) return key(controlName(code), 1);
  // deno-lint-ignore no-control-regex -- control characters end a text
  const typed = /^[^\x00-\x1f\x7f-\x9f]+/.exec(text)?.[0];
  if (typed === undefined) return { length: 1 };
  return { length: typed.length, input: { kind: "text", text: typed } };
}

function controlName(code: number): string {
  return controls[code] ?? `ctrl-${String.fromCharCode(code + 0x60)}`;
}

/** Modifiers have one order. */
function withAlt(name: string): string {
  return name.startsWith("ctrl-") ? `ctrl-alt-${name.slice(5)}` : `alt-${name}`;
}

function takePaste(text: string): Taken | undefined {
  const end = text.indexOf(pasteEnd);
  const body = text.slice(pasteStart.length, end < 0 ? undefined : end);
  // An unterminated paste isn't buffered for ever.
  if (end < 0 && body.length <= maxPaste) return undefined;
  const length = end < 0 ? text.length : end + pasteEnd.length;
  return { length, input: { kind: "paste", text: body.slice(0, maxPaste) } };
}

function takeEscape(text: string, final: boolean): Taken | undefined {
  const [second = ""] = text.slice(1, 3);
  if (second === "") return final ? key("esc", 1) : undefined;
  if (second === "[") return takeCsi(text, final);
  if (second === "O") {
    const name = csiLetters[text.charAt(2)];
    if (text.length < 3) return final ? key("alt-O", 2) : undefined;
    return name === undefined ? { length: 3 } : key(name, 3);
  }
  if (second === "\x1b") return key("esc", 1);
  const code = second.charCodeAt(0);
  if (code < 0x20 || code === 0x7f) return key(withAlt(controlName(code)), 2);
  return key(second === " " ? "alt-space" : `alt-${second}`, 1 + second.length);
}

function takeCsi(text: string, final: boolean): Taken | undefined {
  // deno-lint-ignore no-control-regex -- this matches the escape character
  const sequence = /^\x1b\[([<?=>]?)([0-9;:]*)[ -/]*([@-~])/.exec(text);
  if (sequence === null) {
    // deno-lint-ignore no-control-regex -- as above
    const isUnfinished = /^\x1b\[[0-?]*[ -/]*$/.test(text) && text.length < maxSequence;
    if (isUnfinished && !final) return undefined;
    return text.length === 2 ? key("alt-[", 2) : { length: 2 };
  }
  const [{ length }, mark = "", numbers = "", letter = ""] = sequence;
  if (mark === "<" && /[Mm]/.test(letter)) return takeMouse(numbers, letter, length);
  if (mark !== "") return { length };
  if (letter === "R") return takePosition(numbers, length);
  const [first = "", modifier = ""] = numbers.split(";");
  const name = letter === "~" ? csiNumbers[first] : csiLetters[letter];
  return name === undefined ? { length } : key((modifiers[modifier] ?? "") + name, length);
}

function takeMouse(numbers: string, letter: string, length: number): Taken {
  const [button = 0, column = 1, row = 1] = numbers.split(";").map(Number);
  return {
    length,
    input: {
      kind: "mouse",
      action: letter === "M"
        ? mouseAction(button)
        : mouseAction(button) === "click"
        ? "release"
        : "other",
      column: column - 1,
      row: row - 1,
    },
  };
}

function takePosition(numbers: string, length: number): Taken {
  const [row = 1, column = 1] = numbers.split(";").map(Number);
  return { length, input: { kind: "position", column: column - 1, row: row - 1 } };
}

/** The low bits are the button; 4, 8 and 16 are shift, alt and control, 32 a movement, 64 the wheel. */
function mouseAction(button: number): MouseAction {
  if ((button & 32) !== 0) return "other";
  if ((button & 64) !== 0) return (button & 3) === 0 ? "wheelUp" : "wheelDown";
  return (button & 3) === 0 ? "click" : "other";
}
