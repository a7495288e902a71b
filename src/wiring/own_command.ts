/** The words that start this very kodama again, for somebody else to start it with: a pane of tmux. */

/** What it is started with. */
export interface OwnCommand {
  /** The launcher of an installed kodama, as it says itself. */
  launcher: string | undefined;
  /** Folders that it writes to; a launcher finds them by itself. */
  writes: readonly string[];
}

/** Program first, by its path; at least two words of a command follow. */
export function ownCommand({ launcher, writes }: OwnCommand): string[] {
  if (Deno.build.standalone) return [Deno.execPath()];
  if (launcher !== undefined && launcher !== "") return [launcher];
  const flags = ["--quiet", "--no-prompt", "-P=kodama", `--allow-write=${writes.join(",")}`];
  return [Deno.execPath(), "run", ...flags, Deno.mainModule];
}
