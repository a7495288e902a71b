/**
 * The launcher of an installed kodama: a short sh script, which starts Deno with the permissions that the
 * command needs. It shows in readable form what kodama is allowed to do.
 */
import { completeCommand, serveForwardCommand, serveSyncCommand } from "../src/cli/program.ts";
import { leadingValueFlags } from "../src/cli/tree.ts";
import { installed, runFlags } from "./deno_flags.ts";
import { permissionFlags, type PermissionSet } from "./permissions.ts";

/** Names under which kodama is started (`src/cli/program.ts`). The first is the target of the others. */
export const launcherNames = ["kodama", "kubectl-kodama", "kpod", "kwekash"] as const;

/** kubectl 1.26 and later runs this to complete `kubectl kodama …`; it must be on PATH beside the plugin. */
export const pluginCompletionName = "kubectl_complete-kodama";

/** A line that only our launchers have. */
export const launcherMark = "# kodama's launcher:";

/** The permission sets that a launcher chooses from. */
export interface LauncherSets {
  /** For every command but those below. */
  kodama: PermissionSet;
  /** For `kodama cluster …` and `kodama workflow test`. */
  cluster: PermissionSet;
}

/** The location of the version's files that a launcher starts. */
export type LauncherPlace =
  /** In a folder, given as an absolute path; the program's name is the launcher's own. */
  | { kind: "folder"; path: string }
  /** Beside the launcher, whose caller has set `KODAMA_ARGV0`. */
  | { kind: "beside" }
  /** Found by lines of sh, which set `home` and `deno`; `launcher` is the absolute path that was started. */
  | { kind: "found"; lines: string };

/** Lines of sh that set `home` to the folder of the launcher, behind all links that lead to it. */
export const followLinks = `home=$launcher
while [ -h "$home" ]; do
  link=$(readlink "$home")
  case $link in
    /*) home=$link ;;
    *) home=\${home%/*}/$link ;;
  esac
done
home=\${home%/*}`;

