/** A terminal's screen as an SVG: text with SGR sequences in, an image out. Pure. */
import { displayWidth } from "../src/terminal/width.ts";

/** The style of one cell: palette indexes from 0 to 255, or undefined for the terminal's own colour. */
interface Look {
  readonly foreground: number | undefined;
  readonly background: number | undefined;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly underline: boolean;
  readonly reverse: boolean;
}

/** A text in one style, and the column at which it starts. */
interface Run {
  readonly text: string;
  readonly column: number;
  readonly width: number;
  readonly look: Look;
}

const defaultLook: Look = {
  foreground: undefined,
  background: undefined,
  bold: false,
  dim: false,
  underline: false,
  reverse: false,
};

/** The sixteen named colours on the picture's dark background; it has the same colours on a light page. */
const named = [
  "#3b4252",
  "#f7768e",
  "#9ece6a",
  "#e0af68",
  "#7aa2f7",
  "#bb9af7",
  "#7dcfff",
  "#c8ccd8",
  "#6b7394",
  "#ff8fa3",
  "#b5e07f",
  "#f2c781",
  "#94b6ff",
  "#cdb3ff",
  "#9fdcff",
  "#ffffff",
];

const colors = { background: "#1a1b26", text: "#d5d9e6", border: "#3b4252", title: "#8b93b0" };

const cell = { width: 8.4, height: 19, baseline: 14, fontSize: 14 };
const padding = { x: 16, y: 14 };
const barHeight = 30;

/** The content of a picture. */
export interface TerminalPicture {
  /** The text for screen readers, and of the window's title bar. */
  title: string;
  columns: number;
  /** The screen's rows, each a text with SGR sequences and no others. */
  rows: readonly string[];
}

/** A screen of a moving picture, as the rows of {@link TerminalPicture}. */
export interface Frame {
  rows: readonly string[];
  seconds: number;
}

/** Returns the picture as an SVG without scripts and without external fonts or files. */
export function terminalSvg({ title, columns, rows }: TerminalPicture): string {
  return windowSvg({ title, columns, height: rows.length }, rowsSvg(rows));
}

/**
 * Returns screens that follow each other, again and again, as such an SVG: a row that stays is drawn once. If the reader
 * wants no motion, or its program knows none, it is the last screen.
 */
export function movingSvg(
  { title, columns, frames }: { title: string; columns: number; frames: readonly Frame[] },
): string {
  const screens = frames.map(({ rows }) => rowsSvg(rows));
  const starts = frames.map((_, index) =>
    frames.slice(0, index).reduce((sum, { seconds }) => sum + seconds, 0)
  );
  const total = (starts.at(-1) ?? 0) + (frames.at(-1)?.seconds ?? 0);
  const percent = (frame: number) => round(100 * (starts[frame] ?? total) / total);
  const styles = new Map<string, string>();
  const height = Math.max(...screens.map(({ length }) => length));
  const body = Array.from({ length: height }, (_, row) => {
    const parts: string[] = [];
    for (let from = 0; from < screens.length;) {
      const drawn = screens[from]?.[row] ?? "";
      let to = from + 1;
      while (to < screens.length && (screens[to]?.[row] ?? "") === drawn) to++;
      const name = `f${from}-${to}`;
      const isAlways = to - from === screens.length;
      if (drawn !== "") parts.push(isAlways ? drawn : `<g class="${name}">${drawn}</g>`);
      if (drawn !== "" && !isAlways) styles.set(name, style(name, from, to));
      from = to;
    }
    return parts.join("");
  });
  return windowSvg({ title, columns, height }, [
    `<style>${[...styles.values()].join("")}` +
    "@media (prefers-reduced-motion:reduce){g{animation:none!important}}</style>",
    ...body,
  ]);

  function style(name: string, from: number, to: number): string {
    const steps = [
      `${percent(from)}%{visibility:visible}`,
      ...(from === 0 ? [] : ["0%{visibility:hidden}"]),
      to === screens.length ? "100%{visibility:visible}" : `${percent(to)}%{visibility:hidden}`,
    ].join("");
    const still = to === screens.length ? "visible" : "hidden";
    return `.${name}{visibility:${still};animation:${name} ${total}s step-end infinite}` +
      `@keyframes ${name}{${steps}}`;
  }
}

/** Returns each row of a screen. */
function rowsSvg(rows: readonly string[]): string[] {
  let look = defaultLook;
  return rows.map((row, index) => {
    const parsed = runsOf(row, look);
    look = parsed.look;
    const top = barHeight + padding.y + index * cell.height;
    return parsed.runs.map((run) => runSvg(run, top)).join("");
  });
}

