/** How far something is, on standard error: a line that the next one takes the place of; elsewhere, one now and then. */
import type { Clock } from "../../base/clock.ts";
import { printable } from "../../term/printable.ts";
import type { Terminal } from "../../term/terminal.ts";

/** What takes less needs no words. */
const quietMs = 1000;
/** Between two lines where nothing takes the place of another. */
const lineEveryMs = 5000;

/** Shows what is told; gives what came of it. */
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