/** Returns the text of a launcher. */
export function launcherText(place: LauncherPlace, sets: LauncherSets): string {
  const name = place.kind === "beside" ? "${KODAMA_ARGV0:-kodama}" : "${0##*/}";
  return `#!/bin/sh
${launcherMark} starts Deno with the permissions that the command needs, and no others.
# The reason for each permission stands in docs/permissions.md.
case $0 in
  /*) launcher=$0 ;;
  *) launcher=$PWD/$0 ;;
esac
name=${name}
${homeText(place)}
if ! [ -e "$PWD" ]; then
  # It was removed, or this user may not search a folder above it, which stops nothing.
  case $(readlink /proc/self/cwd 2>/dev/null) in
    "" | *" (deleted)")
      echo "error: the folder that this was started in isn't there any more" >&2
      echo "hint: cd to another one" >&2
      exit 1 ;;
  esac
fi
# Deno would put /dev/null in its place, and what is written there would be lost without a word.
if ! { true 3>&1; } 2>/dev/null; then
  echo "error: standard output is closed" >&2
  echo "hint: >/dev/null, if nobody is to read it" >&2
  exit 1
fi
config=\${KODAMA_CONFIG_DIR:-\${HOME:-}/.kodama}
case $config in
  *,*)
    echo "error: $config has a comma, which a permission of Deno can't have" >&2
    echo "hint: set KODAMA_CONFIG_DIR to a path without one" >&2
    exit 1 ;;
esac
# What root writes into another user's home, that user can't change or remove.
denied=
if [ -z "\${KODAMA_CONFIG_DIR:-}" ] && [ -O / ] && [ -e "\${HOME:-/}" ] && ! [ -O "\${HOME:-/}" ]; then
  denied=--deny-write=$config
fi
export KODAMA_ARGV0="$name" KODAMA_LAUNCHER="$launcher" DENO_DIR="$home/${installed.cache}" DENO_NO_UPDATE_CHECK=1
# Deno would trust its own list of authorities beside the one that a kubeconfig names.
export DENO_TLS_CA_STORE=

# If Deno can't be started, sh has given its reason.
unstarted() {
  if [ -e "$deno" ] && ! [ -x "$deno" ]; then
    echo "hint: its file system may forbid programs (noexec): install kodama on another one" >&2
  elif [ -e "$deno" ] && ! "$deno" --version >/dev/null 2>&1; then
    echo "hint: kodama needs glibc 2.27 or later: it doesn't run with musl, as of Alpine" >&2
  else
    echo "hint: install kodama again: $deno is missing" >&2
  fi
}
trap 'case $? in 126 | 127) unstarted ;; esac' EXIT

# The command is the first word that is neither a flag nor a flag's value; what follows it may be a part of it.
command= part= before=
case $name in
  kpod | kwekash) ;;
  *)
    for word; do
      case $before in
        ${leadingValueFlags.join(" | ")}) before=; continue ;;
      esac
      before=$word
      case $word in
        -?*) ;;
        *)
          if [ -n "$command" ]; then part=$word; break; fi
          command=$word ;;
      esac
    done ;;
esac

# The one other folder that is written to: that of --outdir or --log. What follows -- is the pods' command.
outdir= before=
for word; do
  case $before in --outdir | --log) outdir=$word ;; esac
  case $word in
    --) break ;;
    --outdir=* | --log=*) outdir=\${word#--*=} ;;
  esac
  before=$word
done
case $outdir in
  *,*)
    echo "error: $outdir has a comma, which a permission of Deno can't have" >&2
    echo "hint: give --outdir or --log a path without one" >&2
    exit 1 ;;
esac

# Settings that are a link to somewhere else, as dotfiles often are, are replaced where they lie.
linked=
if [ "$command" = config ] && [ -h "$config/config.yaml" ]; then
  linked=$(readlink -f "$config/config.yaml")
  linked=\${linked%/*}
  case $linked in *,*) linked= ;; esac
fi

# A workflow's test has an embedded cluster of its own.
if [ "$command" = cluster ] || [ "$command $part" = "workflow test" ]; then
  exec ${startWords(sets.cluster)}
fi
# A copy, and a session's snapshot, go to the path of the command line, under a temporary name beside it first; what steps of a workflow save
# goes where its own permissions say, to which kodama holds them; a new workflow goes beside the others. An undo, and what keeps a
# folder in sync with one in a pod, write to that folder, wherever it is.
case "$command $part" in
  "cp "* | "run "* | "runs rerun" | "runs report" | "sync undo" | "workflow new" | "plugin new" | "mcp install" | "snapshot "* | "session snapshot" | "watch "* | "forward "* | "ui "* | "${serveSyncCommand} "* | "${serveForwardCommand} "*)
    exec ${startWords({ ...sets.kodama, write: true })} ;;
esac
exec ${startWords(sets.kodama)}
`;
}

/**
 * Returns the text of {@link pluginCompletionName}: kubectl passes the args after the plugin's name, the last one as
 * typed so far, and reads Cobra's protocol. https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/
 */
export function pluginCompletionText(): string {
  return `#!/bin/sh
${launcherMark} answers kubectl, which completes "kubectl kodama ...".
exec "\${0%/*}/${launcherNames[0]}" ${completeCommand} "$@"
`;
}

/** Returns the lines that set `home`, the folder of the version's files, and `deno`. */
function homeText(place: LauncherPlace): string {
  switch (place.kind) {
    case "folder":
      return `home=${quote(place.path)}\ndeno=$home/${installed.deno}`;
    case "beside":
      return `home=\${0%/*}\ndeno=$home/${installed.deno}`;
    case "found":
      return place.lines;
  }
}

/** Returns the command line that starts Deno, using the variables of the launcher. */
function startWords(set: PermissionSet): string {
  const flags = permissionFlags(set).map((flag) =>
    flag.startsWith("--allow-run=")
      ? `${quote(flag)}"\${KODAMA_ALLOW_RUN:+,$KODAMA_ALLOW_RUN}"`
      : quote(flag)
  );
  const write = set.write === undefined
    ? ['"--allow-write=$config${outdir:+,$outdir}${linked:+,$linked}"']
    : [];
  const program = `"$home/${installed.entry}" "$@"`;
  return [`"$deno" ${runFlags.join(" ")}`, ...flags, ...write, '${denied:+"$denied"}', program]
    .join(" \\\n    ");
}

/** Quotes an argument for sh. */
function quote(text: string): string {
  return /^[\w\-=,./:]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
