/** Previously installed versions. */

/**
 * Removes the versions in a folder except those to retain, and those from which a process still runs: an embedded
 * cluster starts containers from the images beside its program, and every process loads its own parts on demand.
 *
 * @param commandLines of the processes of this machine, each starting with the program's path.
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

/** Returns the command lines of this machine's processes, by POSIX's `ps`; empty if there is no `ps`. */
export async function runningCommandLines(): Promise<string[]> {
  try {
    const { stdout } = await new Deno.Command("ps", { args: ["-A", "-o", "args="] }).output();
    return new TextDecoder().decode(stdout).split("\n");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
