/** Texts of several lines in VS Code's input boxes, which have one line and join those that are pasted. Pure. */

/**
 * Returns a text with the lines of a source, such as the clipboard, that a box has joined in it; the text itself if the
 * source isn't in it, or has one line.
 */
export function withLinesOf(text: string, source: string): string {
  const lines = source.trim().split(/\r\n?|\n/);
  if (lines.length === 1) return text;
  // What is pasted is joined by blanks; a value that the box begins with, by nothing.
  for (const joined of [lines.join(" "), lines.join("")]) {
    const at = text.indexOf(joined);
    if (at >= 0) return text.slice(0, at) + lines.join("\n") + text.slice(at + joined.length);
  }
  return text;
}
