/** The node's clock. Passed in, so that a test decides when ten seconds have passed. */
export interface Clock {
  now(): Date;
  /** Resolves after this many milliseconds. Rejects with the signal's reason if it is aborted first. */
  wait(durationMs: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  wait(durationMs, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const stop = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", stop);
        resolve();
      }, durationMs);
      signal?.addEventListener("abort", stop, { once: true });
    });
  },
};

/** Returns RFC 3339 with seconds, as the API writes times (metav1.Time). */
export function timestamp(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}
