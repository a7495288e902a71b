/**
 * Inputs of operations, each described once as data. Every front end derives from it what it needs: flags, help and
 * completion, JSON Schema of tools, fields of pages and of workflow files; and every front end narrows a value by the
 * same function, whether it has a text or data. A field isn't a valibot schema: a command's start needs all fields of
 * its operation, and valibot alone costs more than these.
 */
import { parseDuration } from "../base/duration.ts";
import { UsageError } from "../base/errors.ts";
import { type Hint, joinHints } from "../base/hint.ts";
import { isRecord } from "../base/json_value.ts";
import { nearestNames } from "../base/nearest_names.ts";

/** The front ends that offer operations. */
export const faces = ["command line", "tools", "page", "workflows"] as const;
/** A front end that offers operations. */
export type Face = typeof faces[number];

/** JSON Schema of a value, as far as fields need it. https://json-schema.org/draft/2020-12 */
export interface ValueSchema {
  readonly type?: "boolean" | "integer" | "string" | "array" | "object";
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly items?: ValueSchema;
  readonly additionalProperties?: ValueSchema;
  readonly oneOf?: readonly unknown[];
}

/** The kind of a value, which decides how it is asked for. */
type Kind =
  | "switch"
  | "text"
  | "whole"
  | "duration"
  | "choice"
  | "list"
  | "mapping"
  | "amount"
  | "amounts";

/** Names that a shell can offer for a value, looked up at the time of completion. */
export type Lookup =
  | "contexts"
  | "namespaces"
  | "pods"
  | "containers"
  | "nodes"
  | "labels"
  | "models"
  | "templates"
  | "files";

/** What a field may declare beside its value. */
export interface FieldDetails {
  /** The flag's name, if the field's is another one; {@link named} makes the flag's type follow. */
  readonly flag?: string;
  /** The name in a step of a workflow, if the field's is another one. */
  readonly entry?: string;
  /** One letter for the flag, without the dash. */
  readonly short?: string;
  /** The value's name in help: `NAME`. */
  readonly placeholder?: string;
  /** The heading in help under which the flag is listed. */
  readonly group?: string;
  readonly lookup?: Lookup;
  /** The default as front ends show it; absent if it needs no words. */
  readonly defaultText?: string;
  /** An environment variable that is read if the flag isn't given. */
  readonly variable?: string;
  /** Fields that can't be used together with this one, each with the way out; empty if it is plain. */
  readonly excludes?: Readonly<Record<string, string>>;
  /** Fields without which this one has no effect. */
  readonly needs?: readonly string[];
  /** The defaults of front ends that have another one, as they would be given. */
  readonly presets?: Readonly<Partial<Record<Face, string | number | boolean>>>;
  /** The front ends that don't offer the field, each with the reason. */
  readonly absentFrom?: Readonly<Partial<Record<Face, string>>>;
}

/** One input of an operation, which every front end narrows to a `T`. */
export interface Field<T> extends FieldDetails {
  readonly kind: Kind;
  /** Stands alone, in every front end: lower case, no full stop. */
  readonly about: string;
  /** The expected value, as a noun. */
  readonly expected: string;
  /** The value as data. Durations are milliseconds. */
  readonly schema: ValueSchema;
  /** The value if it isn't given. */
  readonly default: T;
  /** The flag may be given several times. */
  readonly isRepeatable?: boolean;
  /** Narrows a given value: a text, or data. @throws BadValue */
  readonly read: (given: unknown) => T;
  /** The field as it is offered to language models, if they have another one. */
  readonly forModels?: Field<T>;
}

/** The fields of an operation, by name. */
export type Fields = Readonly<Record<string, Field<unknown>>>;

type ValueOf<F> = F extends Field<infer T> ? T : never;

/** The values of fields; those that weren't given have their defaults. */
export type Input<F extends Fields> = { readonly [Name in keyof F]: ValueOf<F[Name]> };

/** The values of fields that were given. */
export type Given<F extends Fields> = {
  -readonly [Name in keyof F]?: Exclude<ValueOf<F[Name]>, undefined>;
};

/** Suggestions for a bad value. */
interface BadValueOptions {
  /** The way out. */
  hint?: Hint;
  /** The allowed values: the nearest one is suggested, in front of the hint. */
  candidates?: readonly string[];
  /** The part of the text that should have been one of them; all of it by default. */
  part?: string;
}

/** A value that can't be narrowed to the requested type. */
export class BadValue extends Error {
  override readonly name = "BadValue";
  readonly text: string;

  /** `message` completes "invalid value … for --flag:"; `source` is what the value was given for. */
  constructor(
    given: unknown,
    message: string,
    readonly options: BadValueOptions = {},
    readonly source?: string,
  ) {
    super(message);
    this.text = typeof given === "string" ? given : JSON.stringify(given) ?? "";
  }

  /** Returns the same error for a flag, an operand, a variable or a field. */
  of(source: string): BadValue {
    return new BadValue(this.text, this.message, this.options, source);
  }
}

