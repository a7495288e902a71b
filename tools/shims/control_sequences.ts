/** What commander uses of `node:util`. */

/** CSI and OSC sequences: ECMA-48 5.4 and 8.3.89. */
// deno-lint-ignore no-control-regex -- control characters are what it is about
const controlSequence = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))/g;

/** The text as it takes place on a terminal. */
export function stripVTControlCharacters(text: string): string {
  return text.replace(controlSequence, "");
}
