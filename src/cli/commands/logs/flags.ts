/** The flags of `kodama logs`. If kubectl or stern has the flag, its name and meaning are the same. */
import {
  BadValue,
  choice,
  type Flag,
  type FlagOptions,
  toggle,
  value,
  valueOr,
  values,
} from "../../parser/flag.ts";
import { optionFlag } from "../../parser/option_flag.ts";
import { colorFlag } from "../../output.ts";
import { selectionFlags } from "../../parser/selection.ts";
import {
  type NameChoice,
  parseTemplate,
  templateFields,
  type TemplatePart,
} from "../../../actions/logs/events.ts";
import { logsOptions } from "../../../actions/logs/options.ts";
import type { StampStyle } from "../../../present/logs_painter.ts";

/* Parsers for the args of `kodama logs`. Each throws {@link BadValue}. */

/** Parses a regular expression for the text of lines. */
function linePattern(raw: string): RegExp {
  if (raw === "") throw new BadValue(raw, "it is empty, and would match every line");
  return regExp(raw, raw);
}

/** Parses a container's name; between slashes an expression. No name can contain a slash. */
function containerName(raw: string): NameChoice {
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
function lineCount(raw: string): number | undefined {
  if (raw === "-1") return undefined;
  const number = Number(raw);
  if (!/^\d+$/.test(raw) || !Number.isSafeInteger(number)) {
    throw new BadValue(raw, "must be a whole number, 0 or more, or -1 for all lines");
  }
  return number;
}

/** Parses RFC 3339, with a zone. */
function momentOf(raw: string): Date {
  const moment = new Date(raw);
  const shape = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i;
  if (shape.test(raw) && !Number.isNaN(moment.getTime())) return moment;
  throw new BadValue(raw, "it is not a time", { hint: "a time looks like 2026-01-02T15:04:05Z" });
}

/** Parses `ready`, `ready=false`. */
function conditionOf(raw: string): { type: string; status: string } {
  const match = /^([A-Za-z][\w./-]*)(?:=(true|false|unknown))?$/i.exec(raw);
  if (match === null) {
    throw new BadValue(raw, "must be NAME or NAME=STATUS", { hint: "as in ready=false" });
  }
  return { type: match[1] ?? "", status: match[2] ?? "true" };
}

/** Parses names separated by commas. */
function fieldNames(raw: string): readonly string[] {
  const names = raw.split(",").map((name) => name.trim());
  if (names.every((name) => name !== "")) return names;
  throw new BadValue(raw, "must be names with commas between", { hint: "as in level,msg" });
}

/** Parses a template for lines. */
function template(raw: string): readonly TemplatePart[] {
  const parsed = parseTemplate(raw);
  if (parsed.kind === "template") return parsed.parts;
  throw new BadValue(raw, parsed.reason, {
    hint: `the words are ${templateFields.map((field) => `{${field}}`).join(" ")} {json.NAME}`,
  });
}

const stampStyles: readonly StampStyle[] = ["full", "local", "short"];

/** Declares the format of the time in front of a line: a switch, as in kubectl, that takes a style after `=`. */
function timestamps(summary: string, options: FlagOptions): Flag<StampStyle | undefined> {
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

const reading = { group: "Reading" };
const lines = { group: "Lines" };
const output = { group: "Output" };
const selecting = { group: "Selection" };

const { "all-phases": _phases, container: _container, ...podFlags } = selectionFlags;

const formats = choice(["default", "raw", "json", "jsonl"]);
const states = choice(["waiting", "running", "terminated"]);

/** The flags of `kodama logs`. */
export const logsFlags = {
  ...podFlags,
  "container": values("read containers named NAME, or matching /RE/ (default all)", containerName, {
    short: "c",
    placeholder: "NAME",
    ...selecting,
  }),
  "exclude-container": values("exclude containers named NAME, or matching /RE/", containerName, {
    placeholder: "NAME",
    ...selecting,
  }),
  "init-containers": toggle("include init containers", selecting),
  "ephemeral-containers": toggle("include ephemeral containers", selecting),
  "container-state": values("read only containers in this state", states.parse, {
    ...states,
    ...selecting,
  }),
  "condition": value("read only pods with this condition: ready, ready=false", conditionOf, {
    placeholder: "NAME[=STATUS]",
    ...selecting,
  }),
  "agent": toggle("show what the coding agent of a session did, instead of its container's log", {
    ...reading,
  }),
  "follow": optionFlag(logsOptions, "follow", { short: "f", ...reading }),
  "previous": optionFlag(logsOptions, "previous", { short: "p", ...reading }),
  "tail": {
    // kubectl's -1 is every line.
    ...value(`${logsOptions.tailLines.description}, -1 for all (default all)`, lineCount, {
      placeholder: "N",
      ...reading,
    }),
    option: "tailLines" as const,
  },
  "since": optionFlag(logsOptions, "sinceMs", reading),
  "since-time": value("read lines newer than this time (RFC 3339)", momentOf, {
    placeholder: "TIME",
    ...reading,
  }),
  "limit-bytes": optionFlag(logsOptions, "limitBytes", reading),
  "max-log-requests": optionFlag(logsOptions, "maxRequests", reading),
  "grep": values("show only lines that match this expression", linePattern, {
    placeholder: "RE",
    ...lines,
  }),
  "include": values("stern's name for --grep", linePattern, { hidden: true, ...lines }),
  "exclude-lines": values("exclude lines that match this expression", linePattern, {
    placeholder: "RE",
    ...lines,
  }),
  "highlight": values("highlight what matches this expression, in all lines", linePattern, {
    short: "H",
    placeholder: "RE",
    ...lines,
  }),
  "timestamps": timestamps(
    "put the server's time in front of each line; local, or short: in the time zone of this machine",
    lines,
  ),
  "json-fields": value("show only these fields of lines that are JSON: level,msg", fieldNames, {
    placeholder: "NAME,NAME",
    ...lines,
  }),
  "output": valueOr("output format", formats.parse, "default", {
    short: "o",
    ...formats,
    ...output,
  }),
  "template": value("print lines by a template: '{time} {pod}: {message}'", template, {
    placeholder: "TEXT",
    ...output,
  }),
  "color": colorFlag,
  "quiet": toggle("don't report pod changes and pods without logs", { short: "q", ...output }),
  "all-containers": toggle("kubectl's flag for what is the default", { hidden: true }),
  "ignore-errors": toggle("kubectl's flag for what is the default", { hidden: true }),
  "prefix": toggle("kubectl's flag: a name in front of each line, of a single container too", {
    hidden: true,
  }),
};
