/** Flags of an operation's fields: a flag names the field, and adds only its spelling. */
import { definedOnly } from "../../base/json_value.ts";
import type { Field, Fields, Given, Input } from "../../operation/field.ts";
import { refuseContradictions } from "../../operation/operation.ts";
import type { Completion, Flag, FlagOptions } from "./flag.ts";

/** Returns the flag of a field. Its summary, values and default are the field's. */
export function flagOf<T>(field: Field<T>, spelling: FlagOptions = {}): Flag<T> {
  const { kind, about, defaultText, schema, short, placeholder, group = "Flags", variable } = field;
  const { isRepeatable: repeatable = kind === "list" || kind === "mapping" } = field;
  const values = (schema.items ?? schema).enum?.map((value) => ({ value }));
  const completion: Completion | undefined = field.lookup !== undefined
    ? { kind: field.lookup }
    : values && { kind: "values", values };
  return {
    ...definedOnly({ short, placeholder, variable, completion }),
    group,
    ...spelling,
    summary: defaultText === undefined ? about : `${about} (default ${defaultText})`,
    takesValue: kind !== "switch",
    repeatable,
    resolve: (texts) =>
      texts.length === 0 ? field.default : field.read(repeatable ? texts : texts.at(-1)),
  };
}

/** Returns the name of a field's flag. */
export function flagName(name: string, { flag }: Pick<Field<unknown>, "flag">): string {
  return flag ?? name.replaceAll(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`);
}

type FlagNameOf<S extends string> = S extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `-${Lowercase<First>}`}${FlagNameOf<Rest>}`
  : S;

/** The flags of fields. */
type FlagsOf<F extends Fields> = {
  [
    Name in keyof F & string as F[Name] extends { readonly flag: infer Own extends string } ? Own
      : FlagNameOf<Name>
  ]: Flag<Input<F>[Name]>;
};

/** Returns the flags of fields. */
export function flagsOf<F extends Fields>(fields: F): FlagsOf<F> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [flagName(name, field), flagOf(field)]),
  ) as FlagsOf<F>;
}

/** Returns the values of fields from those of their flags. */
export function fieldValues<F extends Fields>(
  fields: F,
  flags: Readonly<Record<string, unknown>>,
): Input<F> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, flags[flagName(name, field)]]),
  ) as Input<F>;
}

/** Returns the values of the fields whose flags, or variables, were given. */
export function givenValues<F extends Fields>(
  fields: F,
  { flags, given }: { flags: Readonly<Record<string, unknown>>; given: ReadonlySet<string> },
): Given<F> {
  const values = Object.entries(fields).map(([name, field]) => {
    const flag = flagName(name, field);
    const isGiven = given.has(flag) || flags[flag] !== field.default;
    return [name, isGiven ? flags[flag] : undefined];
  });
  return definedOnly(Object.fromEntries(values)) as Given<F>;
}

/** @throws UsageError for flags that exclude each other, or need another one. */
export function refuseContradictoryFlags(
  fields: Fields,
  { flags, given }: { flags: Readonly<Record<string, unknown>>; given: ReadonlySet<string> },
): void {
  const isGiven = (name: string) => {
    const flag = flagName(name, fields[name] ?? {});
    return given.has(flag) && flags[flag] !== false && flags[flag] !== undefined;
  };
  refuseContradictions(fields, isGiven, spellFlag(fields));
}

/** Returns what names fields as their flags. */
export function spellFlag(fields: Fields): (name: string) => string {
  return (name) => `--${flagName(name, fields[name] ?? {})}`;
}
