/** Sums the progress of a copy's targets and reports it at intervals. */
import type { Clock } from "../../base/clock.ts";
import type { Meter } from "../../copy/source.ts";
import type { CopyProgress } from "./events.ts";

/** Between two reports. */
const tellEveryMs = 200;

interface Account {
  moved: number;
  done: number;
  expected: number | undefined;
}

/** The meters of all targets. */
export class ProgressBoard {
  readonly #accounts: Account[] = [];
  #shownMs = -Infinity;

  constructor(
    private readonly clock: Clock,
    private readonly report: (progress: CopyProgress) => void,
  ) {}

  /** Returns a new meter for a target. */
  meter(target: number, expected: number | undefined): Meter {
    const account = { moved: this.#accounts[target]?.moved ?? 0, done: 0, expected };
    this.#accounts[target] = account;
    return {
      moved: (bytes) => {
        account.moved += bytes;
        account.done += bytes;
        this.#now();
      },
      restarted: (bytes) => void (account.done = bytes),
    };
  }

  /** Returns the number of a target's bytes that have been copied. */
  done(target: number): number {
    return this.#accounts[target]?.done ?? 0;
  }

  #now(): void {
    const nowMs = this.clock.elapsedMs();
    if (nowMs - this.#shownMs < tellEveryMs) return;
    this.#shownMs = nowMs;
    this.report(this.#sum());
  }

  #sum(): CopyProgress {
    let [movedBytes, doneBytes, totalBytes]: [number, number, number | undefined] = [0, 0, 0];
    for (const account of this.#accounts) {
      movedBytes += account?.moved ?? 0;
      doneBytes += account?.done ?? 0;
      const expected = account?.expected;
      totalBytes = totalBytes === undefined || expected === undefined
        ? undefined
        : totalBytes + expected;
    }
    return { movedBytes, doneBytes, totalBytes };
  }
}
