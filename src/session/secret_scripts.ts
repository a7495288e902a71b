/**
 * Removes the surplus of a copy of complete volumes, in the pod before anything else is done there: the agent's
 * sign-in, and the files that kodama stores for one pod only. {@link ./carried.ts} excludes the same from copies file
 * by file. Pure.
 */
import { carriedFolders } from "./carried.ts";

const script = `set -eu
forget() {
  for one in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    [ -e "$one" ] || [ -L "$one" ] || continue
    case \${one##*/} in
      .credentials.json* | .claude.json*) rm -rf "$one" ;;
      *) if [ -d "$one" ] && [ ! -L "$one" ]; then forget "$one"; fi ;;
    esac
  done
}
if [ "$1" = forget ]; then forget "$3"; fi
for one in "$2"/.kodama-* "$3"/.kodama-*; do rm -rf "$one"; done
for one in "$4"/* "$4"/.[!.]*; do
  case \${one##*/} in repository | files-pending | tasks | lost+found) ;; *) rm -rf "$one" ;; esac
done
rm -f "$4"/tasks/*/environment "$4"/tasks/*/runner
`;

const folders = carriedFolders.map(({ path }) => path);

/** Returns its args. */
export function forgetWords({ withSecrets }: { withSecrets: boolean }): readonly string[] {
  return ["sh", "-c", script, "kodama", withSecrets ? "keep" : "forget", ...folders];
}
