/** The command that starts this same kodama again from another program: a pane of tmux. */

/** How it is started. */
export interface OwnCommand {
  /** The launcher of an installed kodama, as it reports itself. */
  launcher: string | undefined;
  /** Folders that it writes to; a launcher finds them by itself. */
  writes: readonly string[];
}

/** Program first, by its path; at least two arguments of a command follow. */
export function ownCommand({ launcher, writes }: OwnCommand): string[] {
  if (Deno.build.standalone) return [Deno.execPath()];
  if (launcher !== undefined && launcher !== "") return [launcher];
  const flags = ["--quiet", "--no-prompt", "-P=kodama", `--allow-write=${writes.join(",")}`];
  return [Deno.execPath(), "run", ...flags, Deno.mainModule];
}
