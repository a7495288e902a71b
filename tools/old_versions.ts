/** Versions that were installed before. */

/**
 * Removes the versions in a folder but those to keep, and those from which something still runs: an embedded cluster
 * starts containers from the images beside its program, and every process loads parts of its own when it needs them.
 *
 * @param commandLines of the processes of this machine, each beginning with the program's path.
 */
export async function removeOldVersions(
  folder: string,
  keep: readonly (string | undefined)[],
  commandLines: readonly string[],
): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    const runs = commandLines.some((line) => line.startsWith(`${path}/`));
    if (runs || keep.includes(path)) continue;
    await Deno.remove(path, { recursive: true }).catch((error: unknown) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}

/** What runs on this machine, by POSIX's `ps`; nothing where there is none. */
export async function runningCommandLines(): Promise<string[]> {
  try {
    const { stdout } = await new Deno.Command("ps", { args: ["-A", "-o", "args="] }).output();
    return new TextDecoder().decode(stdout).split("\n");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
