/** What is said of a word that no command has. */
import { UsageError } from "../base/errors.ts";
import { nearestNames } from "../base/nearest_names.ts";
import { type Program, speak } from "./program.ts";

/** The usage error for a word that is no command; names the nearest one. */
export async function unknownCommand(
  word: string,
  path: readonly string[],
  candidates: readonly string[],
  program: Program,
): Promise<UsageError> {
  const parent = speak(program, ["kodama", ...path].join(" "));
  const [near] = await nearestNames(word, candidates, 1);
  return new UsageError(`unknown command ${JSON.stringify(word)} for "${parent}"`, {
    hint: near === undefined
      ? `${parent} --help lists the commands`
      : `did you mean ${parent} ${near}?`,
  });
}
