/** The output flag that every command with data shares, and the style of its text. */
import { jsonDocument, jsonLine, toJson } from "../present/json.ts";
import { type ColorChoice, type Style, styleFor, wantsColor } from "../terminal/style.ts";
import type { OutputStream, Terminal } from "../terminal/terminal.ts";
import { success } from "./exit_codes.ts";
import type { Invocation } from "./invocation.ts";
import { choice, type Flag, value, valueOr } from "./parser/flag.ts";
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

/**
 * Returns whether a status line can be drawn: behind a pipe another program may draw on this terminal, as a pager does.
 */
export function drawsStatus(
  { terminal: { stdout, stderr }, environment }: Pick<Invocation, "terminal" | "environment">,
): boolean {
  return stdout.isTerminal && stderr.isTerminal && environment("TERM") !== "dumb";
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
 * Writes a list as a table, or as data if a format for programs is given; returns the exit code.
 *
 * @param options.empty the message if there is nothing to list.
 */
export async function writeList<T>(
  { stdout, stderr }: Terminal,
  items: readonly T[],
  { format, data = (item) => item, table, empty }: {
    format: DataFormat | "table" | "wide" | undefined;
    data?: (item: T) => unknown;
    table: () => readonly string[];
    empty: string;
  },
): Promise<number> {
  if (format !== undefined && format !== "table" && format !== "wide") {
    await stdout.write(await renderData(items.map((item) => data(item)), format));
  } else if (items.length === 0) await stderr.write(`${empty}\n`);
  else await stdout.write(table().map((line) => `${line}\n`).join(""));
  return success;
}

/** `namespace "shop" (context prod)`: where a list found nothing. */
export function whereText(
  { namespace, context }: { namespace?: string | undefined; context: string },
): string {
  const which = namespace === undefined ? "any namespace" : `namespace "${namespace}"`;
  return `${which} (context ${context})`;
}

/** `--output` of commands that print a table or text otherwise. */
export function dataFlag(summary: string): Flag<DataFormat | undefined> {
  return value(summary, choice(["json", "jsonl", "yaml"]), { short: "o" });
}

/** `--output` of commands that print one object. */
export function documentFlag(summary: string): Flag<"json" | "yaml" | undefined> {
  return value(summary, choice(["json", "yaml"]), { short: "o" });
}

async function yamlDocument(value: unknown): Promise<string> {
  const { yamlText } = await import("../base/yaml/write.ts");
  return yamlText(toJson(value));
}

/** `--color` of the commands that print names in front of lines. */
export const colorFlag = valueOr("colour pod names", choice(["auto", "always", "never"]), "auto", {
  group: "Output",
});
