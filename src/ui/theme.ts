/** The tones of the UI's parts. Their colours are the painter's, unless the settings name others. */
import { sgrOf } from "../base/text_style.ts";
import type { Tone } from "../terminal/grid.ts";
import type { Theme } from "./pane.ts";

/** The theme of every pane. */
export const defaultTheme: Theme = {
  error: "bad",
  warning: "warn",
  success: "good",
  title: "strong",
  muted: "dim",
  cursor: "current",
  mark: "sign",
};

/** The parts of the settings that no pane needs by name. */
const otherParts: Readonly<Record<string, Tone>> = { match: "match", changed: "changed" };

/** Returns the styles of the settings by tones, as parameters of SGR. */
export function themeTones(
  styles: Readonly<Record<string, string>>,
): Readonly<Partial<Record<Tone, string>>> {
  const parts: Readonly<Record<string, Tone>> = { ...defaultTheme, ...otherParts };
  return Object.fromEntries(
    Object.entries(styles).flatMap(([part, style]) => {
      const [tone, sgr] = [parts[part], sgrOf(style)];
      return tone === undefined || sgr === undefined ? [] : [[tone, sgr]];
    }),
  );
}
