/**
 * Decodes the bytes of a terminal in raw mode to keys, texts, pastes and the mouse. The sequences are those of
 * xterm, which every current terminal uses: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
 */

/** An input event. */
export type TerminalInput =
  /** A key by its name: `enter`, `ctrl-a`, `alt-b`, `shift-tab`, `page-up`. */
  | { kind: "key"; key: string }
  /** Characters as typed. A line feed is an Enter that came together with other keys: see `KeyReader`. */
  | { kind: "text"; text: string }
  /** Text that was pasted, whole, however slowly it came; it may contain line breaks. */
  | { kind: "paste"; text: string }
  /** A paste of more than {@link maxPaste} characters. Its text wasn't kept. */
  | { kind: "droppedPaste"; characters: number }
  /** Columns and rows of the screen count from 0. */
  | { kind: "mouse"; action: MouseAction; column: number; row: number }
  /** The terminal's answer to the query for its cursor position. */
  | { kind: "position"; column: number; row: number };

/** A click is the left button pressed, a release is the button released. */
export type MouseAction = "click" | "release" | "wheelUp" | "wheelDown" | "other";

/** Maximum characters of a paste that is kept: a longer paste is dropped as a whole. */
export const maxPaste = 16 * 1024 * 1024;

/** Returns the message for a paste that is longer than a limit. */
export function droppedPasteText(characters: number, limit: number = maxPaste): string {
  const [count, most] = [characters, limit].map((one) => one.toLocaleString("en"));
  return `paste of ${count} characters dropped: over the limit of ${most}`;
}

/** How long after an Esc, or a key with Alt that begins a string, a sequence may continue; else it is the key. */
const escapeMs = 50;
/** How long a sequence that has begun may pause, and how late it may continue after a part was taken for a key. */
const sequenceMs = 1000;
/** After this pause inside of a paste, Ctrl-C that comes alone is a person's: the end of the paste was lost. */
const stalledMs = 2000;

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

/** The second character of each introducer: SS3, CSI, and those of strings. */
const eightBit: Readonly<Record<string, string>> = {
  "\x8f": "O",
  "\x90": "P",
  "\x98": "X",
  "\x9b": "[",
  "\x9d": "]",
  "\x9e": "^",
  "\x9f": "_",
};

/** The function keys of the Linux console: `ESC [ [ A`. */
const consoleKeys: Readonly<Record<string, string>> = {
  A: "f1",
  B: "f2",
  C: "f3",
  D: "f4",
  E: "f5",
};

/** A longer sequence isn't a key's. */
const maxSequence = 64;
const pasteStart = "\x1b[200~";
const pasteEnd = "\x1b[201~";
const pasteEnd8Bit = "\x9b201~";

/**
 * The bytes that a terminal sends after an Esc, or after a key with Alt, that a pause has made a key of: enough of a
 * sequence, without its Esc, to distinguish it from typed text, and the beginnings of it.
 */
