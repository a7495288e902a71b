/**
 * Options of actions, described once as data: front ends derive flags, help, forms and JSON Schema from them. A
 * description is not a valibot schema, as a front end's start needs all of them and validates only its own input:
 * valibot alone costs more at the start than these.
 */
import { defaultSettings, settingVariables } from "../config/default_settings.ts";
import type { Amount } from "../exec/schedule.ts";

/** The kind of an option's value. Times are milliseconds. */
export type OptionType =
  | { kind: "switch" | "text" | "texts" | "duration" | "amount" | "amounts" | "variables" }
  | { kind: "whole"; least: number }
  /** A switch that stands for a duration, and takes another one. */
  | { kind: "interval"; defaultMs: number }
  | { kind: "choice"; values: readonly string[] };

/** One option, whose value is a `T`. */
export interface Option<T> {
  readonly type: OptionType;
  /** Stands alone, in every front end: lower case, no full stop. */
  readonly description: string;
  /** The value if it isn't given. */
  readonly default?: T;
  /** The setting that overrides the default. */
  readonly setting?: string;
  /** An environment variable that is read if it isn't given. */
  readonly variable?: string;
}

/** The options of an action, by the names of their fields. */
export type Options = Readonly<Record<string, Option<unknown>>>;

/** The values of options; each may be absent. */
export type OptionValues<O extends Options> = {
  -readonly [Name in keyof O]?: O[Name] extends Option<infer T> ? T : never;
};

type Details<T> = Pick<Option<T>, "default" | "variable">;

/** A switch, off unless given. */
export function toggleOption(description: string): Option<boolean> {
  return { type: { kind: "switch" }, description };
}

/** A text that isn't empty. */
export function textOption(description: string): Option<string> {
  return { type: { kind: "text" }, description };
}

/** Texts that aren't empty, in order. */
export function textsOption(description: string): Option<readonly string[]> {
  return { type: { kind: "texts" }, description };
}

/** A whole number. */
export function wholeOption<D extends Details<number>>(
  description: string,
  details: D & { least: number },
): Option<number> & D {
  return { type: { kind: "whole", least: details.least }, description, ...details };
}

/** A time in milliseconds. */
export function durationOption(description: string, details: Details<number> = {}): Option<number> {
  return { type: { kind: "duration" }, description, ...details };
}

/** A switch that repeats something: the time between two rounds in milliseconds. */
export function intervalOption(description: string, defaultMs: number): Option<number> {
  return { type: { kind: "interval", defaultMs }, description };
}

/** One of a few values. */
export function choiceOption<const T extends string, D extends Details<T>>(
  description: string,
  values: readonly T[],
  details: D = {} as D,
): Option<T> & D {
  return { type: { kind: "choice", values }, description, ...details };
}

/** A number of targets, or a percentage of all. */
export function amountOption(description: string): Option<Amount> {
  return { type: { kind: "amount" }, description };
}

/** Several of them, each from one target. */
export function amountsOption(description: string): Option<readonly Amount[]> {
  return { type: { kind: "amounts" }, description };
}

/** Environment variables by their names. */
export function variablesOption(description: string): Option<Readonly<Record<string, string>>> {
  return { type: { kind: "variables" }, description };
}

/** Returns an option with the default of a setting of `exec`. */
export function ofSetting<T>(
  name: keyof typeof defaultSettings.exec,
  option: Option<T>,
): Option<T> & { readonly setting: string } {
  return { ...option, setting: `exec.${name}` };
}

/** Returns the default of an option as a text, and what overrides it: `32, or $KODAMA_FANOUT`. */
export function defaultText(option: Option<unknown>): string | undefined {
  const { setting } = option;
  if (setting === undefined) return option.default === undefined ? undefined : `${option.default}`;
  const name = setting.replace(/^exec\./, "") as keyof typeof defaultSettings.exec;
  const variable = option.variable === undefined
    ? Object.entries(settingVariables).find(([, key]) => key === setting)?.[0]
    : undefined;
  const source = variable === undefined ? setting : `$${variable}`;
  return `${defaultSettings.exec[name]}, or ${source}`;
}

/** Returns the JSON Schema of options, for tools and forms. https://json-schema.org/draft/2020-12 */
export function optionsJsonSchema(options: Options): Record<string, unknown> {
  return {
    type: "object",
    additionalProperties: false,
    properties: Object.fromEntries(
      Object.entries(options).map(([name, { type, description, default: preset }]) => [name, {
        ...schemaOf(type),
        description,
        ...(preset === undefined ? {} : { default: preset }),
      }]),
    ),
  };
}

const amount = {
  oneOf: [
    {
      type: "object",
      properties: { kind: { const: "count" }, count: { type: "integer", minimum: 0 } },
      required: ["kind", "count"],
    },
    {
      type: "object",
      properties: {
        kind: { const: "percent" },
        percent: { type: "number", minimum: 0, maximum: 100 },
      },
      required: ["kind", "percent"],
    },
  ],
};

function schemaOf(type: OptionType): Record<string, unknown> {
  switch (type.kind) {
    case "switch":
      return { type: "boolean" };
    case "text":
      return { type: "string", minLength: 1 };
    case "texts":
      return { type: "array", items: { type: "string", minLength: 1 } };
    case "duration":
    case "interval":
      return { type: "integer", minimum: 1 };
    case "whole":
      return { type: "integer", minimum: type.least };
    case "choice":
      return { enum: [...type.values] };
    case "variables":
      return { type: "object", additionalProperties: { type: "string" } };
    case "amount":
      return amount;
    case "amounts":
      return { type: "array", items: amount };
  }
}
