/** A terminal session as asciicast v2 lines: https://docs.asciinema.org/manual/asciicast/v2/ */
import type { TerminalSize } from "../kube/client.ts";

/** The first line of a file. */
export interface AsciicastHeader {
  size: TerminalSize;
  startedAt: Date;
  title: string;
  /** `TERM` of the session. */
  term: string;
}

/** Turns events into lines, each with its end. Seconds are counted from the start. Keys are never recorded. */
export class AsciicastEncoder {
  readonly #decoder = new TextDecoder();

  header({ size, startedAt, title, term }: AsciicastHeader): string {
    return line({
      version: 2,
      width: size.columns,
      height: size.rows,
      timestamp: Math.floor(startedAt.getTime() / 1000),
      title,
      env: { TERM: term },
    });
  }

  /** A character split over chunks is emitted with the last of them; empty if no character is complete yet. */
  output(elapsedMs: number, bytes: Uint8Array): string {
    const text = this.#decoder.decode(bytes, { stream: true });
    return text === "" ? "" : line([seconds(elapsedMs), "o", text]);
  }

  resized(elapsedMs: number, { columns, rows }: TerminalSize): string {
    return line([seconds(elapsedMs), "r", `${columns}x${rows}`]);
  }

  /** A remark that players show as a chapter marker. */
  marker(elapsedMs: number, text: string): string {
    return line([seconds(elapsedMs), "m", text]);
  }
}

/** Microseconds, as asciinema writes them. */
function seconds(elapsedMs: number): number {
  return Math.round(elapsedMs * 1000) / 1_000_000;
}

function line(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
