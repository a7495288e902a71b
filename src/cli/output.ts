/** The output flag that every command with data shares, and the style that its text is set in. */
import { type ColorChoice, type Style, styleFor, wantsColor } from "../term/style.ts";
import type { OutputStream } from "../term/terminal.ts";
import { choice, valueOr } from "./flag.ts";
import type { Environment } from "./words.ts";

/** The style for a stream of this process. */
export function styleOf(
  stream: OutputStream,
  environment: Environment,
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

/** Formats of data that isn't a table. */
export type DataFormat = "json" | "jsonl" | "yaml";

/** Values as data: one document, or with `jsonl` one line for each. */
export async function renderData(values: readonly unknown[], format: DataFormat): Promise<string> {
  switch (format) {
    case "json":
      return jsonDocument(values);
    case "jsonl":
      return values.map((value) => `${JSON.stringify(value)}\n`).join("");
    case "yaml": {
      const { stringify } = await import("yaml");
      return stringify(values);
    }
  }
}

/** One value as data; with `jsonl` it is a line. */
export async function renderValue(value: unknown, format: DataFormat): Promise<string> {
  if (format === "json") return jsonDocument(value);
  if (format === "jsonl") return `${JSON.stringify(value)}\n`;
  const { stringify } = await import("yaml");
  return stringify(value);
}

/** A value as an indented JSON document. */
export function jsonDocument(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

const colors = choice(["auto", "always", "never"]);

/** `--color` of what sets names in front of lines. */
export const colorFlag = valueOr("colour pod names", colors.parse, "auto", {
  ...colors,
  group: "Output",
});
