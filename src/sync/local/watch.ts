/** Reports changes in a folder of this machine as they happen. */
import type { EndpointEvent } from "../core/endpoint.ts";
import type { Ignoring } from "../core/ignore_rules.ts";
import { reservedPrefix } from "../remote/loop.ts";

/** Files whose content decides which paths are ignored. */
const ruleFiles = new Set([".gitignore", ".kodamaignore"]);

/** A watcher; `by` names it, or is `polling` if the system provides none. */
interface LocalWatch extends Disposable {
  readonly by: string;
  /** Sets whether the system's watcher reports anything; if it doesn't, changes are polled. */
  setReliable(reliable: boolean): void;
}

/** Watches a folder with all that is in it. */
export function watchFolder(
  root: string,
  onEvent: (event: EndpointEvent) => void,
  { ignoring, indexChanged = () => {} }: {
    ignoring: () => Ignoring | undefined;
    /** Called when git's index may have other files. */
    indexChanged?: () => void;
  },
): LocalWatch {
  let watcher: Deno.FsWatcher;
  try {
    watcher = Deno.watchFs(root, { recursive: true });
  } catch {
    // No watches remain, or the file system has none: everything is scanned at intervals.
    return { by: "polling", setReliable: () => {}, [Symbol.dispose]: () => {} };
  }
  const system = Deno.build.os === "linux" ? "inotify" : Deno.build.os;
  const state = { by: system };
  // On some systems events name the folder by another path than the given path.
  const real = Deno.realPathSync(root);
  const report = (path: string) => {
    const below = pathBelow(path, root) ?? pathBelow(path, real);
    if (below === undefined) return;
    if (below === "") return onEvent({ kind: "changedAnywhere" });
    const names = below.split("/");
    if (names.some((name) => name.startsWith(reservedPrefix))) return;
    if (below === ".git/index") return indexChanged();
    if (ruleFiles.has(names.at(-1) ?? "")) return onEvent({ kind: "changedAnywhere" });
    if (ignoring()?.ignores(below, "other") !== true) onEvent({ kind: "changed", path: below });
  };
  const listening = (async () => {
    for await (const event of watcher) {
      if (event.kind === "access") continue;
      if (event.flag === "rescan") onEvent({ kind: "changedAnywhere" });
      for (const path of event.paths) report(path);
    }
  })();
  listening.catch(() => {
    state.by = "polling";
    onEvent({ kind: "changedAnywhere" });
  });
  return {
    get by() {
      return state.by;
    },
    setReliable(reliable) {
      state.by = reliable ? system : "polling";
      onEvent({ kind: "watched", by: state.by });
      onEvent({ kind: "changedAnywhere" });
    },
    [Symbol.dispose]: () => watcher.close(),
  };
}

function pathBelow(path: string, root: string): string | undefined {
  const plain = Deno.build.os === "windows" ? path.replaceAll("\\", "/") : path;
  if (plain === root) return "";
  return plain.startsWith(`${root}/`) ? plain.slice(root.length + 1) : undefined;
}

/*
 * Checks whether the system's watcher still reports changes. Deno has a single thread for all watches of a process, and
 * it opens the paths of events: a named pipe blocks it until another program opens the pipe, possibly for hours.
 */

interface WatchPulseOptions {
  everyMs: number;
  /** Called when the watcher stops reporting, or reports again. */
  changed: (setReliable: boolean) => void;
}

/** This many beats in a row may be late: a flood of events comes before them. */
const missedBeats = 3;

/** Changes a file of its own in a folder at intervals, and watches for that. */
export function watchPulse(folder: string, { everyMs, changed }: WatchPulseOptions): Disposable {
  const file = `${folder}/pulse`;
  Deno.writeTextFileSync(file, "");
  const watcher = Deno.watchFs(file);
  let [missed, setReliable] = [0, true];
  const become = (now: boolean) => {
    if (setReliable !== now) changed(setReliable = now);
  };
  const listening = (async () => {
    for await (const _ of watcher) {
      missed = 0;
      become(true);
    }
  })();
  listening.catch(() => {});
  const timer = setInterval(() => {
    if (missed++ >= missedBeats) become(false);
    try {
      Deno.writeTextFileSync(file, ".");
    } catch {
      // The folder was removed, and everything ends with it.
      clearInterval(timer);
    }
  }, everyMs);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      watcher.close();
    },
  };
}
