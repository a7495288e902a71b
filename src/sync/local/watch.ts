/** Reports changes in a folder of this machine as they happen. */
import type { EndNews, Ignoring } from "../core/endpoint.ts";
import { reservedPrefix } from "../remote/loop.ts";

/** Files whose content decides what is ignored. */
const ruleFiles = new Set([".gitignore", ".kodamaignore"]);

/** A watcher; `by` names it, or is `polling` if the system provides none. */
export interface LocalWatch extends Disposable {
  readonly by: string;
  /** Sets whether the system's watcher reports anything; if it doesn't, changes are polled. */
  tells(whether: boolean): void;
}

/** Watches a folder with all that is in it. */
export function watchFolder(
  root: string,
  told: (news: EndNews) => void,
  ignoring: () => Ignoring | undefined,
): LocalWatch {
  let watcher: Deno.FsWatcher;
  try {
    watcher = Deno.watchFs(root, { recursive: true });
  } catch {
    // No watches remain, or the file system has none: everything is scanned at intervals.
    return { by: "polling", tells: () => {}, [Symbol.dispose]: () => {} };
  }
  const system = Deno.build.os === "linux" ? "inotify" : Deno.build.os;
  const state = { by: system };
  // On some systems events name the folder by another path than the given one.
  const real = Deno.realPathSync(root);
  const tell = (path: string) => {
    const below = pathBelow(path, root) ?? pathBelow(path, real);
    if (below === undefined) return;
    if (below === "") return told({ kind: "changedAnywhere" });
    const names = below.split("/");
    if (names.some((name) => name.startsWith(reservedPrefix))) return;
    if (ruleFiles.has(names.at(-1) ?? "")) return told({ kind: "changedAnywhere" });
    if (ignoring()?.ignores(below, "other") !== true) told({ kind: "changed", path: below });
  };
  const listening = (async () => {
    for await (const event of watcher) {
      if (event.kind === "access") continue;
      if (event.flag === "rescan") told({ kind: "changedAnywhere" });
      for (const path of event.paths) tell(path);
    }
  })();
  listening.catch(() => {
    state.by = "polling";
    told({ kind: "changedAnywhere" });
  });
  return {
    get by() {
      return state.by;
    },
    tells(whether) {
      state.by = whether ? system : "polling";
      told({ kind: "watched", by: state.by });
      told({ kind: "changedAnywhere" });
    },
    [Symbol.dispose]: () => watcher.close(),
  };
}

function pathBelow(path: string, root: string): string | undefined {
  const plain = Deno.build.os === "windows" ? path.replaceAll("\\", "/") : path;
  if (plain === root) return "";
  return plain.startsWith(`${root}/`) ? plain.slice(root.length + 1) : undefined;
}
