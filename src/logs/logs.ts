/** `logs`: what can be asked of the logs of pods. If kubectl or stern has the name, its meaning is the same. */
import { UsageError } from "../base/errors.ts";
import { hint, option } from "../base/hint.ts";
import { type ScopedSelection, selectionFields, selectionOf } from "../kube/select/fields.ts";
import {
  BadValue,
  choiceField,
  durationField,
  type Field,
  type FieldDetails,
  type Input,
  listField,
  notEmpty,
  or,
  parsedField,
  patternsField,
  toggleField,
  wholeField,
} from "../operation/field.ts";
import { operation } from "../operation/operation.ts";
import { parseLogTemplate, templateFields } from "./template.ts";

/** RFC 3339, with a zone. */
const rfc3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;

const selecting = { group: "Selection" };
const reading = { group: "Reading" };
const lines = { group: "Lines" };
const output = { group: "Output" };

/** Steps select pods, and one container of each. */
const inPods = {
  ...selecting,
  absentFrom: { workflows: "`select` chooses the pods of a step, and one container of each" },
};
const whole = { presets: { tools: true, page: true } };
const endless = "tools and steps end, and a followed log doesn't";

/** Which logs are read, and which lines of them. */
export const logFields = {
  container: containers("read containers named NAME, or matching /RE/", {
    ...{ short: "c", defaultText: "all" },
  }),
  excludeContainer: containers("exclude containers named NAME, or matching /RE/"),
  initContainers: toggleField("include init containers", { ...inPods, ...whole }),
  ephemeralContainers: toggleField("include ephemeral containers", { ...inPods, ...whole }),
  containerState: listField(
    choiceField(
      "read only containers in this state",
      ["waiting", "running", "terminated"],
      inPods,
    ),
  ),
  condition: parsedField("read only pods with this condition: ready, ready=false", {
    parse: conditionOf,
    expected: "NAME or NAME=STATUS, as in ready=false",
  }, { placeholder: "NAME[=STATUS]", ...inPods }),
  follow: toggleField("follow the logs, including those of pods that start later", {
    ...{ short: "f", ...reading },
    absentFrom: { tools: endless, workflows: endless },
  }),
  previous: toggleField("read the log of each container's previous instance", {
    ...{ short: "p", ...reading, excludes: { follow: "" } },
  }),
  tail: lineCount("read N lines from the end of each log, -1 for all"),
  /** Milliseconds. */
  since: durationField("read lines newer than this: 5s, 2m, 3h", reading),
  sinceTime: time("read lines newer than this time (RFC 3339)", { since: "" }),
  untilTime: time("read lines up to this time (RFC 3339)", { follow: "" }),
  /** Counts the bytes of the lines. */
  limitBytes: wholeField("print at most N bytes of each log", {
    ...{ least: 1, ...reading, excludes: { follow: "" } },
  }),
  maxLogRequests: wholeField("read N logs at the same time; the others wait", {
    ...{
      least: 1,
      defaultText: "50, 500 if the logs are followed",
      presets: { workflows: 16 },
      ...reading,
    },
  }),
  grep: expressions("show only lines that match this expression"),
  excludeLines: expressions("exclude lines that match this expression"),
};

/** Which logs are read, and which lines of them. */
export type LogReading = Input<typeof logFields>;

/** How a terminal shows them. */
export const logViewFields = {
  highlight: expressions("highlight what matches this expression, in all lines", "H"),
  timestamps: stampStyle(
    "put the server's time in front of each line; local, or short: in the time zone of this machine",
  ),
  jsonFields: parsedField("show only these fields of lines that are JSON: level,msg", {
    parse: fieldNames,
    expected: "names with commas between, as in level,msg",
  }, { placeholder: "NAME,NAME", ...lines }),
  output: or(
    choiceField("output format", ["default", "raw", "json", "jsonl"], { short: "o", ...output }),
    "default",
  ),
  template: parsedField("print lines by a template: '{time} {pod}: {message}'", {
    parse: template,
    expected: "a template",
  }, {
    ...output,
    excludes: { output: "", timestamps: "put {time} into the template" },
  }),
  quiet: toggleField("don't report pod changes and pods without logs", { short: "q", ...output }),
};

const { container: _container, allPhases: _allPhases, ...podFields } = selectionFields;

/** The logs of every container of the selected pods, in any phase. */
export const logs = operation({
  name: "logs",
  about: "prints the logs of every container of the selected pods, merged by time",
  effect: "reads",
  operands: ["pods"],
  input: { ...podFields, ...logFields },
  view: logViewFields,
  check({ pods, exclude: [pattern] }, spell) {
    // In stern, `exclude` excludes lines. Here it excludes pods, which has no effect if all pods are named.
    const operands = pods.flat();
    const named = operands.length > 0 && operands.every(({ kind }) => kind === "pod");
    // A text that can't be part of a pod's name excludes none.
    const excludesNone = pattern?.kind === "substring" && !/^[a-z0-9.-]+$/.test(pattern.text);
    if (pattern === undefined || !(named || excludesNone)) return;
    throw new UsageError(`${spell("exclude")} excludes pods by name, and would exclude none`, {
      hint: hint`${option("excludeLines", "RE")} excludes lines`,
    });
  },
});

