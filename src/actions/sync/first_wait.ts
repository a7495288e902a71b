/** Whether a first synchronisation gets on, by what it tells of itself: nobody waits for ever for one that can't end. */
import { formatDuration } from "../../base/duration.ts";
import { KodamaError } from "../../base/errors.ts";
import type { SyncReport } from "./control.ts";

/** So long a first stream to the pod may be in vain. */
const vainMs = 5_000;
/** So long something may be in the way again and again, with nothing carried over meanwhile. */
const stuckMs = 60_000;
/** So long it may tell nothing new: a large folder is looked through without a word. */
const silentMs = 600_000;

/** What was seen of one that is being waited for. */
export class FirstWait {
  #told = "";
  #toldAtMs = 0;
  #lastChange = "";
  #waitsSinceMs: number | undefined;

  /**
   * Takes what it tells now; gives how long it has told nothing else.
   *
   * @throws KodamaError `conflict` where the pod can't be reached, `timeout` where it doesn't get on.
   */
  take({ spec: { key }, state }: SyncReport, nowMs: number): number {
    const { phase, reason, progress, entries, history, connections } = state;
    const told = JSON.stringify([phase, reason, progress, entries]);
    if (told !== this.#told) [this.#told, this.#toldAtMs] = [told, nowMs];
    const lastChange = JSON.stringify(history.at(-1) ?? null);
    if (lastChange !== this.#lastChange) {
      [this.#lastChange, this.#waitsSinceMs] = [lastChange, undefined];
    }
    if (phase === "waiting") {
      this.#waitsSinceMs ??= nowMs;
      const waitedMs = nowMs - this.#waitsSinceMs;
      if (connections === 0 && waitedMs > vainMs) throw inVain(key, reason);
      if (waitedMs > stuckMs) throw stuck(key, `${reason}, for ${formatDuration(waitedMs)}`);
    }
    const stillMs = nowMs - this.#toldAtMs;
    if (stillMs > silentMs) throw stuck(key, `${phase} for ${formatDuration(stillMs)}`);
    return stillMs;
  }
}

function inVain(key: string, reason: string): KodamaError {
  return new KodamaError("conflict", `the sync ${key} can't begin: ${reason}`, {
    hint: `it goes on trying, until kodama sync stop ${key} --forget`,
  });
}

function stuck(key: string, what: string): KodamaError {
  return new KodamaError("timeout", `the sync ${key} doesn't get on: ${what}`, {
    hint: goesOn(key),
  });
}

/** Whoever doesn't wait any more leaves it to itself. */
export function goesOn(key: string): string {
  return `the sync is running in the background: kodama sync status ${key}`;
}

/** ` for 20s`; "" where something new was told a moment ago. In steps, so that a line isn't a new one each second. */
export function stillText(stillMs: number): string {
  const shownMs = Math.floor(stillMs / 10_000) * 10_000;
  return shownMs === 0 ? "" : ` for ${formatDuration(shownMs)}`;
}
