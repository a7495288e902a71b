/** Small files of kodama's own: replaced atomically, and readable by their owner alone. */
import { ifPresent, isAbsent } from "./errors.ts";

/** Replaces a file atomically. Only its owner may read it, unless a mode is given. */
export async function replaceFile(path: string, content: string, mode?: number): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}`;
  try {
    await Deno.writeTextFile(temporary, content, { mode: 0o600, createNew: true });
    if (mode !== undefined) await Deno.chmod(temporary, mode);
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}

/** Removes a file that may not exist. */
export async function removeFile(path: string): Promise<void> {
  await ifPresent(() => Deno.remove(path));
}

/** Removes a folder with all that is in it, if it exists. */
export async function removeFolder(path: string): Promise<void> {
  await ifPresent(() => Deno.remove(path, { recursive: true }));
}

/** Returns the names of the folders in a folder, sorted; none if it doesn't exist. */
export async function foldersIn(path: string): Promise<string[]> {
  const entries = await ifPresent(() => Array.fromAsync(Deno.readDir(path))) ?? [];
  return entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => name).sort();
}

/** Returns the content of a JSON file; undefined if there is none, or it isn't JSON. */
export async function readJsonFile(path: string): Promise<unknown> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (isAbsent(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
