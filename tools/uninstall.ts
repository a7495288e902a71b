// deno-lint-ignore-file no-console -- a tool talks to the person who runs it
/** `deno task uninstall [--prefix DIR]`: removes what `deno task install` created. Settings are retained. */
import { launcherMark, launcherNames, pluginCompletionName } from "./launcher.ts";
import { parsePrefix, prefixAt } from "./prefix.ts";
import { sayFailure } from "./say_failure.ts";

/** Removes launchers and versions below `path`. Returns the paths that existed. */
export async function uninstall(path: string): Promise<string[]> {
  const { bin, versions } = prefixAt(path);
  const removed: string[] = [];
  const scripts = [...launcherNames, pluginCompletionName].map((name) => `${bin}/${name}`);
  for (const target of [...scripts, versions]) {
    if (target !== versions && !await isOurs(target)) continue;
    try {
      await Deno.remove(target, { recursive: true });
      removed.push(target);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return removed;
}

/** A file of the same name from another installer isn't removed. */
async function isOurs(launcher: string): Promise<boolean> {
  try {
    return (await Deno.readTextFile(launcher)).includes(launcherMark);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function main(): Promise<number> {
  const removed = await uninstall(parsePrefix(Deno.args));
  console.log(removed.length === 0 ? "Nothing was installed there." : "Removed:");
  for (const path of removed) console.log(`  ${path}`);
  return 0;
}

if (import.meta.main) Deno.exit(await sayFailure(main));