/** Returns the usage error for a bad value, with the nearest valid one. */
export async function badValueError(error: BadValue): Promise<UsageError> {
  const { text, source, options: { candidates = [], part = text, hint } } = error;
  const [near] = await nearestNames(part, candidates, 1);
  const guess = near === undefined ? undefined : `did you mean ${near}?`;
  const way = guess !== undefined && hint !== undefined
    ? joinHints([guess, hint], " ")
    : guess ?? hint;
  const place = source === undefined ? "" : ` for ${source}`;
  return new UsageError(
    `invalid value ${JSON.stringify(text)}${place}: ${error.message}`,
    way === undefined ? {} : { hint: way },
  );
}

/** Makes a field. `read` returns undefined, or throws BadValue, for what can't be a value. */
function field<T>(
  about: string,
  { kind, expected, schema, placeholder, read }:
    & Pick<Field<unknown>, "kind" | "expected" | "schema" | "placeholder">
    & { read: (given: unknown) => T | undefined },
  details: FieldDetails,
): Field<T | undefined> {
  return {
    ...{ kind, expected, schema, about, default: undefined },
    ...(placeholder === undefined ? {} : { placeholder }),
    ...details,
    read: (given) => {
      const value = read(given);
      if (value === undefined) throw new BadValue(given, `must be ${expected}`);
      return value;
    },
  };
}

/** The spellings of Go's flag packages. https://pkg.go.dev/strconv#ParseBool */
const switchTexts: Readonly<Record<string, boolean>> = {
  ...{ "1": true, "t": true, "T": true, "true": true, "TRUE": true, "True": true },
  ...{ "0": false, "f": false, "F": false, "false": false, "FALSE": false, "False": false },
};

/** A switch, off unless given. */
export function toggleField(about: string, details: FieldDetails = {}): Field<boolean> {
  const toggle = field(about, {
    kind: "switch",
    expected: "true or false",
    schema: { type: "boolean" },
    read: (given) =>
      typeof given === "boolean"
        ? given
        : typeof given === "string" && Object.hasOwn(switchTexts, given)
        ? switchTexts[given]
        : undefined,
  }, details);
  return or(toggle, false);
}

/** A text that `parse` narrows. @param expected names the text, as a noun. @param pattern what a JSON Schema can say. */
export function parsedField<T>(
  about: string,
  { parse, expected, pattern }: {
    parse: (text: string) => T;
    expected: string;
    pattern?: RegExp;
  },
  details: FieldDetails = {},
): Field<T | undefined> {
  return field(about, {
    kind: "text",
    expected,
    schema: {
      type: "string",
      ...(pattern === undefined ? { minLength: 1 } : { pattern: pattern.source }),
    },
    placeholder: "TEXT",
    read: (given) => typeof given === "string" ? parse(given) : undefined,
  }, details);
}

/** Returns a text. @throws BadValue if it is empty */
export function notEmpty(text: string): string {
  if (text === "") throw new BadValue(text, "it is empty");
  return text;
}

/** A text that isn't empty, which is nearly always an unset variable of a script. */
export function textField(about: string, details?: FieldDetails): Field<string | undefined> {
  return parsedField(about, { parse: notEmpty, expected: "a text that isn't empty" }, details);
}

/**
 * Patterns, as a person writes them. Language models can give texts alone: an expression of theirs could take forever.
 *
 * @param plain how the field is described to models, and what a text of theirs means.
 */
export function patternsField<T>(
  about: string,
  { parse, expected, plain }: {
    parse: (text: string) => T;
    expected: string;
    plain: { about: string; parse: (text: string) => T };
  },
  details?: FieldDetails,
): Field<readonly T[]> {
  const parsePlain = (text: string) => plain.parse(notEmpty(text));
  return {
    ...listField(parsedField(about, { parse, expected }, details)),
    forModels: listField(parsedField(plain.about, { parse: parsePlain, expected: "a text" })),
  };
}

/** Returns the fields that a front end offers, as it offers them. */
export function offered<const F extends Fields>(fields: F, face: Face): F {
  return Object.fromEntries(
    Object.entries(fields).filter(([, field]) => field.absentFrom?.[face] === undefined)
      .map(([name, field]) => {
        const own = face === "tools" ? field.forModels ?? field : field;
        const preset = field.presets?.[face];
        if (preset === undefined) return [name, own];
        const shown = typeof preset === "boolean" ? {} : { defaultText: String(preset) };
        return [name, { ...own, default: own.read(preset), ...shown }];
      }),
  ) as unknown as F;
}

/** A whole number. */
export function wholeField(
  about: string,
  { least, most = Number.MAX_SAFE_INTEGER, expected, ...details }: FieldDetails & {
    least: number;
    most?: number;
    expected?: string;
  },
): Field<number | undefined> {
  return field(about, {
    kind: "whole",
    expected: expected ?? `a whole number, ${least} or more`,
    schema: { type: "integer", minimum: least },
    placeholder: "N",
    read: (given) => {
      const number = typeof given === "string" && /^-?\d{1,15}$/.test(given)
        ? Number(given)
        : given;
      const isWithin = Number.isSafeInteger(number) && Number(number) >= least &&
        Number(number) <= most;
      return isWithin ? Number(number) : undefined;
    },
  }, details);
}

