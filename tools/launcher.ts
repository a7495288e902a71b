/**
 * The launchers of an installed kodama: a few lines of sh each, which start Deno with the permissions
 * that the command needs. What kodama may do can be read in them.
 */
import { bundleEntry } from "./bundle.ts";
import { permissionFlags, type PermissionSet } from "./permissions.ts";

/** Names under which kodama is started (`src/cli/program.ts`). */
export const launcherNames = ["kodama", "kubectl-kodama", "kpod", "kwekash"] as const;

/** A launcher's name. */
export type LauncherName = typeof launcherNames[number];

/** Names below the folder of one installed version. */
export const installed = { deno: "deno", cache: "cache", entry: bundleEntry } as const;

/**
 * Flags that make a start the same everywhere: no configuration of the folder that it happens in, no
 * network, no question. `--quiet` keeps Deno's own remarks off standard error.
 */
export const runFlags: readonly string[] = [
  "run",
  "--quiet",
  "--no-prompt",
  "--no-config",
  "--no-lock",
  "--no-remote",
  "--no-npm",
  "--cached-only",
];

/** The permission sets that launchers choose from. */
export interface LauncherSets {
  /** For every command but those below. */
  kodama: PermissionSet;
  /** For `kodama cluster …`. */
  cluster: PermissionSet;
}

/** The text of one launcher. `folder` is the absolute path of the installed version. */
export function launcherText(name: LauncherName, folder: string, sets: LauncherSets): string {
  const choosesCommand = name === "kodama" || name === "kubectl-kodama";
  return `#!/bin/sh
# ${name}: starts Deno with the permissions that the command needs, and no others.
# Made by "deno task install". The reason for each permission: docs/permissions.md.
home=${quote(folder)}
config=\${KODAMA_CONFIG_DIR:-\${HOME:-}/.kodama}
case $config in
  *,*) echo "error: the path $config has a comma, which Deno's permissions can't express" >&2
    echo "hint: set KODAMA_CONFIG_DIR to a path without one" >&2
    exit 1 ;;
esac
export KODAMA_ARGV0=${name} DENO_DIR="$home/${installed.cache}" DENO_NO_UPDATE_CHECK=1
${choosesCommand ? chooseCluster(sets.cluster) : ""}exec ${startWords(sets.kodama)}
`;
}

/** The first word that is no flag is the command. */
function chooseCluster(set: PermissionSet): string {
  return `for word; do
  case $word in
    cluster) exec ${startWords(set)} ;;
    -?*) ;;
    *) break ;;
  esac
done
`;
}

/** The command line that starts Deno, over the variables of the launcher. */
function startWords(set: PermissionSet): string {
  const flags = permissionFlags(set).map((flag) =>
    flag.startsWith("--allow-run=")
      ? `${quote(flag)}"\${KODAMA_ALLOW_RUN:+,$KODAMA_ALLOW_RUN}"`
      : quote(flag)
  );
  const write = set.write === undefined ? ['"--allow-write=$config"'] : [];
  const program = `"$home/${installed.entry}" "$@"`;
  return [`"$home/${installed.deno}" ${runFlags.join(" ")}`, ...flags, ...write, program]
    .join(" \\\n    ");
}

/** A word of sh. */
function quote(text: string): string {
  return /^[\w\-=,./:]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
