/** Flags of an action's options: a flag names the option, and adds only its spelling. */
import { defaultText, type Option, type OptionType } from "../../actions/option.ts";
import type { Amount } from "../../actions/exec/events.ts";
import {
  BadValue,
  choice,
  durationMs,
  type Flag,
  type FlagOptions,
  type Flags,
  type FlagValues,
  text,
  toggle,
  value,
  values,
} from "./flag.ts";

/** A flag that sets the option `Name` of an action to a `T`. */
interface OptionFlag<Name extends string, T> extends Flag<T | undefined> {
  readonly option: Name;
}

type ValueOf<O> = O extends Option<infer T> ? T : never;

/** Returns the flag of one of `options`. Its summary, values and default are the option's. */
export function optionFlag<
  O extends Readonly<Record<Name, Option<unknown>>>,
  Name extends Extract<keyof O, string>,
>(options: O, name: Name, spelling: FlagOptions = {}): OptionFlag<Name, ValueOf<O[Name]>> {
  const option = options[name];
  const preset = defaultText(option);
  const summary = preset === undefined
    ? option.description
    : `${option.description} (default ${preset})`;
  const { variable } = option;
  const flag = flagOfType(option.type, summary, {
    ...(variable === undefined ? {} : { variable }),
    ...spelling,
  });
  // The option's type decides how its text is read.
  return { ...flag, option: name } as OptionFlag<Name, ValueOf<O[Name]>>;
}

function flagOfType(type: OptionType, summary: string, spelling: FlagOptions): Flag<unknown> {
  switch (type.kind) {
    case "switch": {
      const flag = toggle(summary, spelling);
      return { ...flag, resolve: (texts) => flag.resolve(texts) || undefined };
    }
    case "text":
      return value(summary, text, spelling);
    case "texts": {
      const flag = values(summary, text, spelling);
      return {
        ...flag,
        resolve: (texts) => texts.length === 0 ? undefined : flag.resolve(texts),
      };
    }
    case "duration":
      return value(summary, durationMs, { placeholder: "DURATION", ...spelling });
    case "interval": {
      const plain = toggle(summary, spelling);
      return {
        ...plain,
        placeholder: "[=DURATION]",
        resolve: (texts) => {
          const text = texts.at(-1);
          if (text === undefined || text === "false") return undefined;
          return text === "true" ? type.defaultMs : durationMs(text);
        },
      };
    }
    case "whole":
      return value(summary, whole(type.least), { placeholder: "N", ...spelling });
    case "choice": {
      const { parse, ...known } = choice(type.values);
      return value(summary, parse, { ...known, ...spelling });
    }
    case "amount":
      return value(summary, parseAmount, { placeholder: "N|P%", ...spelling });
    case "amounts":
      return value(summary, amounts, { placeholder: "N|P%,...", ...spelling });
    case "variables": {
      const flag = values(summary, environmentPair, { placeholder: "NAME=VALUE", ...spelling });
      return {
        ...flag,
        resolve: (texts) => {
          return texts.length === 0 ? undefined : Object.fromEntries(flag.resolve(texts));
        },
      };
    }
  }
}

/** The options that a command's flags set, by their own names. */
export type FlagOptionValues<F extends Flags> = {
  [Name in keyof F as F[Name] extends OptionFlag<infer O, unknown> ? O : never]?: F[Name] extends
    OptionFlag<string, infer T> ? T : never;
};

/** Returns the values of the flags that are options of an action; without those that aren't given. */
export function optionValues<F extends Flags>(
  declared: F,
  given: FlagValues<F>,
): FlagOptionValues<F> {
  return Object.fromEntries(
    Object.entries(declared).flatMap(([name, flag]) => {
      const value: unknown = given[name];
      return "option" in flag && value !== undefined ? [[flag.option, value]] : [];
    }),
  ) as FlagOptionValues<F>;
}

/** Parses a whole number. */
function whole(least: number): (raw: string) => number {
  return (raw) => {
    const number = Number(raw);
    if (!/^\d{1,15}$/.test(raw) || number < least) {
      const expected = least === 0 ? "0 or more" : `${least} or more`;
      throw new BadValue(raw, `must be a whole number, ${expected}`);
    }
    return number;
  };
}

/* Numbers of targets: `5`, or `20%` of all of them. */

const hint = "as in 5, or 20%";

/** Parses an amount from 0. Throws {@link BadValue}. */
export function parseAmount(raw: string): Amount {
  const match = /^(\d{1,9}(?:\.\d{1,9})?)(%?)$/.exec(raw);
  const number = Number(match?.[1]);
  if (match?.[2] === "%" && number <= 100) return { kind: "percent", percent: number };
  if (match?.[2] === "" && Number.isInteger(number)) return { kind: "count", count: number };
  throw new BadValue(raw, "must be a number of pods, or a percentage of them", { hint });
}

/** Parses the sizes of successive batches: `1,5,20%`. Throws {@link BadValue}. */
export function amounts(raw: string): readonly Amount[] {
  return raw.split(",").map((part) => {
    const size = parseAmount(part.trim());
    if (size.kind === "count" ? size.count >= 1 : size.percent > 0) return size;
    throw new BadValue(raw, "a batch has one pod at least", { hint: "as in 1,5,20%" });
  });
}

/** `NAME=VALUE`, with a name valid in a shell. The value may be empty, and may contain `=`. */
export function environmentPair(raw: string): readonly [name: string, value: string] {
  const match = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(raw);
  if (match === null) throw new BadValue(raw, "must be NAME=VALUE");
  return [match[1] ?? "", match[2] ?? ""];
}
