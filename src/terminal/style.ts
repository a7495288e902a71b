/** Colours and weights, or plain text: the same calls write plain text if colour is off. */

/** When to colour: `auto` is on a terminal unless the environment disables it. */
export type ColorChoice = "auto" | "always" | "never";

/** Returns whether to colour. `NO_COLOR` (https://no-color.org) and a dumb terminal count for `auto` alone. */
export function wantsColor(
  choice: ColorChoice,
  on: { isTerminal: boolean; noColor: string | undefined; term: string | undefined },
): boolean {
  if (choice !== "auto") return choice === "always";
  return on.isTerminal && (on.noColor ?? "") === "" && on.term !== "dumb";
}

/** Styles text, or returns it unchanged. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  /** A colour of twelve that can be distinguished on dark and light backgrounds; accepts any number. */
  hue(number: number, text: string): string;
}

/** Cyan, green, magenta, yellow, blue and red, first plain and then bright. */
const hues = [36, 32, 35, 33, 34, 31, 96, 92, 95, 93, 94, 91];

/** The number of colours of {@link Style.hue}. */
export const hueCount = hues.length;

const painted: Style = {
  bold: (text) => `\x1b[1m${text}\x1b[22m`,
  dim: (text) => `\x1b[2m${text}\x1b[22m`,
  red: (text) => `\x1b[31m${text}\x1b[39m`,
  green: (text) => `\x1b[32m${text}\x1b[39m`,
  yellow: (text) => `\x1b[33m${text}\x1b[39m`,
  hue: (number, text) => `\x1b[${hues[number % hueCount]}m${text}\x1b[39m`,
};

const as = (text: string) => text;

/** No colour: every text is unchanged. */
export const plainStyle: Style = {
  bold: as,
  dim: as,
  red: as,
  green: as,
  yellow: as,
  hue: (_number, text) => text,
};

/** Returns the style for a stream. */
export function styleFor(color: boolean): Style {
  return color ? painted : plainStyle;
}

/** Returns a number that is always the same for a text, for {@link Style.hue}. FNV-1a, 32 bits. */
export function stableNumber(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return hash >>> 0;
}
