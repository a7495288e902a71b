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

/** Returns the command lines of this machine's processes: by proc(5), elsewhere by POSIX's `ps`. */
export async function runningCommandLines(): Promise<string[]> {
  // Read by a program: Deno opens /proc only with all permissions.
  const [program, ...args] = Deno.build.os === "linux"
    ? ["sh", "-c", "for file in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$file; echo; done"] as const
    : ["ps", "-A", "-o", "args="] as const;
  const { stdout } = await new Deno.Command(program, { args, stderr: "null" }).output();
  return new TextDecoder().decode(stdout).split("\n").map((line) => line.trimEnd());
}
