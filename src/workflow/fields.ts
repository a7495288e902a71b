/** Types of values in fields of workflow files. A schema's message names the expected value, as a noun. */
import * as v from "valibot";
import { parseDuration } from "../base/duration.ts";
import { parseQuantity } from "../base/quantity.ts";
import { parseTextPattern } from "../base/plain_text.ts";
import type { FileSchema } from "../base/yaml/shape.ts";
import { isFieldSelector, isLabelSelector } from "../kube/select/selectors.ts";
import type { NamePattern } from "../kube/select/target.ts";
import type { Field, Fields, Input } from "../operation/field.ts";
import { readFields } from "../operation/operation.ts";

/** Fields of a mapping, by name. */
export type Entries = Readonly<Record<string, FileSchema>>;

/** The start of an expression in a text. */
export const expressionMark = "${{";

export const text = v.pipe(v.string("a text"), v.nonEmpty("a text that isn't empty"));

/** A selector. An expression may evaluate to an empty one. */
function selectorText(isSelector: (text: string) => boolean, expected: string) {
  return v.pipe(
    v.string("a text"),
    v.check((value) => value === "" || isSelector(value), expected),
  );
}

/** In the syntax of kubectl's `-l`. */
export const labelSelector = selectorText(
  isLabelSelector,
  "a label selector such as app=web,tier!=test or tier in (a,b)",
);

/** In the syntax of kubectl's `--field-selector`. */
export const fieldSelector = selectorText(
  isFieldSelector,
  "a field selector such as status.podIP=10.0.0.7",
);

/** A text or a list of texts. */
export function oneOrMore<S extends v.GenericSchema<unknown, string>>(item: S, expected: string) {
  return v.union([item, v.pipe(v.array(item, expected), v.nonEmpty(expected))], expected);
}

export const names = oneOrMore(text, "a name or a list of names");

/** An expression may evaluate to an empty text, which names the context's own. */
export const namespaces = oneOrMore(v.string("a name"), "a name or a list of names");

/** The description of a duration, as a noun. */
export const durationText = "a duration such as 30s, 1h30m or 2d, at most 596h";

/** A duration above zero: what {@link parseDuration} accepts, for programs that know only patterns. */
export const durationPattern = String
  .raw`(?=[^1-9]*[1-9])(?:\d{1,10}(?:\.\d{1,9})?(?:ms|s|m|h|d))+`;

const durationShape = new RegExp(`^${durationPattern}$`);

export const duration = v.pipe(
  v.string(durationText),
  v.regex(durationShape, durationText),
  // One problem is enough.
  v.check(
    (value) => !durationShape.test(value) || parseDuration(value) !== undefined,
    durationText,
  ),
);

/** The largest output that a step can store: expressions accept no more. */
const largestOutput = 16 * 2 ** 20;

const sizeText = "a size from 1Ki to 16Mi, such as 4Mi";

/** Maximum of a command's output that is stored. */
export const maxOutput = v.pipe(
  v.string(sizeText),
  v.regex(/^[0-9]+(?:\.[0-9]+)?[KM]i$/, sizeText),
  v.check((value) => isBetween(parseQuantity(value), 1024, largestOutput), sizeText),
  v.description("How much of each output is stored for expressions, such as 4Mi."),
);

function isBetween(value: number | undefined, least: number, most: number): boolean {
  return value !== undefined && value >= least && value <= most;
}

const fromOne = "a whole number from 1";
export const countFromOne = v.pipe(v.number(fromOne), v.integer(fromOne), v.minValue(1, fromOne));

/** Args that are run as they are, or a line for a shell. */
export const command = v.union(
  [
    text,
    v.pipe(v.array(v.string("a text"), "a list of arguments"), v.nonEmpty("at least one argument")),
  ],
  "a list of arguments, or a line for a shell",
);

const amountText = "a number of pods, or a part such as 10%";

/** `3`, or `10%`; zero isn't allowed for a batch. */
export function amount(least: 0 | 1) {
  return v.union([
    v.pipe(v.number(amountText), v.integer(amountText), v.minValue(least, amountText)),
    v.pipe(
      v.string(amountText),
      v.regex(/^(?:\d{1,2}|100)%$/, amountText),
      v.check((part) => parseInt(part) >= least, amountText),
    ),
  ], amountText);
}

/** Adds a field's line for the reference. */
export function described<S extends FileSchema>(schema: S, description: string) {
  return v.pipe(schema, v.description(description));
}

