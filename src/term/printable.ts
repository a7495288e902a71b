/** Text from elsewhere, made safe to show on a terminal. */

/**
 * The text with every control character (C0, DEL, C1) and every invisible one that turns the direction
 * of writing shown as `\x1b` or `\u202e`, so that a server, a pod or a file can't steer the terminal. Tabs and line feeds stay.
 */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex -- control characters are what this looks for
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    const code = character.charCodeAt(0);
    const digits = code.toString(16);
    return code < 0x100 ? `\\x${digits.padStart(2, "0")}` : `\\u${digits.padStart(4, "0")}`;
  });
}
