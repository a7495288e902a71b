/**
 * Checks whether the system's watcher still reports changes. Deno has one thread for all watches of a process, and it
 * opens the paths of events: a named pipe blocks it until another program opens the pipe, possibly for hours.
 */

/** Options of a pulse. */
export interface WatchPulseOptions {
  everyMs: number;
  /** Called when the watcher stops reporting, or reports again. */
  changed: (tells: boolean) => void;
}

/** This many beats in a row may be late: a flood of events comes before them. */
const missedBeats = 3;

/** Changes a file of its own in a folder at intervals, and watches for that. */
export function watchPulse(folder: string, { everyMs, changed }: WatchPulseOptions): Disposable {
  const file = `${folder}/pulse`;
  Deno.writeTextFileSync(file, "");
  const watcher = Deno.watchFs(file);
  let [missed, tells] = [0, true];
  const become = (now: boolean) => {
    if (tells !== now) changed(tells = now);
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
