/** Progress on standard error: one line that is overwritten; where it can't be, a line now and then. */
import type { Clock } from "../base/clock.ts";
import { waitingContextText } from "../runs/notes.ts";
import { printable } from "../terminal/printable.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** Shorter work gets no message. */
const quietMs = 1000;
/** Interval between two lines if lines can't be overwritten. */
const lineEveryMs = 5000;

/** Where progress is shown, and how an event is: as text that the next one overwrites, or as a line that stays. */
export interface ProgressView<Event> {
  terminal: Terminal;
  clock: Clock;
  text: (event: Event) => string | { line: string };
}

/** Says which context is awaited. */
export async function showAwaited(
  { progress, stderr }: Terminal,
  wait: Parameters<typeof waitingContextText>[0],
): Promise<void> {
  if (progress !== "none") await stderr.write(`${printable(waitingContextText(wait))}\n`);
}

/** Shows the reported progress; returns the result. */
export async function showProgress<Event, Result>(
  title: string,
  progress: AsyncGenerator<Event, Result>,
  { terminal, clock, text }: ProgressView<Event>,
): Promise<Result> {
  const { stderr } = terminal;
  const columns = terminal.size()?.columns ?? 80;
  const startedMs = clock.elapsedMs();
  let reportedMs = startedMs + quietMs - lineEveryMs;
  let isOpen = false;
  const over = () => {
    const code = isOpen ? "\r\x1b[K" : "";
    isOpen = false;
    return code;
  };
  try {
    for (;;) {
      const next = await progress.next();
      if (next.done === true) return next.value;
      const shown = text(next.value);
      if (typeof shown === "object") {
        await stderr.write(`${over()}${printable(shown.line)}\n`);
        continue;
      }
      if (terminal.progress === "none") continue;
      const line = `${title}: ${printable(shown)}`;
      const nowMs = clock.elapsedMs();
      if (stderr.isTerminal) {
        if (nowMs - startedMs < quietMs) continue;
        await stderr.write(`${over()}${line.slice(0, columns - 1)}`);
        isOpen = true;
      } else if (nowMs - reportedMs >= lineEveryMs) {
        reportedMs = nowMs;
        await stderr.write(`${line}\n`);
      }
    }
  } finally {
    if (isOpen) await stderr.write(over());
  }
}
