/**
 * Sorts the args of one chosen command into flags and operands, in getopt's style as in kubectl:
 * `-nprod`, `-n prod`, `-n=prod`, `--namespace=prod`, `-it`, flags and operands in any order.
 *
 * commander does the sorting, for this one command alone. It is loaded only if there is something to
 * sort: a command without args starts without it.
 */
import { Command as Parser, CommanderError, Option } from "commander";
import { UsageError } from "../../base/errors.ts";
import { nearestNames } from "../../base/nearest_names.ts";
import type { Command } from "./command.ts";
import type { Flags } from "./flag.ts";
import { byLetter, negation, spellOut } from "./spelling.ts";

/** The texts given for each flag, in order, and the args that aren't flags. */
export interface Sorted {
  texts: ReadonlyMap<string, readonly string[]>;
  operands: readonly string[];
}

/**
 * Sorts `words`. `spoken` is the command as shown in its hint, `path` its names in the tree.
 *
 * @throws UsageError for an unknown flag, or one without its value.
 */
export async function sortWords(
  command: Command,
  words: readonly string[],
  spoken: string,
  path = "",
): Promise<Sorted> {
  const texts = new Map<string, string[]>();
  const parser = parserFor(command.flags, texts);
  const plain = spellOut(command.flags, words);
  try {
    const { operands, unknown } = parser.parseOptions(plain);
    const [flag] = unknown;
    if (flag !== undefined) throw await unknownFlag(flag, command.flags, { spoken, path });
    return { texts, operands };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // The only error that commander still reports: a value flag without a next argument, so the last argument.
    const last = plain.at(-1) ?? "";
    throw new UsageError(`flag needs a value: ${last}`, { hint: `see ${spoken} --help` });
  }
}

function parserFor(flags: Flags, texts: Map<string, string[]>): Parser {
  const parser = new Parser().exitOverride().configureOutput({ writeErr: () => {} });
  for (const [name, flag] of Object.entries(flags)) {
    const collect = (text: string) => {
      texts.set(name, [...texts.get(name) ?? [], text]);
    };
    const short = flag.short === undefined ? "" : `-${flag.short}, `;
    if (flag.takesValue) {
      parser.addOption(new Option(`${short}--${name} <value>`).argParser(collect));
    } else {
      parser.addOption(new Option(`${short}--${name}`));
      parser.on(`option:${name}`, () => collect("true"));
      parser.addOption(new Option(`--${negation(name)} <value>`).argParser(collect));
    }
  }
  return parser;
}

async function unknownFlag(
  word: string,
  flags: Flags,
  { spoken, path }: { spoken: string; path: string },
): Promise<UsageError> {
  const list = `${spoken} --help lists the flags`;
  if (!word.startsWith("--")) {
    const letter = [...word.slice(1)].find((one) => byLetter(flags, one) === undefined);
    const flag = `-${letter ?? word.slice(1)}`;
    const where = flag === word ? "" : ` in ${word}`;
    const { flagAnswer } = await import("./other_tools.ts");
    return new UsageError(`unknown flag: ${flag}${where}`, {
      hint: flagAnswer(flag, path) ?? list,
    });
  }
  const name = word.slice(2).replace(/=.*$/s, "");
  if (name === "help") return new UsageError("--help takes no value", { hint: list });
  const { flagAnswer } = await import("./other_tools.ts");
  const answer = flagAnswer(name, path);
  const [near] = answer === undefined ? await nearestNames(name, Object.keys(flags), 1) : [];
  return new UsageError(`unknown flag: --${name}`, {
    hint: answer ?? (near === undefined ? list : `did you mean --${near}?`),
  });
}
