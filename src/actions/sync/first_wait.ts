/** Detects from its reports whether a first synchronisation progresses: a wait that can't succeed must end. */
import { action, type Hint, hint } from "../../base/hint.ts";
import { formatDuration } from "../../base/duration.ts";
import { KodamaError } from "../../base/errors.ts";
import type { SyncReport } from "../../sync/daemon/model.ts";

/** How long the first stream to the pod may fail. */
const unreachableMs = 5_000;
/** How long something may block it repeatedly, with nothing transferred meanwhile. */
const stuckMs = 60_000;
/** How long it may report nothing new: scanning a large folder emits no reports. */
const silentMs = 600_000;

/** The observed state of a sync that is being waited for. */
export class FirstWait {
  #reported = "";
  #reportedAtMs = 0;
  #lastChange = "";
  #waitsSinceMs: number | undefined;

  /**
   * Records its current report; returns how long it has reported nothing else.
   *
   * @throws KodamaError `conflict` if the pod can't be reached, `timeout` if there is no progress.
   */
  take({ spec: { key }, state }: SyncReport, nowMs: number): number {
    const { phase, reason, progress, entries, history, connections } = state;
    const reported = JSON.stringify([phase, reason, progress, entries]);
    if (reported !== this.#reported) [this.#reported, this.#reportedAtMs] = [reported, nowMs];
    const lastChange = JSON.stringify(history.at(-1) ?? null);
    if (lastChange !== this.#lastChange) {
      [this.#lastChange, this.#waitsSinceMs] = [lastChange, undefined];
    }
    if (phase === "waiting") {
      this.#waitsSinceMs ??= nowMs;
      const waitedMs = nowMs - this.#waitsSinceMs;
      if (connections === 0 && waitedMs > unreachableMs) {
        throw new KodamaError("conflict", `the sync ${key} can't start: ${reason}`, {
          hint: hint`it retries until ${action("sync.stop", { key, forget: true })}`,
        });
      }
      if (waitedMs > stuckMs) throw stuck(key, `${reason}, for ${formatDuration(waitedMs)}`);
    }
    const stillMs = nowMs - this.#reportedAtMs;
    if (stillMs > silentMs) throw stuck(key, `${phase} for ${formatDuration(stillMs)}`);
    return stillMs;
  }
}

function stuck(key: string, what: string): KodamaError {
  return new KodamaError("timeout", `the sync ${key} doesn't get on: ${what}`, {
    hint: resumeHint(key),
  });
}

/** Returns the hint for a caller that stops waiting. */
export function resumeHint(key: string): Hint {
  return hint`the sync is running in the background: ${action("sync.status", { key })}`;
}

/** ` for 20s`; "" if the last change was a moment ago. In steps, so that the line doesn't change each second. */
export function stillText(stillMs: number): string {
  const shownMs = Math.floor(stillMs / 10_000) * 10_000;
  return shownMs === 0 ? "" : ` for ${formatDuration(shownMs)}`;
}
