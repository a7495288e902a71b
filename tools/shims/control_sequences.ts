/** The part of `node:util` that commander uses. */

/** CSI and OSC sequences: ECMA-48 5.4 and 8.3.89. */
// deno-lint-ignore no-control-regex -- the expression matches control characters
const controlSequence = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))/g;

/** Returns the text without its control sequences. */
export function stripVTControlCharacters(text: string): string {
  return text.replace(controlSequence, "");
}
