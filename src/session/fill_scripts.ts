/**
 * Files brought into folders of a session's pod: beside what is there, and in its place when all have come. Each
 * folder is a volume of its own, so that moving within it is renaming. Pure.
 */
import { carriedFolders } from "./carried.ts";

/** In a folder: what is on its way into it. No sync carries over what begins so (`reservedPrefix` of `sync/`). */
export const fillFolder = ".kodama-sync-fill";
const oldFolder = ".kodama-sync-old";
const replacedFolder = ".kodama-sync-replaced";

/** What earlier versions left when they were interrupted. */
const formerFolders = { fill: ".kodama-fill", old: ".kodama-old", replaced: ".kodama-replaced" };

/**
 * `.kodama-sync-old` holds what is being moved out of the way, `.kodama-sync-replaced` all of it: whoever comes after an
 * interruption sees by these how far it was. What tells whom the agent is signed in as stays.
 */
const functions = `set -eu
each() {
  for one in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    [ -e "$one" ] || [ -L "$one" ] || continue
    case \${one##*/} in ${fillFolder} | ${oldFolder} | ${replacedFolder} | lost+found) continue ;; esac
    case $3\${one##*/} in keep.credentials.json | keep.claude.json*) continue ;; esac
    if [ "$2" = rm ]; then rm -rf "$one"; else mv -f "$one" "$2/"; fi
  done
}
`;

const beginScript = `${functions}
for dir; do
  if [ -d "$dir/${formerFolders.old}" ]; then mv "$dir/${formerFolders.old}" "$dir/${oldFolder}"; fi
  if [ -d "$dir/${formerFolders.replaced}" ]; then mv "$dir/${formerFolders.replaced}" "$dir/${replacedFolder}"; fi
  rm -rf "$dir/${formerFolders.fill}"
  if [ -d "$dir/${replacedFolder}" ]; then
    each "$dir" rm keep
    each "$dir/${replacedFolder}" "$dir" all
  elif [ -d "$dir/${oldFolder}" ]; then
    each "$dir/${oldFolder}" "$dir" all
  fi
  rm -rf "$dir/${fillFolder}" "$dir/${oldFolder}" "$dir/${replacedFolder}" "$dir"/.kodama-*.new
done
`;

const placeScript = `${functions}
for dir; do [ -d "$dir/${fillFolder}" ]; done
for dir; do
  mkdir "$dir/${oldFolder}"
  each "$dir" "$dir/${oldFolder}" keep
  mv "$dir/${oldFolder}" "$dir/${replacedFolder}"
  each "$dir/${fillFolder}" "$dir" all
  rm -rf "$dir/${fillFolder}" "$dir/${replacedFolder}"
done
`;

const folders = carriedFolders.map(({ path }) => path);

/** The words that make ready, and take back what an earlier attempt has left. */
export const beginFillWords: readonly string[] = ["sh", "-c", beginScript, "kodama", ...folders];

/** The words that put what has come in the place of what is there. */
export const placeFillWords: readonly string[] = ["sh", "-c", placeScript, "kodama", ...folders];