/** A time in milliseconds, from 1 to 24 days; as a text with its units. */
export function durationField(
  about: string,
  details: FieldDetails = {},
): Field<number | undefined> {
  return field(about, {
    kind: "duration",
    expected: "a duration such as 30s, 1h30m or 2d, at most 596h",
    schema: { type: "integer", minimum: 1 },
    placeholder: "DURATION",
    read: readDuration,
  }, details);
}

/** Returns milliseconds. @throws BadValue */
export function readDuration(given: unknown): number {
  const ms = typeof given === "number" && Number.isInteger(given)
    ? parseDuration(`${given}ms`)
    : typeof given === "string"
    ? parseDuration(given)
    : undefined;
  if (ms !== undefined) return ms;
  throw new BadValue(given, "it is not a duration", {
    hint: "durations look like 15s, 2m or 1h30m",
  });
}

/** A switch that repeats something: the time between two rounds in milliseconds. */
export function intervalField(
  about: string,
  defaultMs: number,
  details: FieldDetails = {},
): Field<number | undefined> {
  const duration = durationField(about, { placeholder: "[=DURATION]", ...details });
  return {
    ...duration,
    kind: "switch",
    read: (given) => {
      if (given === false || given === "false") return undefined;
      return given === true || given === "true" ? defaultMs : duration.read(given);
    },
  };
}

/** One of a few values. */
export function choiceField<const T extends string>(
  about: string,
  values: readonly T[],
  details: FieldDetails = {},
): Field<T | undefined> {
  const expected = values.length === 1 ? `${values[0]}` : `one of ${values.join(", ")}`;
  return field(about, {
    kind: "choice",
    expected,
    schema: { enum: values },
    placeholder: values.join("|"),
    read: (given) => {
      const value = values.find((one) => one === given);
      if (value !== undefined) return value;
      throw new BadValue(given, `must be ${expected}`, { candidates: values });
    },
  }, details);
}

/** Several values, in order; a single one may stand alone. Empty if it isn't given. */
export function listField<T>(
  item: Omit<Field<T | undefined>, "forModels">,
): Field<readonly T[]> {
  const { kind: _kind, schema, ...others } = item;
  return {
    ...others,
    kind: "list",
    schema: { type: "array", items: schema },
    default: [],
    read: (given) => [given].flat().map((one) => item.read(one) as T),
  };
}

/** Texts that aren't empty, in order. */
export function textsField(about: string, details?: FieldDetails): Field<readonly string[]> {
  return listField(textField(about, details));
}

/** Texts by their names; as a list of texts, `NAME=VALUE` each. */
export function variablesField(
  about: string,
  details: FieldDetails = {},
): Field<Readonly<Record<string, string>> | undefined> {
  return field(about, {
    kind: "mapping",
    expected: "a mapping of names to texts",
    schema: { type: "object", additionalProperties: { type: "string" } },
    placeholder: "NAME=VALUE",
    read: (given) => {
      if (Array.isArray(given)) return Object.fromEntries(given.map(environmentPair));
      if (!isRecord(given)) return undefined;
      const values = Object.entries(given);
      const isMapping = values.every(([, one]) =>
        ["string", "number", "boolean"].includes(typeof one)
      );
      return isMapping
        ? Object.fromEntries(values.map(([name, one]) => [name, String(one)]))
        : undefined;
    },
  }, details);
}

/** `NAME=VALUE`, with a name valid in a shell. The value may be empty, and may contain `=`. @throws BadValue */
export function environmentPair(raw: string): readonly [name: string, value: string] {
  const match = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(raw);
  if (match === null) throw new BadValue(raw, "must be NAME=VALUE");
  return [match[1] ?? "", match[2] ?? ""];
}

/** Returns a field with other names in some front ends, as a part of its type. */
export function named<T, const N extends Pick<FieldDetails, "flag" | "entry">>(
  names: N,
  field: Field<T>,
): Field<T> & N {
  return { ...field, ...names };
}

/** Returns a field with a default. */
export function or<T>(field: Omit<Field<T | undefined>, "forModels">, preset: T): Field<T> {
  return {
    ...field,
    default: preset,
    ...(preset === false ? {} : { defaultText: String(preset) }),
    read: (given) => field.read(given) ?? preset,
  };
}

/** Returns the JSON Schema of fields, for tools. */
export function schemaOf(
  fields: Fields,
): { type: "object"; additionalProperties: false; properties: Record<string, ValueSchema> } {
  return {
    type: "object",
    additionalProperties: false,
    properties: Object.fromEntries(
      Object.entries(fields).map((
        [name, { schema, about, kind, defaultText, default: preset }],
      ) => [name, {
        ...schema,
        // Its texts have units, and data has none.
        description: kind === "duration" ? `${about} (in milliseconds)` : about,
        ...(defaultText === undefined || preset === undefined ? {} : { default: preset }),
      }]),
    ),
  };
}
