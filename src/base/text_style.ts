/** Styles of text as people write them in settings: `bold red`, `#ff8800 on black`, `reverse`. */

const weights: Readonly<Record<string, string>> = {
  bold: "1",
  dim: "2",
  italic: "3",
  underline: "4",
  reverse: "7",
};

const colors = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/** The syntax of {@link sgrOf}, for messages. */
export const styleText =
  "a style such as bold red, bright-blue, 214 or #ff8800 on black: colours, and bold, dim, italic, underline, reverse";

/** Returns the parameters of SGR for a style, such as `1;31`; undefined if it isn't a style. */
export function sgrOf(style: string): string | undefined {
  const [text = "", behind, ...others] = ` ${style.trim().toLowerCase()} `.split(" on ");
  const names = (part: string) => part.split(/\s+/).filter((name) => name !== "");
  const foreground = names(text).map((name) => weights[name] ?? colorOf(name, 30));
  const background = behind === undefined ? [] : names(behind).map((name) => colorOf(name, 40));
  if (others.length > 0 || behind !== undefined && background.length !== 1) return undefined;
  const parts = [...foreground, ...background];
  return parts.length === 0 || parts.includes(undefined) ? undefined : parts.join(";");
}

/**
 * https://invisible-island.net/xterm/ctlseqs/ctlseqs.html: 30 to 37 and 90 to 97 for text, 10 more for its background.
 */
function colorOf(name: string, base: 30 | 40): string | undefined {
  if (name === "default") return `${base + 9}`;
  const [, bright, color = ""] = /^(bright-)?([a-z]+)$/.exec(name) ?? [];
  const index = colors.indexOf(color);
  if (index >= 0) return `${base + index + (bright === undefined ? 0 : 60)}`;
  if (/^\d{1,3}$/.test(name) && Number(name) < 256) return `${base + 8};5;${Number(name)}`;
  const [, ...parts] = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/.exec(name) ?? [];
  return parts.length === 0
    ? undefined
    : `${base + 8};2;${parts.map((one) => parseInt(one, 16)).join(";")}`;
}
