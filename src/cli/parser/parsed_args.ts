/** Converts sorted args to a command's `ParsedArgs`: flags in their narrow types, operands counted. */
import { UsageError } from "../../base/errors.ts";
import { nearestNames } from "../../base/nearest_names.ts";
import type { Command, ParsedArgs } from "./command.ts";
import { BadValue, type Flag, type Flags } from "./flag.ts";

/** Args in which only flags and operands have been separated. */
export interface RawArgs {
  texts: ReadonlyMap<string, readonly string[]>;
  operands: readonly string[];
  trailing: readonly string[] | undefined;
  /** All of them as typed. */
  line?: readonly string[];
}

/** The source of the values of variables. */
export type VariableSource = (name: string) => string | undefined;

/**
 * Narrows every flag, using the variable's text for one that wasn't given, and checks the number of
 * operands. `spoken` is the command as shown in messages. Throws `UsageError` and {@link BadValue}.
 */
export function resolveArgs(
  command: Command,
  raw: RawArgs,
  options: { environment: VariableSource; spoken: string },
): ParsedArgs<Flags> {
  const flags = Object.fromEntries(
    Object.entries(command.flags).map(([name, flag]) => [
      name,
      flagValue(name, flag, raw.texts.get(name), options.environment),
    ]),
  );
  checkOperands(command, raw, options.spoken);
  return {
    flags,
    given: new Set(raw.texts.keys()),
    operands: raw.operands,
    trailing: raw.trailing,
    line: raw.line ?? [],
    spoken: options.spoken,
  };
}

function flagValue(
  name: string,
  flag: Flag<unknown>,
  given: readonly string[] | undefined,
  environment: VariableSource,
): unknown {
  const { variable } = flag;
  // A variable that is set and empty counts as unset, as in POSIX tools.
  const standIn = given === undefined && variable !== undefined
    ? environment(variable) || undefined
    : undefined;
  try {
    return flag.resolve(given ?? (standIn === undefined ? [] : [standIn]));
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    const source = standIn !== undefined && variable !== undefined ? variable : `--${name}`;
    throw error.of(source);
  }
}

function checkOperands(command: Command, raw: RawArgs, spoken: string): void {
  const declared = command.operands ?? [];
  const required = declared.filter(({ arity }) => arity === "one");
  const missing = required[raw.operands.length];
  const see = `see ${spoken} --help`;
  if (missing !== undefined) throw new UsageError(`missing ${missing.name}`, { hint: see });
  const open = declared.some(({ arity }) => arity === "any");
  const extra = raw.operands[declared.length];
  if (!open && extra !== undefined) {
    throw new UsageError(`unexpected argument ${JSON.stringify(extra)}`, { hint: see });
  }
  checkTrailing(command, raw, spoken);
}

function checkTrailing(command: Command, raw: RawArgs, spoken: string): void {
  const trailing = command.trailing ?? "none";
  if (trailing === "none" && raw.trailing !== undefined) {
    throw new UsageError(`${spoken} takes no args after --`, { hint: `see ${spoken} --help` });
  }
  if (trailing !== "none" && raw.trailing?.length === 0) {
    throw new UsageError("no command after --", {
      hint: `put the command after --, e.g. ${spoken} web-0 -- uname -a`,
    });
  }
}

/** Returns the usage error for a bad value, with the nearest valid one. */
export async function badValueError(error: BadValue): Promise<UsageError> {
  const { text, source, options: { candidates = [], part = text } } = error;
  const [near] = await nearestNames(part, candidates, 1);
  const parts = [near && `did you mean ${near}?`, error.options.hint];
  const hint = parts.filter((one) => one !== undefined).join(" ") || undefined;
  const place = source === undefined ? "" : ` for ${source}`;
  return new UsageError(
    `invalid value ${JSON.stringify(text)}${place}: ${error.message}`,
    hint === undefined ? {} : { hint },
  );
}