/** A name as expressions use it. */
export const identifier = v.pipe(
  v.string("a name"),
  v.regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, "a name of letters, digits and _"),
);

const exitCodeText = "an exit code from 0 to 255";
const exitCode = v.pipe(
  v.number(exitCodeText),
  v.integer(exitCodeText),
  v.minValue(0, exitCodeText),
  v.maxValue(255, exitCodeText),
);

/** Exit codes of a success. */
export const expectedExitCodes = v.union([
  exitCode,
  v.pipe(v.array(exitCode, "a list of exit codes"), v.nonEmpty("at least one exit code")),
], "an exit code from 0 to 255, or a list of them");

/** The name of an environment variable. */
export const variable = v.pipe(
  v.string("a variable's name"),
  v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "a variable's name"),
);

/** Environment variables. */
export const environment = v.record(
  variable,
  v.union(
    [v.string("a text"), v.number("a number"), v.boolean("a boolean")],
    "a text, a number or a boolean",
  ),
  "variables and their values",
);

/** The version of the format. */
export const formatVersion = 2;

/** The field of a file that names its version. */
export const version = v.optional(described(
  v.literal(formatVersion, `${formatVersion}, the version that this program reads`),
  `The version of the format: ${formatVersion}.`,
));

/** A value of a field as a file has it. */
type FieldValue =
  | string
  | number
  | boolean
  | readonly (string | number)[]
  | Readonly<Record<string, string | number | boolean>>;

/**
 * Returns the fields of an operation as fields of a file. What a file has is checked by them, and narrowed by the
 * operation's own field when it is used.
 */
export function entriesOf<F extends Fields>(fields: F) {
  const entries = Object.entries(fields).map(([name, field]) => {
    const { defaultText: text } = field;
    const preset = text === undefined ? "" : `; ${text} by default`;
    const about = `${field.about.slice(0, 1).toUpperCase()}${field.about.slice(1)}${preset}.`;
    return [field.entry ?? name, v.optional(described(shapeOfField(field), about))];
  });
  return Object.fromEntries(entries) as {
    [
      Name in keyof F & string as F[Name] extends { readonly entry: infer Own extends string } ? Own
        : Name
    ]: v.OptionalSchema<v.GenericSchema<unknown, FieldValue>, undefined>;
  };
}

/** Returns the input of an operation from the evaluated fields of a step. */
export function inputOfEntries<F extends Fields>(
  fields: F,
  given: Readonly<Record<string, unknown>>,
): Input<F> {
  return readFields(
    fields,
    Object.fromEntries(
      Object.entries(fields).map(([name, { entry = name }]) => [name, given[entry]]),
    ),
  );
}

function isRead({ read }: Field<unknown>, value: unknown): boolean {
  try {
    read(value);
    return true;
  } catch {
    return false;
  }
}

function shapeOfField(field: Field<unknown>): FileSchema {
  const { kind, expected, schema } = field;
  const isReadable = v.check((value: string) => isRead(field, value), expected);
  const readable = schema.pattern === undefined
    ? v.pipe(text, isReadable)
    : v.pipe(text, v.regex(new RegExp(schema.pattern), expected), isReadable);
  switch (kind) {
    case "switch":
      return v.boolean(expected);
    case "whole":
      return v.pipe(
        ...[v.number(expected), v.integer(expected)] as const,
        v.minValue(schema.minimum ?? 0, expected),
      );
    case "duration":
      return duration;
    case "list":
      return oneOrMore(readable, `${expected}, or a list of them`);
    case "choice":
      return v.picklist(schema.enum ?? [], expected);
    case "amount":
      return amount(0);
    case "amounts":
      return v.union([
        amount(1),
        v.pipe(v.array(amount(1), "a list of batches"), v.nonEmpty("a list of batches")),
      ], "the size of a batch, or a list of sizes");
    case "mapping":
      return environment;
    default:
      return readable;
  }
}

/** Any data: input of a script or of another workflow. */
export const anything = v.unknown();

/* Fields that contain one text or a list of them. Pure. */

/** As written in a file. */
type OneOrMore = string | readonly string[] | undefined;

/** Returns a list; an empty one if the field is absent. */
export function listed(value: OneOrMore): readonly string[] {
  return value === undefined ? [] : typeof value === "string" ? [value] : value;
}

/** Returns patterns of names. The field's shape accepts no other text. */
export function patternsOf(value: OneOrMore): NamePattern[] {
  return listed(value).map(parseTextPattern).filter((pattern) => pattern.kind !== "invalid");
}
