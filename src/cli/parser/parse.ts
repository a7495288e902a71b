/**
 * Sorts the args of one chosen command into flags and operands, in getopt's style as in kubectl:
 * `-nprod`, `-n prod`, `-n=prod`, `--namespace=prod`, `-it`, flags and operands in any order.
 */
import { UsageError } from "../../base/errors.ts";
import { nearestNames } from "../../base/nearest_names.ts";
import type { Command, ParsedArgs, SortedArgs } from "./command.ts";
import { BadValue, type Completion, type Flag, type Flags } from "./flag.ts";

/**
 * Sorts the args of a command. `spoken` is the command as shown in its hint, `path` its names in the tree.
 *
 * @throws UsageError for an unknown flag, or one without its value.
 */
export async function sortArgs(
  command: Command,
  args: readonly string[],
  spoken: string,
  path = "",
): Promise<SortedArgs> {
  if (command.sort !== undefined) return command.sort(args);
  const texts = new Map<string, string[]>();
  const operands: string[] = [];
  const give = (name: string, text: string) => {
    texts.set(name, [...texts.get(name) ?? [], text]);
  };
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    if (!isFlag(arg)) {
      operands.push(arg);
      continue;
    }
    const read = isLongWithOneDash(command.flags, arg) ? undefined : readFlags(command.flags, arg);
    if (read === undefined) throw await unknownFlag(arg, command.flags, { spoken, path });
    for (const [name, text] of read.given) give(name, text);
    if (read.awaiting === undefined) continue;
    const value = args[++at];
    if (value === undefined) {
      throw new UsageError(`flag needs a value: ${arg}`, { hint: `see ${spoken} --help` });
    }
    give(read.awaiting, value);
  }
  await refuseObjects(command, operands, path);
  return { texts, operands };
}

/** The names of other objects, which a hand that knows kubectl gives to a verb of sessions. */
async function refuseObjects(
  command: Command,
  operands: readonly string[],
  path: string,
): Promise<void> {
  const isOfSessions = path === "list" || command.operands?.[0]?.completion?.kind === "sessions";
  if (operands.length === 0 || !isOfSessions) return;
  const { objectAnswer } = await import("./other_tools.ts");
  const answer = objectAnswer(path, operands);
  if (answer === undefined) return;
  throw new UsageError(`${JSON.stringify(operands.join(" "))} isn't the name of a session`, {
    hint: answer,
  });
}

/** Returns whether an arg is a flag, or several. `-` is a file's name. */
export function isFlag(arg: string): boolean {
  return arg.length > 1 && arg.startsWith("-");
}

/** The flags of one arg with their texts, and the one whose value is the next arg. */
interface ReadFlags {
  given: readonly (readonly [name: string, text: string])[];
  awaiting?: string;
}

/** `-namespace prod` would be `-n amespace`, and a pod `prod`. */
function isLongWithOneDash(flags: Flags, arg: string): boolean {
  const name = arg.slice(1).replace(/=.*$/s, "");
  return !arg.startsWith("--") && name.length > 2 && Object.hasOwn(flags, name);
}

/** Returns undefined if one of them is unknown. */
function readFlags(flags: Flags, arg: string): ReadFlags | undefined {
  return arg.startsWith("--") ? readLong(flags, arg.slice(2)) : readShort(flags, arg.slice(1));
}

/** `namespace=prod`, `namespace`, `tty`, `tty=false`. */
function readLong(flags: Flags, arg: string): ReadFlags | undefined {
  const equals = arg.indexOf("=");
  const name = equals < 0 ? arg : arg.slice(0, equals);
  const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
  if (flag === undefined) return undefined;
  if (equals >= 0) return { given: [[name, arg.slice(equals + 1)]] };
  return flag.takesValue ? { given: [], awaiting: name } : { given: [[name, "true"]] };
}

/** `n`, `nprod`, `n=prod`, `it`, `itn=prod`: switches, and at most one flag with a value as the last. */
function readShort(flags: Flags, letters: string): ReadFlags | undefined {
  const given: [string, string][] = [];
  for (const [at, letter] of [...letters].entries()) {
    const [name, flag] = byLetter(flags, letter) ?? [];
    if (name === undefined) return undefined;
    const rest = letters.slice(at + 1);
    if (rest.startsWith("=")) return { given: [...given, [name, rest.slice(1)]] };
    if (flag?.takesValue === true) {
      return rest === "" ? { given, awaiting: name } : { given: [...given, [name, rest]] };
    }
    given.push([name, "true"]);
  }
  return { given };
}

/** Returns the name of the flag that takes its value from the next argument; undefined if there is none. */
export function flagAwaiting(flags: Flags, arg: string): string | undefined {
  return isFlag(arg) ? readFlags(flags, arg)?.awaiting : undefined;
}

function byLetter(flags: Flags, letter: string): [string, Flag<unknown>] | undefined {
  return Object.entries(flags).find(([, flag]) => flag.short === letter);
}

async function unknownFlag(
  arg: string,
  flags: Flags,
  { spoken, path }: { spoken: string; path: string },
): Promise<UsageError> {
  const list = `${spoken} --help lists the flags`;
  if (isLongWithOneDash(flags, arg)) {
    return new UsageError(`unknown flag: ${arg}`, { hint: `did you mean -${arg}?` });
  }
  if (!arg.startsWith("--")) {
    const letter = [...arg.slice(1)].find((one) => byLetter(flags, one) === undefined);
    const flag = `-${letter ?? arg.slice(1)}`;
    const where = flag === arg ? "" : ` in ${arg}`;
    const { flagAnswer } = await import("./other_tools.ts");
    return new UsageError(`unknown flag: ${flag}${where}`, {
      hint: flagAnswer(flag, path) ?? list,
    });
  }
  const name = arg.slice(2).replace(/=.*$/s, "");
  if (name === "help") return new UsageError("--help takes no value", { hint: list });
  const { replacementOf } = await import("../../base/removed.ts");
  const replacement = replacementOf("flags", `${path} --${name}`);
  if (replacement !== undefined) {
    return new UsageError(`--${name} was removed`, { hint: replacement });
  }
  const { flagAnswer } = await import("./other_tools.ts");
  const answer = flagAnswer(name, path);
  const [near] = answer === undefined
    ? await nearestNames(name, Object.keys(flags), 1, { share: 1 / 3 })
    : [];
  return new UsageError(`unknown flag: --${name}`, {
    hint: answer ?? (near === undefined ? list : `did you mean --${near}?`),
  });
}

/* Converts sorted args to a command's `ParsedArgs`: flags in their narrow types, operands counted. */

/** Args in which only flags and operands have been separated. */
interface RawArgs {
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

/** The commands that list what an operand can be. */
const lists: Readonly<Partial<Record<Completion["kind"], string>>> = {
  sessions: "kodama list",
  templates: "kodama template list",
  workflows: "kodama workflow list",
};

function checkOperands(command: Command, raw: RawArgs, spoken: string): void {
  const declared = command.operands ?? [];
  const required = declared.filter(({ arity }) => arity === "one");
  const missing = required[raw.operands.length];
  const see = `see ${spoken} --help`;
  if (missing !== undefined) {
    const [example] = Object.values(command.examples);
    const as = example === undefined ? see : `${see}, as in: ${example}`;
    const list = lists[missing.completion?.kind ?? "values"];
    throw new UsageError(`missing ${missing.name}`, {
      hint: list === undefined ? as : `${list} lists them; ${as}`,
    });
  }
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