/** Returns the terminal's window with a content; `height` in rows. */
function windowSvg(
  { title, columns, height: rows }: { title: string; columns: number; height: number },
  body: readonly string[],
): string {
  const width = Math.ceil(columns * cell.width + 2 * padding.x);
  const height = barHeight + rows * cell.height + 2 * padding.y;
  const dots = ["#f7768e", "#e0af68", "#9ece6a"]
    .map((fill, index) => `<circle cx="${18 + index * 18}" cy="15" r="5" fill="${fill}"/>`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">`,
    `<title>${escaped(title)}</title>`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" ` +
    `fill="${colors.background}" stroke="${colors.border}"/>`,
    dots.join(""),
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" ` +
    `font-size="${cell.fontSize}">`,
    `<text x="${width / 2}" y="20" text-anchor="middle" font-size="12" fill="${colors.title}">` +
    `${escaped(title)}</text>`,
    ...body.filter((line) => line !== ""),
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

/** Returns the runs of a row, and the style at its end. Throws for a sequence other than SGR. */
function runsOf(row: string, before: Look): { runs: Run[]; look: Look } {
  const runs: Run[] = [];
  let look = before;
  let column = 0;
  // deno-lint-ignore no-control-regex -- a terminal's screen consists of sequences
  for (const [whole, codes] of row.matchAll(/\x1b\[([\d;]*)m|[^\x1b]+|\x1b/g)) {
    if (codes !== undefined) {
      look = withCodes(look, codes);
    } else if (whole === "\x1b") {
      throw new Error(`not an SGR sequence: ${JSON.stringify(row)}`);
    } else {
      const width = displayWidth(whole);
      runs.push({ text: whole, column, width, look });
      column += width;
    }
  }
  return { runs, look };
}

/** Returns the style after an SGR sequence. https://invisible-island.net/xterm/ctlseqs/ctlseqs.html */
function withCodes(before: Look, codes: string): Look {
  const numbers = codes.split(";").map(Number);
  let look = before;
  for (let index = 0; index < numbers.length; index++) {
    const code = numbers[index] ?? 0;
    if (code === 0) look = defaultLook;
    else if (code === 1) look = { ...look, bold: true };
    else if (code === 2) look = { ...look, dim: true };
    else if (code === 4) look = { ...look, underline: true };
    else if (code === 7) look = { ...look, reverse: true };
    else if (code === 22) look = { ...look, bold: false, dim: false };
    else if (code === 24) look = { ...look, underline: false };
    else if (code === 27) look = { ...look, reverse: false };
    else if (code >= 30 && code <= 37) look = { ...look, foreground: code - 30 };
    else if (code >= 90 && code <= 97) look = { ...look, foreground: code - 82 };
    else if (code >= 40 && code <= 47) look = { ...look, background: code - 40 };
    else if (code >= 100 && code <= 107) look = { ...look, background: code - 92 };
    else if (code === 39) look = { ...look, foreground: undefined };
    else if (code === 49) look = { ...look, background: undefined };
    else if ((code === 38 || code === 48) && numbers[index + 1] === 5) {
      const color = numbers[index + 2] ?? 0;
      look = code === 38 ? { ...look, foreground: color } : { ...look, background: color };
      index += 2;
    } else if (code !== 10) throw new Error(`unsupported SGR code ${code} in "${codes}"`);
  }
  return look;
}

function runSvg({ text, column, width, look }: Run, top: number): string {
  const foreground = paletteColor(look.foreground) ?? colors.text;
  const background = paletteColor(look.background);
  const [ink, paper] = look.reverse
    ? [background ?? colors.background, foreground]
    : [foreground, background];
  const x = round(padding.x + column * cell.width);
  const span = round(width * cell.width);
  const rect = paper === undefined
    ? ""
    : `<rect x="${x}" y="${top}" width="${span}" height="${cell.height}" fill="${paper}"/>`;
  const style = [
    look.bold ? ` font-weight="bold"` : "",
    look.dim ? ` opacity="0.6"` : "",
    look.underline ? ` text-decoration="underline"` : "",
  ].join("");
  // Browsers differ in what they do with spaces, so there are single ones alone, between words.
  const parts = [...text.matchAll(/\S+(?: \S+)*/g)].map(({ 0: part, index }) => {
    const at = round(padding.x + (column + displayWidth(text.slice(0, index))) * cell.width);
    // The fixed length aligns columns in any monospaced font of the reader.
    const length = round(displayWidth(part) * cell.width);
    return `<text x="${at}" y="${top + cell.baseline}" textLength="${length}" fill="${ink}"` +
      `${style} lengthAdjust="spacingAndGlyphs">${escaped(part)}</text>`;
  });
  return rect + parts.join("");
}

/** Returns one of the 256 colours: named, of the 6x6x6 cube, or of the greys. */
function paletteColor(index: number | undefined): string | undefined {
  if (index === undefined || index < 16) return index === undefined ? undefined : named[index];
  if (index >= 232) return hex([0, 0, 0].map(() => 8 + (index - 232) * 10));
  const at = index - 16;
  const level = (part: number) => part === 0 ? 0 : 55 + part * 40;
  return hex([Math.floor(at / 36), Math.floor(at / 6) % 6, at % 6].map(level));
}

function hex(parts: readonly number[]): string {
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

function round(length: number): number {
  return Math.round(length * 100) / 100;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
