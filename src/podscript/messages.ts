/** Messages of scripts in pods: lines that start with a mark. */
import { joinBytes } from "../base/byte_buffer.ts";

/** A keyword, and the rest of the line, split at blanks. */
export interface ScriptMessage {
  keyword: string;
  args: readonly string[];
}

/** Returns the message in a line; undefined if it has no mark. */
export function messageOf(line: Uint8Array, mark: string): ScriptMessage | undefined {
  const text = new TextDecoder().decode(line);
  if (!text.startsWith(mark)) return undefined;
  const [keyword = "", ...args] = text.slice(mark.length).split(" ");
  return { keyword, args };
}

const maxLine = 16 * 1024;
/** Only the tail of the programs' stderr is retained: the reason is at the end. */
const maxComplaints = 4096;

/** The prefix that shells add to their messages: the position in a script that the user hasn't written. */
const shellPrefix = /^(?:kodama[\w-]*|[\w./-]*sh): (?:line )?\d+: /;

/** Splits a script's standard error into messages, and complaints of programs. */
export class ScriptStderr {
  #line: Uint8Array = new Uint8Array();
  #complaints = "";

  /** @param onMessage receives each message when its line is complete. */
  constructor(
    private readonly mark: string,
    private readonly onMessage: (message: ScriptMessage) => void,
  ) {}

  /** The tail of the lines that weren't messages, without empty lines. */
  get complaints(): readonly string[] {
    return this.#complaints.split("\n").map((line) => line.replace(shellPrefix, "").trim())
      .filter((line) => line !== "");
  }

  /** Takes the next bytes. */
  push(bytes: Uint8Array): void {
    let rest = this.#line.length === 0 ? bytes : joinBytes([this.#line, bytes]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      this.#take(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
    }
    this.#line = rest.length > maxLine ? new Uint8Array() : rest.slice();
  }

  /** Takes a last line without a line feed. */
  end(): void {
    this.#take(this.#line);
    this.#line = new Uint8Array();
  }

  #take(line: Uint8Array): void {
    const message = messageOf(line, this.mark);
    if (message !== undefined) return this.onMessage(message);
    const text = `${this.#complaints}${new TextDecoder().decode(line)}\n`;
    this.#complaints = text.slice(-maxComplaints);
  }
}

/**
 * Returns the mark for a run of a script, which starts the lines that are the script's own: programs in the pod can't
 * guess it.
 */
export function newMark(): string {
  return `kodama-${crypto.randomUUID()} `;
}
