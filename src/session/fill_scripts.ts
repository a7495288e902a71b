/**
 * Files brought into folders of a session's pod: beside what is there, and in its place when all have come. Each
 * folder is a volume of its own, so that moving within it is renaming. Pure.
 */
import { carriedFolders } from "./carried.ts";

/** In a folder: what is on its way into it. */
export const fillFolder = ".kodama-fill";

/**
 * `.kodama-old` holds what is being moved out of the way, `.kodama-replaced` all of it: whoever comes after an
 * interruption sees by these how far it was. What tells whom the agent is signed in as stays.
 */
const functions = `set -eu
each() {
  for one in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    [ -e "$one" ] || [ -L "$one" ] || continue
    case \${one##*/} in ${fillFolder} | .kodama-old | .kodama-replaced | lost+found) continue ;; esac
    case $3\${one##*/} in keep.credentials.json | keep.claude.json*) continue ;; esac
    if [ "$2" = rm ]; then rm -rf "$one"; else mv -f "$one" "$2/"; fi
  done
}
`;

const beginScript = `${functions}
for dir; do
  if [ -d "$dir/.kodama-replaced" ]; then
    each "$dir" rm keep
    each "$dir/.kodama-replaced" "$dir" all
  elif [ -d "$dir/.kodama-old" ]; then
    each "$dir/.kodama-old" "$dir" all
  fi
  rm -rf "$dir/${fillFolder}" "$dir/.kodama-old" "$dir/.kodama-replaced" "$dir"/.kodama-*.new
done
`;

const placeScript = `${functions}
for dir; do [ -d "$dir/${fillFolder}" ]; done
for dir; do
  mkdir "$dir/.kodama-old"
  each "$dir" "$dir/.kodama-old" keep
  mv "$dir/.kodama-old" "$dir/.kodama-replaced"
  each "$dir/${fillFolder}" "$dir" all
  rm -rf "$dir/${fillFolder}" "$dir/.kodama-replaced"
done
`;

const folders = carriedFolders.map(({ path }) => path);

/** The words that make ready, and take back what an earlier attempt has left. */
export const beginFillWords: readonly string[] = ["sh", "-c", beginScript, "kodama", ...folders];

/** The words that put what has come in the place of what is there. */
export const placeFillWords: readonly string[] = ["sh", "-c", placeScript, "kodama", ...folders];
