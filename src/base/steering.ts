/**
 * Characters that steer a terminal, or the direction of the text on it, without an escape sequence: a server, a pod or
 * a file could show one name as another with them. Every painter takes its rule from here.
 */

/**
 * DEL and the C1 controls; the marks, embeddings, overrides and isolates of bidirectional text
 * (https://www.unicode.org/reports/tr9/); the line and the paragraph separator; deprecated format characters.
 * The C0 controls aren't among them: what a tab, a line feed or an escape becomes depends on what is painted.
 */
const steering = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f]/;
const everySteering = new RegExp(steering, "g");

/**
 * Returns the text with each steering character as `\u202e`: the escape that JSON and double-quoted YAML have for it,
 * so that documents of both keep their meaning.
 */
export function visible(text: string): string {
  return steering.test(text) ? text.replace(everySteering, escaped) : text;
}

/** Returns the text without them; a separator of lines becomes a blank. */
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
