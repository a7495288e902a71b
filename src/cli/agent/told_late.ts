/** A word to whoever waits for longer than they would without wondering. */
import type { Clock } from "../../base/clock.ts";
import { printable } from "../../term/printable.ts";
import type { OutputStream } from "../../term/terminal.ts";

/** A shorter wait needs no words. */
const silentMs = 1000;

/** Says it after a second, on a terminal; dispose of it when the wait is over. */
export function toldLate(stream: OutputStream, clock: Clock, words: string): Disposable {
  return clock.timer(silentMs, () => {
    if (!stream.isTerminal) return;
    // Talk: nothing depends on there being anybody who listens.
    stream.write(`${printable(words)}\n`).catch(() => {});
  });
}