const lateControl = {
  whole: /^\[(?:[A-DFHPQSZ]|\[[A-E]|[<-?]?[0-9;:]+[ -/]?[@-Z^-~])/,
  begun: /^\[(?:\[|[<-?]?[0-9;:]*[ -/]?)$/,
};
/** Sequences other than control sequences, as {@link lateControl}. */
const lateOthers: readonly (typeof lateControl)[] = [
  { whole: /^O[0-9;]*[A-DFHPQRS]/, begun: /^O[0-9;]*$/ },
  // Answers to queries: of colours, of the name and the settings of the terminal, of its pictures.
  { whole: /^\]\d{1,4};/, begun: /^\]\d{0,4}$/ },
  { whole: /^P[\d;]*[>!$+]/, begun: /^P[\d;]*$/ },
  { whole: /^_G[a-z]=/, begun: /^_(?:G[a-z]?)?$/ },
];

/** The sequence to which the next bytes belong. */
type DecoderState =
  | { kind: "keys" }
  /** The text was given out as a key after a pause; the rest of a sequence may still come. */
  | { kind: "late"; given: string; isForProgram: boolean }
  /** A paste, up to its end marker, whatever is in it and however long it takes. */
  | {
    kind: "paste";
    text: string;
    characters: number;
    /** A marker of 8 bits in a paste that began with 7 is text: only the terminal's own form ends it. */
    ends: readonly string[];
    isStalled: boolean;
  }
  /** A control sequence that no key has, up to its final character. */
  | { kind: "csi" }
  /** A string of the terminal, as an answer to an earlier program, up to its terminator. */
  | { kind: "string" };

/**
 * Decodes a stream in any chunks. Input that is neither a key nor text is dropped as a whole, and never typed: a limit
 * ends only the input that it limits. An incomplete sequence waits for its end, or for {@link flush} after a silence.
 * Ctrl-C always comes out, and ends the sequence around it.
 */
export class KeyDecoder {
  // A byte order mark is a character of a paste like any other.
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #state: DecoderState = { kind: "keys" };
  #pending = "";

  /** After how much silence to call {@link flush}, in milliseconds; undefined if nothing waits. */
  get silenceMs(): number | undefined {
    const state = this.#state;
    if (state.kind === "paste") return state.isStalled ? undefined : stalledMs;
    if (state.kind !== "keys") return sequenceMs;
    if (this.#pending === "") return undefined;
    return keyOfPause(this.#pending) === undefined ? sequenceMs : escapeMs;
  }

  /** Returns the inputs that these bytes complete. */
  feed(bytes: Uint8Array): TerminalInput[] {
    const inputs: TerminalInput[] = [];
    if (this.#state.kind === "paste" && this.#state.isStalled) {
      if (bytes.length === 1 && bytes[0] === 3) return [{ kind: "key", key: "ctrl-c" }];
      this.#state = { ...this.#state, isStalled: false };
    }
    this.#pending += this.#decoder.decode(bytes, { stream: true });
    while (this.#pending !== "") {
      const before = { length: this.#pending.length, state: this.#state };
      const input = this.#step();
      if (input !== undefined) inputs.push(input);
      else if (this.#pending.length === before.length && this.#state === before.state) break;
    }
    return inputs;
  }

  /**
   * Ends waiting input: a lone Esc was the key itself, and an unfinished sequence is dropped. `isForProgram`: the
   * inputs go on to a program, in which letters after an Esc are typed often. Only of control sequences, as the start
   * of a paste, a late rest is waited for; of others it is the terminal's text.
   */
  flush({ isForProgram = false }: { isForProgram?: boolean } = {}): TerminalInput[] {
    const state = this.#state;
    const pending = this.#pending;
    switch (state.kind) {
      case "paste":
        this.#state = { ...state, isStalled: true };
        return [];
      case "keys": {
        const given = keyOfPause(pending);
        this.#pending = "";
        if (given === undefined) return [];
        this.#state = { kind: "late", given: pending, isForProgram };
        return [{ kind: "key", key: given }];
      }
      case "late":
        this.#state = { kind: "keys" };
        return this.feed(new Uint8Array());
      case "csi":
      case "string":
        this.#state = { kind: "keys" };
        this.#pending = "";
        return [];
    }
  }

  /** Takes from the pending text; changes nothing if it is incomplete. */
  #step(): TerminalInput | undefined {
    switch (this.#state.kind) {
      case "late":
        return this.#late(this.#state);
      case "paste":
        return this.#paste(this.#state);
      case "csi":
        return this.#skip(/[^ -?]/, (end) => /^[@-~]/.test(end) ? 1 : 0);
      case "string":
        return this.#string();
      case "keys":
        return this.#key();
    }
  }

  #late({ given, isForProgram }: Extract<DecoderState, { kind: "late" }>): undefined {
    const text = given + this.#pending;
    const rest = text.slice(1);
    const sequences = isForProgram ? [lateControl] : [lateControl, ...lateOthers];
    const isBegun = sequences.some(({ begun }) => begun.test(rest));
    if (isBegun && rest.length <= maxSequence) return;
    this.#state = { kind: "keys" };
    if (isBegun || sequences.some(({ whole }) => whole.test(rest))) this.#pending = text;
  }

  #key(): TerminalInput | undefined {
    // The introducers of 8 bits, which UTF-8 has as characters of their own.
    const [first = "", second = ""] = this.#pending;
    const is8Bit = first in eightBit;
    const introducer = first === "\x1b" ? second : eightBit[first] ?? "";
    const text = is8Bit ? `\x1b${introducer}${this.#pending.slice(1)}` : this.#pending;
    if (text.startsWith(pasteStart)) {
      const ends = is8Bit ? [pasteEnd8Bit, pasteEnd] : [pasteEnd];
      this.#state = { kind: "paste", text: "", characters: 0, ends, isStalled: false };
      this.#pending = text.slice(pasteStart.length);
      return undefined;
    }
    // deno-lint-ignore no-control-regex -- a string begins with a character that isn't a control character
    if (is8Bit ? /^\x1b[\]PX^_]/.test(text) : /^\x1b[\]PX^_][^\x00-\x1f\x7f]/.test(text)) {
      this.#state = { kind: "string" };
      this.#pending = text.slice(2);
      return undefined;
    }
    // deno-lint-ignore no-control-regex -- this matches the escape character
    if (text.length > maxSequence && /^\x1b[[O][ -?]*$/.test(text)) {
      this.#state = { kind: "csi" };
      this.#pending = "";
      return undefined;
    }
    const taken = takeOne(text);
    if (taken !== undefined) this.#pending = text.slice(taken.length);
    return taken?.input;
  }

  #paste(paste: Extract<DecoderState, { kind: "paste" }>): TerminalInput | undefined {
    const pending = this.#pending;
    const found = paste.ends.map((end) => ({ end, at: pending.indexOf(end) }))
      .filter(({ at }) => at >= 0).sort((one, other) => one.at - other.at)[0];
    // The last characters may begin the marker.
    const length = found?.at ?? Math.max(0, pending.length - pasteEnd.length + 1);
    const characters = paste.characters + length;
    const text = characters > maxPaste ? "" : paste.text + pending.slice(0, length);
    if (found === undefined) {
      if (length > 0) this.#state = { ...paste, text, characters };
      this.#pending = pending.slice(length);
      return undefined;
    }
    this.#state = { kind: "keys" };
    this.#pending = pending.slice(length + found.end.length);
    return characters > maxPaste ? { kind: "droppedPaste", characters } : { kind: "paste", text };
  }

  #string(): undefined {
    // deno-lint-ignore no-control-regex -- BEL, ST, CAN, SUB, or an Esc that begins another sequence
    return this.#skip(/[\x03\x07\x18\x1a\x1b\x9c]/, (end) => {
      if (end.startsWith("\x1b")) return end.startsWith("\x1b\\") ? 2 : 0;
      return end.startsWith("\x03") ? 0 : 1;
    });
  }

  /** Drops up to the first match, and as many characters of it as `lengthOf` says; then keys follow. */
  #skip(end: RegExp, lengthOf: (rest: string) => number): undefined {
    const at = this.#pending.search(end);
    // An Esc at the end may begin the terminator.
    if (at < 0 || this.#pending.slice(at) === "\x1b") {
      this.#pending = at < 0 ? "" : "\x1b";
      return;
    }
    const rest = this.#pending.slice(at);
    this.#pending = rest.slice(lengthOf(rest));
    this.#state = { kind: "keys" };
  }
}

