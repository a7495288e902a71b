/** External text, made safe to show on a terminal. */
import { escapeControls } from "../base/plain_text.ts";
import type { Piece } from "./terminal.ts";

/**
 * Returns the text with every control character, and every character that changes the text direction, shown as `\x1b`
 * or `\u202e`, so that a server, a pod or a file can't control the terminal. Tabs and line feeds are unchanged.
 */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex -- this matches control characters
  return escapeControls(text).replace(/[\x00-\x08\x0b-\x1f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}

/** Like {@link printable}, on a single line: a line feed is shown as `↵`, and a tab as a blank. */
export function printableLine(text: string): string {
  return printable(text).replaceAll("\n", "↵").replaceAll("\t", " ");
}

/** Returns a message on standard error: a line, or several if the text has line feeds. */
export function messagePiece(text: string): Piece {
  return { stream: "stderr", data: [`${printable(text)}\n`] };
}

/** Returns a message that a slow server or machine is awaited. */
export function progressPiece(text: string): Piece {
  return { ...messagePiece(text), isProgress: true };
}
