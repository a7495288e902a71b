/** Back-off as in the kubelet: 10 s, doubling to 5 min, reset after 10 min without a failure. */
import { retryDelayMs } from "../../../src/base/retry.ts";

const maxDelayMs = 300_000;
const policy = { delayMs: 10_000, maxDelayMs };
const forgetMs = 2 * maxDelayMs;

/** The back-off of one operation. */
export class BackOff {
  #delayMs = 0;
  #failures = 0;
  #since = 0;

  /**
   * Returns how long to wait now. With `immediateFirst` the first is zero: the kubelet backs off from the second
   * failure for a container's restart, and from the first for an image's pull.
   */
  next(now: Date, { immediateFirst }: { immediateFirst: boolean }): number {
    if (this.#since !== 0 && now.getTime() - this.#since > forgetMs + this.#delayMs) this.reset();
    const first = this.#since === 0;
    this.#since = now.getTime();
    if (first && immediateFirst) return 0;
    this.#delayMs = retryDelayMs(policy, ++this.#failures);
    return this.#delayMs;
  }

  /** Resets it. */
  reset(): void {
    this.#delayMs = 0;
    this.#failures = 0;
    this.#since = 0;
  }
}

/** Returns a duration as Go prints it: `10s`, `1m20s`, `5m0s`. */
export function goDuration(durationMs: number): string {
  const seconds = Math.round(durationMs / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds % 60}s`;
}
