/** How a daemon's process stores its report, which others read. */
import type { Clock } from "../base/clock.ts";
import { replaceFile } from "../files/own_files.ts";
import { type ProcessIdentity, processStart } from "./process_identity.ts";

/** Returns the identity of this process. */
export async function ownIdentity(): Promise<ProcessIdentity> {
  return { pid: Deno.pid, processStart: await processStart(Deno.pid) ?? "" };
}

/** Interval between two writes of progress. */
const restMs = 150;

/** Stores each state of a report in order. Dispose of it at the end: the last state is written then. */
export class ReportWriter<Report extends object> implements AsyncDisposable {
  #report: Report;
  #writing: Promise<void> = Promise.resolve();
  #wroteAtMs = -Infinity;
  #timer: Disposable | undefined;

  constructor(private readonly path: string, private readonly clock: Clock, report: Report) {
    this.#report = report;
  }

  /** The current report, which may not be written yet. */
  get report(): Report {
    return this.#report;
  }

  /** Changes the report without writing it. */
  set(change: Partial<Report>): void {
    this.#report = { ...this.#report, ...change };
  }

  /** Changes the report, and writes it soon; together with changes until then. A full disk costs only the write. */
  update(change: Partial<Report>): void {
    this.set(change);
    if (this.#timer !== undefined) return;
    const waitMs = Math.max(0, this.#wroteAtMs + restMs - this.clock.elapsedMs());
    this.#timer = this.clock.timer(waitMs, () => void this.write().catch(() => {}));
  }

  /** Changes the report, and writes it now. Rejects if that isn't possible. */
  write(change: Partial<Report> = {}): Promise<void> {
    this.set(change);
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#wroteAtMs = this.clock.elapsedMs();
    // Two renames at once could leave the older report.
    const written = this.#writing.then(() =>
      replaceFile(this.path, `${JSON.stringify(this.#report, null, 2)}\n`)
    );
    this.#writing = written.catch(() => {});
    return written;
  }

  /** Resolves when nothing is being written, nor going to be. */
  async settled(): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    await this.#writing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.write().catch(() => {});
  }
}
