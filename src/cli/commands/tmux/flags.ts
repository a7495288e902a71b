/** The flags of `kodama tmux` that are those of `kodama shell` in each pane, formatted as args. Pure. */
import type { TmuxOptions } from "../../../actions/tmux/events.ts";
import type { FlagValues } from "../../parser/flag.ts";
import type { shellFlags } from "../shell/flags.ts";

type PaneFlags = Omit<FlagValues<typeof shellFlags>, "env" | "keep-for">;

/**
 * Returns the args for every pane: paths are absolute, since a pane may start elsewhere. Variables are omitted, as
 * every user of this machine can read the args of a process.
 */
export function paneFlags(
  flags: PaneFlags,
  { kubeconfig, workingDir, keepMs }: {
    kubeconfig: string | undefined;
    workingDir: string;
    keepMs: number;
  },
): Pick<TmuxOptions, "shellFlags" | "writes"> {
  const log = flags.log === undefined ? undefined : absolute(flags.log, workingDir);
  const words = {
    "kubeconfig": kubeconfig === undefined ? undefined : absolute(kubeconfig, workingDir),
    "keep-for": keepMs === 0 ? "0" : `${keepMs}ms`,
    "connect-timeout": flags["connect-timeout"] && `${flags["connect-timeout"]}ms`,
    "workdir": flags.workdir,
    "log": log,
  };
  const given = Object.entries(words).filter(([, text]) => text !== undefined);
  const shellFlags = given.map(([name, text]) => `--${name}=${text}`);
  return {
    shellFlags: flags.new ? [...shellFlags, "--new"] : shellFlags,
    writes: log === undefined ? [] : [log],
  };
}

function absolute(path: string, workingDir: string): string {
  return path.startsWith("/") ? path : `${workingDir}/${path}`;
}
