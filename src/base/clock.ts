/** Time, handed in: tests drive a clock of their own, so no test waits and none depends on a machine's speed. */

/** The three things that kodama asks of time. */
export interface Clock {
  /** The date and time of day, for what people and files are told. It may jump. */
  now(): Date;
  /** Milliseconds since some fixed moment; never jumps. Durations are differences of it. */
  elapsedMs(): number;
  /** Calls `fire` once after `delayMs`, unless it is disposed of before. */
  timer(delayMs: number, fire: () => void): Disposable;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  elapsedMs: () => performance.now(),
  timer(delayMs, fire) {
    const id = setTimeout(fire, delayMs);
    return { [Symbol.dispose]: () => clearTimeout(id) };
  },
};
