/** The error for an unknown command. */
import { UsageError } from "../../base/errors.ts";
import { nearestNames } from "../../base/nearest_names.ts";
import { type Program, speak } from "../program.ts";

/**
 * Returns the usage error for an unknown command. It names the equivalent of another tool's command, or
 * the nearest command; never one that ends or deletes something.
 */
export async function unknownCommand(
  arg: string,
  path: readonly string[],
  candidates: readonly string[],
  program: Program,
): Promise<UsageError> {
  const parent = speak(program, ["kodama", ...path].join(" "));
  const { destructive, verbAnswer } = await import("./other_tools.ts");
  const answer = verbAnswer(arg, path);
  const safe = candidates.filter((name) => !destructive.has(name));
  const [near] = answer === undefined ? await nearestNames(arg, safe, 1) : [];
  return new UsageError(`unknown command ${JSON.stringify(arg)} for "${parent}"`, {
    hint: answer !== undefined
      ? answer
      : near === undefined
      ? `${parent} --help lists the commands`
      : `did you mean ${parent} ${near}?`,
  });
}
