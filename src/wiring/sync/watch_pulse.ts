/**
 * Whether the system's watcher still tells of changes. Deno has one thread for all watches of a process, and that
 * opens what an event names: a named pipe holds it there until another program opens the pipe, for hours if need be.
 */

/** What a pulse is given. */
export interface WatchPulseOptions {
  everyMs: number;
  /** It tells nothing any more, or does so again. */
  changed: (tells: boolean) => void;
}

/** So many beats in a row may be late: a flood of events comes before them. */
const missedBeats = 3;

/** Changes a file of its own in a folder now and then, and listens for that. */
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
      // The folder was taken away, and all ends with it.
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
