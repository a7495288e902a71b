/** Progress on standard error: one line that is overwritten; if it can't be, a line now and then. */
import type { Clock } from "../../../base/clock.ts";
import { printable } from "../../../terminal/printable.ts";
import type { Terminal } from "../../../terminal/terminal.ts";

/** Shorter work gets no message. */
const quietMs = 1000;
/** Interval between two lines if lines can't be overwritten. */
const lineEveryMs = 5000;

/** Shows the reported progress; returns the result. */
export async function showProgress<T>(
  title: string,
  telling: AsyncGenerator<string, T>,
  { terminal, clock }: { terminal: Terminal; clock: Clock },
): Promise<T> {
  const { stderr } = terminal;
  const columns = terminal.size()?.columns ?? 80;
  const beganMs = clock.elapsedMs();
  let toldMs = beganMs + quietMs - lineEveryMs;
  let isOpen = false;
  try {
    for (;;) {
      const next = await telling.next();
      if (next.done === true) return next.value;
      const line = `${title}: ${printable(next.value)}`;
      const nowMs = clock.elapsedMs();
      if (stderr.isTerminal) {
        if (nowMs - beganMs < quietMs) continue;
        await stderr.write(`\r\x1b[K${line.slice(0, columns - 1)}`);
        isOpen = true;
      } else if (nowMs - toldMs >= lineEveryMs) {
        toldMs = nowMs;
        await stderr.write(`${line}\n`);
      }
    }
  } finally {
    if (isOpen) await stderr.write("\r\x1b[K");
  }
}
