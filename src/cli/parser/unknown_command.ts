/** The error for an unknown command. */
import { UsageError } from "../../base/errors.ts";
import { nearestNames } from "../../base/nearest_names.ts";
import { type Program, speak } from "../program.ts";
import { type Branch, nodeAt } from "./node.ts";

/**
 * Returns the usage error for a word that is not a command of the branch at `path`. It names the equivalent of another
 * tool's command, the command of that name at the root, or the nearest one of the branch; as a correction never one
 * that ends or deletes something.
 */
export async function unknownCommand(
  word: string,
  path: readonly string[],
  root: Branch,
  program: Program,
): Promise<UsageError> {
  const { replacementOf } = await import("../../base/removed.ts");
  const replacement = replacementOf("commands", [...path, word].join(" "));
  if (replacement !== undefined) {
    const removed = speak(program, ["kodama", ...path, word].join(" "));
    return new UsageError(`${removed} was removed`, { hint: replacement });
  }
  const parent = speak(program, ["kodama", ...path].join(" "));
  return new UsageError(`unknown command ${JSON.stringify(word)} for "${parent}"`, {
    hint: await hintFor(word, path, root, program) ?? `${parent} --help lists the commands`,
  });
}

async function hintFor(
  word: string,
  path: readonly string[],
  root: Branch,
  program: Program,
): Promise<string | undefined> {
  const { destructive, verbAnswer } = await import("./other_tools.ts");
  const answer = verbAnswer(word, path);
  if (answer !== undefined) return answer;
  const isSafe = (name: string) => !destructive.has(name);
  const node = nodeAt(root, path);
  const candidates = node?.kind === "branch" ? Object.keys(node.commands).filter(isSafe) : [];
  const isOfRoot = Object.hasOwn(root.commands, word) && isSafe(word);
  const [near] = isOfRoot ? [word] : await nearestNames(word, candidates, 1);
  if (near === undefined) return undefined;
  return `did you mean ${speak(program, ["kodama", ...(isOfRoot ? [] : path), near].join(" "))}?`;
}
