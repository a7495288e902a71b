/**
 * Characters that control a terminal, or the direction of its text, without an escape sequence: a server, a pod or a
 * file could show one name as another with them. Every painter uses this rule.
 */

/**
 * DEL and the C1 controls; the marks, embeddings, overrides and isolates of bidirectional text
 * (https://www.unicode.org/reports/tr9/); the line and the paragraph separator; deprecated format characters. The C0
 * controls aren't included: how a tab, a line feed or an escape is handled depends on what is painted.
 */
const steering = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f]/;
const everySteering = new RegExp(steering, "g");

/**
 * Returns the text with each steering character as `\u202e`: the escape of JSON and double-quoted YAML, so that
 * documents of both retain their meaning.
 */
export function visible(text: string): string {
  return steering.test(text) ? text.replace(everySteering, escaped) : text;
}

/** Returns the text without them; a line separator becomes a blank. */
export function withoutSteering(text: string): string {
  return text.replace(
    everySteering,
    (character) => /[\x7f-\x9f\u2028\u2029]/.test(character) ? " " : "",
  );
}

/** Returns `\u202e` for a character of 16 bits. */
function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
