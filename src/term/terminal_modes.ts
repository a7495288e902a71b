/**
 * What a program has switched on in a terminal, read from its own output: so that the terminal can be given back
 * where the program can't do it itself, for its link broke in the middle.
 *
 * Private modes of xterm: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
 */

/** Modes that a shell's prompt doesn't want to find, off unless a program switches them on. */
const offAtFirst = new Set([
  ...["1", "47", "1047", "1049"],
  ...["9", "1000", "1002", "1003", "1004", "1005", "1006", "1015", "1016"],
  ...["2004", "2026"],
]);

/** The cursor, on unless a program hides it. */
const cursor = "25";

/** A sequence isn't longer, in what counts here. */
const longestSequence = 64;

/** `CSI ? modes h|l`, at the beginning of a text. */
// deno-lint-ignore no-control-regex -- control sequences are what it reads
const modeSequence = /^\x1b\[\?([\d;]{1,40})([hl])/;
/** Perhaps the beginning of one. */
// deno-lint-ignore no-control-regex -- as above
const openSequence = /^\x1b(?:$|\[(?:$|\?[\d;]*$))/;

/** Follows the output of programs. */
export class TerminalModes {
  readonly #on = new Set<string>();
  #cursorHidden = false;
  /** The end of the last chunk, where it may be half a sequence. */
  #open = "";
  #midLine = false;

  /** Takes the next bytes; sequences are ASCII, so that what else they hold doesn't matter. */
  follow(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#midLine = bytes.at(-1) !== 0x0a;
    const text = this.#open + latin1(bytes);
    this.#open = "";
    for (let at = text.indexOf("\x1b"); at >= 0; at = text.indexOf("\x1b", at + 1)) {
      const rest = text.slice(at, at + longestSequence);
      const [, modes, letter] = modeSequence.exec(rest) ?? [];
      if (modes !== undefined) this.#set(modes.split(";"), letter === "h");
      else if (openSequence.test(rest)) this.#open = rest;
    }
  }

  /** Whether the last line has no end, so that what is written next would stick to it. */
  get midLine(): boolean {
    return this.#midLine;
  }

  /** What takes all of it back; empty where there is nothing. */
  restoration(): string {
    const modes = [...this.#on].map((mode) => `\x1b[?${mode}l`);
    const shown = this.#cursorHidden ? [`\x1b[?${cursor}h`] : [];
    const changed = [...modes, ...shown];
    // Colours of a program that was drawing are left on too.
    return changed.length === 0 ? "" : `${changed.join("")}\x1b[0m`;
  }

  /** Forgets what was switched on, and the open line: somebody else writes now, who has taken it back. */
  clear(): void {
    this.#midLine = false;
    this.#on.clear();
    this.#cursorHidden = false;
    this.#open = "";
  }

  #set(modes: readonly string[], on: boolean): void {
    for (const mode of modes) {
      if (mode === cursor) this.#cursorHidden = !on;
      else if (!offAtFirst.has(mode)) continue;
      else if (on) this.#on.add(mode);
      else this.#on.delete(mode);
    }
  }
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  // In pieces: a call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 4096) {
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  }
  return text;
}
