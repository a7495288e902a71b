/** Merges an unpacked folder into an existing one. */
import { KodamaError } from "../../base/errors.ts";
import { isAbsent } from "../../files/errors.ts";

/**
 * Moves everything into the folder, each file whole. An entry of another kind in the way is an error before anything is
 * moved; links of the folder are replaced, and never followed.
 */
export async function mergeInto(from: string, to: string): Promise<void> {
  const moves: { from: string; to: string }[] = [];
  await plan(from, to, moves);
  for (const move of moves) await Deno.rename(move.from, move.to);
}

async function plan(
  from: string,
  to: string,
  moves: { from: string; to: string }[],
): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    const [source, target] = [`${from}/${name}`, `${to}/${name}`];
    const there = await kindAt(target);
    if (there === "folder" && isDirectory) await plan(source, target, moves);
    else if (there === "folder" || there !== undefined && isDirectory) {
      const wanted = isDirectory ? "is not a folder" : "is a folder, and would have to be a file";
      throw new KodamaError("conflict", `${target} is there already, and ${wanted}`);
    } else moves.push({ from: source, to: target });
  }
}

async function kindAt(path: string): Promise<"folder" | "other" | undefined> {
  try {
    return (await Deno.lstat(path)).isDirectory ? "folder" : "other";
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}
