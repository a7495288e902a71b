/** The program that runs in a pod for a synchronisation: `scripts/start.sh` describes its requests and answers. */
import { scriptCommand, type ScriptParts, scriptText } from "../../base/shell_script.ts";
import prelude from "../../podscript/prelude.sh" with { type: "text" };
import change from "./scripts/change.sh" with { type: "text" };
import read from "./scripts/read.sh" with { type: "text" };
import serve from "./scripts/serve.sh" with { type: "text" };
import start from "./scripts/start.sh" with { type: "text" };
import perlWatcher from "./scripts/watch.pl" with { type: "text" };
import watch from "./scripts/watch.sh" with { type: "text" };

/** Bytes per block of lists. */
export const listBlock = 512;
/** Bytes per block of archives: a record of tar. */
export const archiveBlock = 10_240;

/** Prefix of kodama's own names in the folder; no listing has them. */
export const reservedPrefix = ".kodama-sync-";

/** The exit code of a loop whose own folder was removed, or is of another time. */
export const stageRemovedCode = 75;

/** The loop. */
export const loopScript: ScriptParts = [prelude, start, read, change, watch, serve];

/** `$0` of the loop: a session's idle watcher and the next loop of the same folder recognize it by this name. */
const loopName = "kodama-sync";

/** Returns the command of an exec: `mark` starts the loop's own lines, `key` identifies this synchronisation. */
export function loopCommand(
  { mark, root, key, fresh }: { mark: string; root: string; key: string; fresh: string },
): string[] {
  return scriptCommand(
    loopScript,
    [mark, root, key, fresh, scriptText([perlWatcher])],
    loopName,
  );
}

/** Returns the command of an exec that removes a synchronisation's own files in its folder after its loop. */
export function forgetCommand({ root, key }: { root: string; key: string }): string[] {
  return ["rm", "-rf", `${root.replace(/\/+$/, "")}/${reservedPrefix}${key}`];
}
