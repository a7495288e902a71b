/** Parsers for the args of `kodama logs`. Each throws {@link BadValue}. */
import {
  type NameChoice,
  parseTemplate,
  type TemplatePart,
  templateWords,
} from "../../../actions/logs/events.ts";
import type { StampStyle } from "../../../present/logs_painter.ts";
import { BadValue, type Flag, type FlagOptions, toggle } from "../../parser/flag.ts";

/** Parses a regular expression for the text of lines. */
export function linePattern(raw: string): RegExp {
  if (raw === "") throw new BadValue(raw, "it is empty, and would match every line");
  return regExp(raw, raw);
}

/** Parses a container's name; between slashes an expression. No name can contain a slash. */
export function containerName(raw: string): NameChoice {
  if (raw === "") throw new BadValue(raw, "it is empty");
  if (raw.length < 3 || !raw.startsWith("/") || !raw.endsWith("/")) {
    return { kind: "exact", name: raw };
  }
  return { kind: "regExp", regExp: regExp(raw, raw.slice(1, -1)) };
}

function regExp(raw: string, source: string): RegExp {
  try {
    return new RegExp(source, "u");
  } catch (error) {
    throw new BadValue(raw, error instanceof Error ? error.message : String(error), {
      hint: "a backslash before a special character takes it as it is",
    });
  }
}

/** Parses a number of lines; undefined, which is all of them, for -1. */
export function lineCount(raw: string): number | undefined {
  if (raw === "-1") return undefined;
  const number = Number(raw);
  if (!/^\d+$/.test(raw) || !Number.isSafeInteger(number)) {
    throw new BadValue(raw, "must be a whole number, 0 or more, or -1 for all lines");
  }
  return number;
}

/** Parses RFC 3339, with a zone. */
export function momentOf(raw: string): Date {
  const moment = new Date(raw);
  const shape = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i;
  if (shape.test(raw) && !Number.isNaN(moment.getTime())) return moment;
  throw new BadValue(raw, "it is not a time", { hint: "a time looks like 2026-01-02T15:04:05Z" });
}

/** Parses `ready`, `ready=false`. */
export function conditionOf(raw: string): { type: string; status: string } {
  const match = /^([A-Za-z][\w./-]*)(?:=(true|false|unknown))?$/i.exec(raw);
  if (match === null) {
    throw new BadValue(raw, "must be NAME or NAME=STATUS", { hint: "as in ready=false" });
  }
  return { type: match[1] ?? "", status: match[2] ?? "true" };
}

/** Parses names separated by commas. */
export function fieldNames(raw: string): readonly string[] {
  const names = raw.split(",").map((name) => name.trim());
  if (names.every((name) => name !== "")) return names;
  throw new BadValue(raw, "must be names with commas between", { hint: "as in level,msg" });
}

/** Parses a template for lines. */
export function template(raw: string): readonly TemplatePart[] {
  const parsed = parseTemplate(raw);
  if (parsed.kind === "template") return parsed.parts;
  throw new BadValue(raw, parsed.reason, {
    hint: `the words are ${templateWords.map((word) => `{${word}}`).join(" ")} {json.NAME}`,
  });
}

const stampStyles: readonly StampStyle[] = ["full", "local", "short"];

/** Declares the format of the time in front of a line: a switch, as in kubectl, that takes a style after `=`. */
export function timestamps(summary: string, options: FlagOptions): Flag<StampStyle | undefined> {
  const plain = toggle(summary, options);
  const shape = "[=full|local|short]";
  return {
    ...plain,
    placeholder: shape,
    resolve: (texts) => {
      const text = texts.at(-1);
      const style = stampStyles.find((one) => one === text);
      if (style !== undefined) return style;
      try {
        return plain.resolve(texts) ? "full" : undefined;
      } catch (error) {
        if (!(error instanceof BadValue)) throw error;
        throw new BadValue(error.text, `must be one of ${stampStyles.join(", ")}`, {
          candidates: stampStyles,
        });
      }
    },
  };
}
