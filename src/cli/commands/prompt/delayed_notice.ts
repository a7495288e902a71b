/** A message on standard error if a wait takes longer than expected. */
import type { Clock } from "../../../base/clock.ts";
import { printable } from "../../../terminal/printable.ts";
import type { OutputStream } from "../../../terminal/terminal.ts";

/** A shorter wait gets no message. */
const silentMs = 1000;

/** Prints the message after a second, on a terminal; dispose of it when the wait is over. */
export function noticeAfter(stream: OutputStream, clock: Clock, text: string): Disposable {
  return clock.timer(silentMs, () => {
    if (!stream.isTerminal) return;
    // Informational: nothing depends on anyone reading it.
    stream.write(`${printable(text)}\n`).catch(() => {});
  });
}
