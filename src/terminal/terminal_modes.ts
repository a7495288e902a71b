/**
 * The modes that a program has switched on in a terminal, read from its own output: so that the terminal can be
 * restored if the program can't do it itself, because its connection was lost.
 *
 * Private modes of xterm: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
 */

/** Modes that a shell's prompt expects to be off. They are off unless a program switches them on. */
const offAtFirst = new Set([
  ...["1", "47", "1047", "1049"],
  ...["9", "1000", "1002", "1003", "1004", "1005", "1006", "1015", "1016"],
  ...["2004", "2026"],
]);

/** The cursor, on unless a program hides it. */
const cursor = "25";

/** Maximum length of a relevant sequence. */
const longestSequence = 64;

/** `CSI ? modes h|l`, at the start of a text. */
// deno-lint-ignore no-control-regex -- this matches control sequences
const modeSequence = /^\x1b\[\?([\d;]{1,40})([hl])/;
/** Possibly the start of one. */
// deno-lint-ignore no-control-regex -- as above
const openSequence = /^\x1b(?:$|\[(?:$|\?[\d;]*$))/;

/** Follows the output of programs. */
export class TerminalModes {
  readonly #on = new Set<string>();
  #cursorHidden = false;
  /** The end of the last chunk, if it may be an incomplete sequence. */
  #open = "";
  #midLine = false;

  /** Takes the next bytes; sequences are ASCII, so all other bytes don't matter. */
  follow(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#midLine = bytes.at(-1) !== 0x0a;
    const text = this.#open + latin1(bytes);
    this.#open = "";
    for (let at = text.indexOf("\x1b"); at >= 0; at = text.indexOf("\x1b", at + 1)) {
      const tail = text.slice(at, at + longestSequence);
      const [, modes, letter] = modeSequence.exec(tail) ?? [];
      if (modes !== undefined) this.#set(modes.split(";"), letter === "h");
      else if (openSequence.test(tail)) this.#open = tail;
    }
  }

  /** Returns whether the last line is incomplete, so that later output would be appended to it. */
  get midLine(): boolean {
    return this.#midLine;
  }

  /** Returns the sequences that reset all of it; empty if there is nothing to reset. */
  restoration(): string {
    const modes = [...this.#on].map((mode) => `\x1b[?${mode}l`);
    const shown = this.#cursorHidden ? [`\x1b[?${cursor}h`] : [];
    const changed = [...modes, ...shown];
    // A program that was drawing leaves its colours on too.
    return changed.length === 0 ? "" : `${changed.join("")}\x1b[0m`;
  }

  /** Forgets the modes and the incomplete line: another writer has reset them. */
  clear(): void {
    this.#midLine = false;
    this.reset();
  }

  /** Forgets the modes: another writer has reset them, and a line may still be incomplete. */
  reset(): void {
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
  // In pieces: a call accepts a limited number of arguments.
  for (let at = 0; at < bytes.length; at += 4096) {
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  }
  return text;
}
