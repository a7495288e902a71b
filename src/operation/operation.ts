/** Operations, each declared once: its input, rules and defaults, from which every front end is derived. */
import { UsageError } from "../base/errors.ts";
import { isRecord } from "../base/json_value.ts";
import { didYouMean } from "../base/nearest_names.ts";
import { BadValue, badValueError, type Face, type Fields, type Input, offered } from "./field.ts";

/** The declaration of an operation. What does the work imports it, and not it that: every module may know its data. */
export interface Operation<F extends Fields> {
  /** The command, the tool, the route and the step are called so. */
  readonly name: string;
  readonly about: string;
  /** What isn't `reads` is confirmed by every front end. */
  readonly effect: "reads" | "changes";
  readonly input: F;
  /** The inputs that a command line has as operands, or behind `--`. */
  readonly operands: readonly (keyof F & string)[];
  /** The name of the step of workflows, if it is another one. */
  readonly step?: string;
  /** The front ends that don't offer it, each with the reason. */
  readonly absentFrom?: Readonly<Partial<Record<Face, string>>>;
  /** How a terminal shows the result: options of the command line alone. */
  readonly view?: Fields;
  /** Rules of several fields. Pure. @throws UsageError; `spell` returns the name of a field for its message. */
  check?(input: Input<F>, spell: (name: string) => string): void;
}

/** Checks the types of a declaration against each other. */
export function operation<const F extends Fields>(declared: Operation<F>): Operation<F> {
  return declared;
}

/** Returns the input of an operation as a front end gives it. @throws UsageError */
export async function inputOf<F extends Fields>(
  { input, check }: Operation<F>,
  face: Face,
  given: unknown,
): Promise<Input<F>> {
  const values = await readInput(offered(input, face), given);
  // A field that the front end doesn't offer has its default.
  const all = { ...readFields(input, {}), ...values };
  check?.(all, JSON.stringify);
  return all;
}

/**
 * Returns the input of a request of a front end that has data or texts by the names of fields.
 *
 * @throws UsageError for names that no field has, and for values that a field doesn't accept.
 */
export async function readInput<const F extends Fields>(
  fields: F,
  given: unknown,
): Promise<Input<F>> {
  const values = given ?? {};
  if (!isRecord(values)) throw new UsageError("the input has to be an object");
  const unknown = Object.keys(values).find((name) => !Object.hasOwn(fields, name));
  if (unknown !== undefined) {
    const near = await didYouMean(unknown, Object.keys(fields));
    throw new UsageError(`there is no option ${JSON.stringify(unknown)}${near}`);
  }
  try {
    const input = readFields(fields, values);
    refuseContradictions(fields, (name) => values[name] !== undefined && input[name] !== false);
    return input;
  } catch (error) {
    throw error instanceof BadValue ? await badValueError(error) : error;
  }
}

/** Returns the values of fields. @throws BadValue that names its field. */
export function readFields<const F extends Fields>(
  fields: F,
  given: Readonly<Record<string, unknown>>,
): Input<F> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => {
      const value = given[name];
      if (value === undefined) return [name, field.default];
      try {
        return [name, field.read(value)];
      } catch (error) {
        throw error instanceof BadValue ? error.of(JSON.stringify(name)) : error;
      }
    }),
  ) as Input<F>;
}

/** Returns the values of some fields of an input. */
export function valuesOf<F extends Fields>(fields: F, input: Partial<Input<F>>): Input<F> {
  return Object.fromEntries(Object.keys(fields).map((name) => [name, input[name]])) as Input<F>;
}

/**
 * @throws UsageError for fields that exclude each other, or need another one.
 *
 * @param spell returns the name of a field for the message.
 */
export function refuseContradictions(
  fields: Fields,
  isGiven: (name: string) => boolean,
  spell: (name: string) => string = JSON.stringify,
): void {
  for (const [name, { excludes = {}, needs = [] }] of Object.entries(fields)) {
    if (!isGiven(name)) continue;
    const missing = needs.find((one) => !isGiven(one));
    if (missing !== undefined) throw new UsageError(`${spell(name)} needs ${spell(missing)}`);
    const [other, hint] = Object.entries(excludes).find(([one]) => isGiven(one)) ?? [];
    if (other === undefined) continue;
    throw new UsageError(
      `${spell(other)} and ${spell(name)} can't be used together`,
      hint === undefined || hint === "" ? {} : { hint },
    );
  }
}