/** Returns the key that a text is if nothing follows it; undefined if it is a part of a sequence. */
function keyOfPause(pending: string): string | undefined {
  if (pending === "\x1b") return "esc";
  // deno-lint-ignore no-control-regex -- keys with Alt that are the introducers of strings
  return /^\x1b[\]PX^_]$/.test(pending) ? `alt-${pending.slice(1)}` : undefined;
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
function takeOne(text: string): Taken | undefined {
  if (text.startsWith("\x1b")) return takeEscape(text);
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

/** Modifiers have a fixed order. */
function withAlt(name: string): string {
  return name.startsWith("ctrl-") ? `ctrl-alt-${name.slice(5)}` : `alt-${name}`;
}

function takeEscape(text: string): Taken | undefined {
  const [second = ""] = text.slice(1, 3);
  if (second === "" || keyOfPause(text) !== undefined) return undefined;
  if (second === "[") return takeCsi(text);
  if (second === "O") return takeSs3(text);
  // An Esc before another sequence, or before Ctrl-C, which no modifier hides.
  if (second === "\x1b" || second === "\x03" || second in eightBit) return key("esc", 1);
  const code = second.charCodeAt(0);
  if (code < 0x20 || code === 0x7f) return key(withAlt(controlName(code)), 2);
  return key(second === " " ? "alt-space" : `alt-${second}`, 1 + second.length);
}

/** Some terminals send the modifier of a key between the introducer and the letter. */
function takeSs3(text: string): Taken | undefined {
  // deno-lint-ignore no-control-regex -- this matches the escape character
  const begun = /^\x1bO([0-9;:]*)/.exec(text);
  const [{ length } = "", numbers = ""] = begun ?? [];
  const letter = text.charAt(length);
  if (letter === "") return undefined;
  if (!/[@-~]/.test(letter)) return { length };
  const name = csiLetters[letter];
  const modifier = modifiers[numbers.split(/[;:]/).at(-1) ?? ""] ?? "";
  return name === undefined ? { length: length + 1 } : key(modifier + name, length + 1);
}

function takeCsi(text: string): Taken | undefined {
  // deno-lint-ignore no-control-regex -- this matches the escape character
  const [begun = "", body = ""] = /^\x1b\[([ -?]*)/.exec(text) ?? [];
  const letter = text.charAt(begun.length);
  const length = begun.length + 1;
  if (letter === "") return undefined;
  // A control character breaks it off.
  if (!/[@-~]/.test(letter)) return { length: begun.length };
  if (letter === "[" && body === "") {
    if (text.length === length) return undefined;
    const name = consoleKeys[text.charAt(length)];
    return name === undefined ? { length } : key(name, length + 1);
  }
  const [whole, mark = "", numbers = ""] = /^([<-?]?)([0-9;:]*)[ -/]*$/.exec(body) ?? [];
  if (whole === undefined || length > maxSequence) return { length };
  if (mark === "<" && /[Mm]/.test(letter)) return takeMouse(numbers, letter, length);
  if (mark !== "") return { length };
  if (letter === "R") {
    const [row = 1, column = 1] = numbers.split(";").map(Number);
    return { length, input: { kind: "position", column: column - 1, row: row - 1 } };
  }
  const [first = "", modifier = ""] = numbers.split(";");
  if (letter === "Z") return key(shiftTab(modifier), length);
  const name = letter === "~" ? csiNumbers[first] : csiLetters[letter];
  return name === undefined ? { length } : key((modifiers[modifier] ?? "") + name, length);
}

/** The letter is Tab with Shift already, which a terminal may repeat in the modifiers: 1 and the bit 1 for Shift. */
function shiftTab(modifier: string): string {
  const withShift = ((Number(modifier || 1) - 1) | 1) + 1;
  return `${modifiers[withShift] ?? "shift-"}tab`;
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

/** The low bits are the button; 4, 8 and 16 are shift, alt and control, 32 a movement, 64 the wheel. */
function mouseAction(button: number): MouseAction {
  if ((button & 32) !== 0) return "other";
  if ((button & 64) !== 0) return (button & 3) === 0 ? "wheelUp" : "wheelDown";
  return (button & 3) === 0 ? "click" : "other";
}