/** Returns an input with its selection, of pods in any phase. */
export function withSelection(input: Input<typeof logs.input>): LogReading & ScopedSelection {
  return { ...input, ...selectionOf({ ...input, container: undefined, allPhases: true }) };
}

/* Parsers of values. Each throws BadValue. */

/** A text that matches completely, or an expression. */
export type NameChoice = { kind: "exact"; name: string } | { kind: "regExp"; regExp: RegExp };

/** Names of containers; between slashes an expression. No name can contain a slash. */
function containers(about: string, own: FieldDetails = {}): Field<readonly NameChoice[]> {
  const exact = (text: string): NameChoice => ({ kind: "exact", name: notEmpty(text) });
  const parse = (text: string): NameChoice => {
    const isExact = text.length < 3 || !text.startsWith("/") || !text.endsWith("/");
    return isExact ? exact(text) : { kind: "regExp", regExp: regExp(text, text.slice(1, -1)) };
  };
  const plain = { about: about.replace(", or matching /RE/", ""), parse: exact };
  return patternsField(about, { parse, expected: "a name or /re/", plain }, {
    ...{ placeholder: "NAME", ...inPods, ...own },
  });
}

/** Regular expressions for the text of lines. */
function expressions(about: string, short?: string): Field<readonly RegExp[]> {
  const details = { placeholder: "RE", ...lines, ...(short === undefined ? {} : { short }) };
  return patternsField(about, {
    parse: (text) => {
      if (text === "") throw new BadValue(text, "it is empty, and would match every line");
      return regExp(text, text);
    },
    expected: "a regular expression",
    plain: {
      about: about.replace("match this expression", "contain one of these texts"),
      parse: (text) => new RegExp(RegExp.escape(text), "u"),
    },
  }, details);
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

/** A number of lines; undefined, which is all of them, for kubectl's -1. */
function lineCount(about: string): Field<number | undefined> {
  const count = wholeField(about, {
    ...{ least: -1, expected: "a whole number, 0 or more, or -1 for all lines" },
    ...{ defaultText: "all", presets: { page: 1000, workflows: 100 }, ...reading },
  });
  return {
    ...count,
    read: (given) => {
      const number = count.read(given);
      return number === -1 ? undefined : number;
    },
  };
}

function time(about: string, excludes: Readonly<Record<string, string>>) {
  const expected = "a time such as 2026-01-02T15:04:05Z";
  const details = { placeholder: "TIME", ...reading, excludes };
  return parsedField(about, { parse: momentOf, expected, pattern: rfc3339 }, details);
}

function momentOf(raw: string): Date {
  const moment = new Date(raw);
  if (rfc3339.test(raw) && !Number.isNaN(moment.getTime())) return moment;
  throw new BadValue(raw, "it is not a time", { hint: "a time looks like 2026-01-02T15:04:05Z" });
}

/** `ready`, `ready=false`. */
function conditionOf(raw: string): { type: string; status: string } {
  const [, type, status = "true"] = /^([A-Za-z][\w./-]*)(?:=(true|false|unknown))?$/i.exec(raw) ??
    [];
  if (type !== undefined) return { type, status };
  throw new BadValue(raw, "must be NAME or NAME=STATUS", { hint: "as in ready=false" });
}

function fieldNames(raw: string): readonly string[] {
  const names = raw.split(",").map((name) => name.trim());
  if (names.every((name) => name !== "")) return names;
  throw new BadValue(raw, "must be names with commas between", { hint: "as in level,msg" });
}

function template(raw: string) {
  const parsed = parseLogTemplate(raw);
  if (parsed.kind === "template") return parsed.parts;
  throw new BadValue(raw, parsed.reason, {
    hint: `the words are ${templateFields.map((field) => `{${field}}`).join(" ")} {json.NAME}`,
  });
}

/** How the time in front of a line is shown: a switch, as in kubectl, that takes a style after `=`. */
export type StampStyle = "full" | "local" | "short";

function stampStyle(about: string): Field<StampStyle | undefined> {
  const styles = choiceField<StampStyle>(about, ["full", "local", "short"], {
    ...{ placeholder: "[=full|local|short]", ...lines },
  });
  const plain = toggleField(about);
  return {
    ...styles,
    kind: "switch",
    read: (given) => {
      try {
        return plain.read(given) ? "full" : undefined;
      } catch {
        return styles.read(given);
      }
    },
  };
}
