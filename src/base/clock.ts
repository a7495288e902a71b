/** Time, passed in: tests drive a clock of their own, so no test waits and none depends on a machine's speed. */

import { TimerQueue } from "./timer_queue.ts";

/** The three operations on time that kodama needs. */
export interface Clock {
  /** The date and time of day, for output and files. It may jump. */
  now(): Date;
  /** Milliseconds since some fixed moment; never jumps. Durations are differences of it. */
  elapsedMs(): number;
  /** Calls `fire` once after `delayMs`, unless it is disposed of before. */
  timer(delayMs: number, fire: () => void): Disposable;
}

const timers = new TimerQueue();

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  elapsedMs: () => performance.now(),
  timer: (delayMs, fire) => timers.add(delayMs, fire),
};
