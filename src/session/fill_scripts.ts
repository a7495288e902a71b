/**
 * Copies files into folders of a session's pod: beside the existing ones, and replaces those when all have arrived.
 * Each folder is a separate volume, so that moving within it is renaming. Pure.
 */
import { carriedFolders } from "./carried.ts";

/** The staging folder within a folder. No sync copies names that start like this (`reservedPrefix` of `sync/`). */
export const fillFolder = ".kodama-sync-fill";
const oldFolder = ".kodama-sync-old";
const replacedFolder = ".kodama-sync-replaced";

/** Leftovers of earlier versions that were interrupted. */
const formerFolders = { fill: ".kodama-fill", old: ".kodama-old", replaced: ".kodama-replaced" };

/**
 * `.kodama-sync-old` holds entries that are being moved away, `.kodama-sync-replaced` all of them: the next run after
 * an interruption reads its progress from these. The agent's sign-in stays.
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

/** The args that prepare, and remove the leftovers of an earlier attempt. */
export const beginFillWords: readonly string[] = ["sh", "-c", beginScript, "kodama", ...folders];

/** The args that replace the existing files by the new ones. */
export const placeFillWords: readonly string[] = ["sh", "-c", placeScript, "kodama", ...folders];
