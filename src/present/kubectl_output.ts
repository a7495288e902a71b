/** Output of kubectl's reads that a person scans, highlighted. */
import { printable } from "../terminal/printable.ts";
import type { Style } from "../terminal/style.ts";

/** Highlights one line of a verb's output, without its line feed; undefined to omit it. */
type Highlight = (line: string, style: Style) => string | undefined;

/** How lines of output are highlighted, by verb. */
const highlights: Readonly<Record<string, Highlight>> = {
  diff: diffLine,
  explain: explainLine,
  "api-resources": tableLine,
  "api-versions": versionLine,
};

/** Returns the output of a verb, highlighted. Control characters of it can't reach the terminal. */
export function highlighted(verb: string, output: string, style: Style): string {
  const highlight = highlights[verb] ?? ((line) => line);
  return output.split("\n").flatMap((line) => highlight(tamed(line), style) ?? []).join("\n");
}

/** Tabs align the columns of kubectl's tables. */
function tamed(line: string): string {
  return line.split("\t").map(printable).join("\t");
}

/** A unified diff: each object has a title in place of the names of two temporary files. */
function diffLine(line: string, style: Style): string | undefined {
  const [, object] = /^--- \S+\/([^/\t]+)\t/.exec(line) ?? [];
  if (object !== undefined) return style.bold(object);
  if (/^diff -|^\+\+\+ \S+\t/.test(line)) return undefined;
  if (line.startsWith("@@")) return style.dim(line);
  if (line.startsWith("+")) return style.green(line);
  return line.startsWith("-") ? style.red(line) : line;
}

/** `FIELDS:`, and `  replicas\t<integer> -required-`. */
function explainLine(line: string, style: Style): string {
  const [, heading, value = ""] = /^([A-Z]+(?: [A-Z]+)*:)(.*)$/.exec(line) ?? [];
  if (heading !== undefined) return `${style.bold(heading)}${value}`;
  const [, indent = "", name, gap = "", type = "", more = ""] =
    /^(\s+)(\S+)(\s+)(<\S+>)(.*)$/.exec(line) ?? [];
  if (name === undefined) return line;
  return `${indent}${style.bold(name)}${gap}${style.dim(type)}${style.yellow(more)}`;
}

/** The titles of the columns, and the first column. */
function tableLine(line: string, style: Style): string {
  if (/^NAME\s/.test(line)) return style.dim(line);
  const [, name = "", others = ""] = /^(\S+)(.*)$/.exec(line) ?? [];
  return name === "" ? line : `${style.bold(name)}${others}`;
}

/** `apps/v1`: the group is what a person looks for. */
function versionLine(line: string, style: Style): string {
  const [group = "", version] = line.split("/");
  return version === undefined ? line : `${style.bold(group)}${style.dim(`/${version}`)}`;
}

/* What a budget left out, as one line. */

const maxShown = 6;

/** Returns the line; `omitted` isn't empty. */
export function omittedText(omitted: readonly string[], characters: number): string {
  // The same of each item is one omission.
  const all = [...new Set(omitted.map((path) => path.replaceAll(/\[\d+\]/g, "[]")))];
  const shown = all.slice(0, maxShown).map(printable).join(", ");
  const more = all.length - maxShown;
  const rest = more > 0 ? ` and ${more} more` : "";
  return `omitted for --budget ${characters}: ${shown}${rest}`;
}
