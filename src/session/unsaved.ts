/** Work that is in a session's workspace alone, and the texts about it. Pure. */
import { plural } from "../base/plural.ts";

/** Work that is in the workspace alone, or may be. */
export type Unsaved =
  /** The sync doesn't bring it to this machine. `files` are the paths that are known, the first of them. */
  | { kind: "unfetched"; reason: string; files: readonly string[] }
  /** Commits and stashes that neither the origin nor a pull has. */
  | { kind: "commits"; count: number; latest: readonly string[] }
  /** Files that aren't committed, and not synced. */
  | { kind: "files"; files: readonly string[] }
  /** The workspace can't be inspected. */
  | { kind: "unknown"; reason: string };

/** How many paths are named. */
const maxFiles = 10;

/** Returns a line for each kind of unsaved work. */
export function unsavedLines(unsaved: readonly Unsaved[]): string[] {
  return unsaved.map((one) => {
    switch (one.kind) {
      case "unfetched":
        return one.files.length === 0 ? one.reason : `${one.reason}: ${listed(one.files)}`;
      case "commits":
        return `${plural(one.count, "unpushed commit")}${
          one.latest.length === 0 ? "" : `: ${listed(one.latest)}`
        }`;
      case "files":
        return `${plural(one.files.length, "uncommitted file")}: ${listed(one.files)}`;
      case "unknown":
        return one.reason;
    }
  });
}

function listed(texts: readonly string[]): string {
  const more = texts.length > maxFiles ? ` and ${texts.length - maxFiles} more` : "";
  return texts.slice(0, maxFiles).join(", ") + more;
}
