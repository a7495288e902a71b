/** The ignore files of a folder of this machine. */
import type { IgnoreSource } from "../core/ignore_rules.ts";
import { isAbsent } from "../../files/errors.ts";

/** Returns a reader of the sources of a folder, "" for the top. */
export function ignoreSources(
  root: string,
  { useGitignore, excludePatterns }: { useGitignore: boolean; excludePatterns: readonly string[] },
): (folder: string) => readonly IgnoreSource[] {
  return (folder) => {
    const sources: IgnoreSource[] = [];
    if (folder === "" && excludePatterns.length > 0) {
      sources.push({
        rank: "settings",
        name: "sync.excludePatterns",
        text: `${excludePatterns.join("\n")}\n`,
      });
    }
    const add = (rank: "gitignore" | "kodamaignore") => {
      const name = `${root}/${folder === "" ? "" : `${folder}/`}.${rank}`;
      const text = textOf(name);
      if (text !== undefined) sources.push({ rank, name, text });
    };
    add("kodamaignore");
    if (useGitignore) add("gitignore");
    return sources;
  };
}

function textOf(path: string): string | undefined {
  try {
    // git doesn't read its rules through a link either.
    return Deno.lstatSync(path).isFile ? Deno.readTextFileSync(path) : undefined;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}
