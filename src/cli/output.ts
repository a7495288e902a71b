/** The output flag that every command with data shares, and the style of its text. */
import { escapeControls } from "../base/plain_text.ts";
import { jsonDocument, jsonLine, toJson } from "../present/json.ts";
import { type ColorChoice, type Style, styleFor, wantsColor } from "../terminal/style.ts";
import type { OutputStream } from "../terminal/terminal.ts";
import { choice, valueOr } from "./parser/flag.ts";
import type { VariableSource } from "./parser/parse.ts";

/** Returns the style for a stream of this process. */
export function styleOf(
  stream: OutputStream,
  environment: VariableSource,
  choice: ColorChoice = "auto",
): Style {
  return styleFor(
    wantsColor(choice, {
      isTerminal: stream.isTerminal,
      noColor: environment("NO_COLOR"),
      term: environment("TERM"),
    }),
  );
}

/**
 * Returns whether the output of a stream ends on a terminal: the stream is one, or `--color always` means that a pager
 * is between. Text from pods is tamed then; any other pipe or file gets its bytes unchanged.
 */
export function endsOnTerminal(stream: OutputStream, choice: ColorChoice): boolean {
  return stream.isTerminal || choice === "always";
}

/** Formats for data other than tables. */
export type DataFormat = "json" | "jsonl" | "yaml";

/** Formats values as data: one document, or with `jsonl` one line for each. */
export async function renderData(values: readonly unknown[], format: DataFormat): Promise<string> {
  switch (format) {
    case "json":
      return jsonDocument(values);
    case "jsonl":
      return values.map(jsonLine).join("");
    case "yaml":
      return await yamlDocument(values);
  }
}

/** Formats one value as data; with `jsonl` it is a line. */
export async function renderValue(value: unknown, format: DataFormat): Promise<string> {
  if (format === "json") return jsonDocument(value);
  if (format === "jsonl") return jsonLine(value);
  return await yamlDocument(value);
}

/**
 * A value as YAML. A text with control characters is double-quoted: escapes like `\u202e` keep its meaning there.
 */
async function yamlDocument(value: unknown): Promise<string> {
  const { Scalar, stringify } = await import("yaml");
  return stringify(toJson(value), (_key: unknown, one: unknown) => {
    if (typeof one !== "string" || escapeControls(one) === one) return one;
    const quoted = new Scalar(one);
    quoted.type = Scalar.QUOTE_DOUBLE;
    return quoted;
  });
}

const colors = choice(["auto", "always", "never"]);

/** `--color` of the commands that print names in front of lines. */
export const colorFlag = valueOr("colour pod names", colors.parse, "auto", {
  ...colors,
  group: "Output",
});

/** Returns a path below the working directory relative to it; any other path unchanged. */
export function nearPath(path: string, workingDir: string): string {
  return path.startsWith(`${workingDir}/`) ? path.slice(workingDir.length + 1) : path;
}
