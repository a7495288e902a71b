/** The report of a synchronisation's process: a file that is replaced, not too often. */
import type { SyncState } from "../../sync/engine/status.ts";
import { processStart } from "../../daemon/process_identity.ts";
import { firstState } from "../../sync/engine/status.ts";
import { replaceFile, type SyncPaths, type SyncReportFile } from "./sync_folder.ts";

/** Interval between two writes. */
const restMs = 150;
const keptAnswers = 50;

/** Writes the report. Dispose of it at the end: the last state is written then. */
export class ReportKeeper implements AsyncDisposable {
  #report: SyncReportFile;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> = Promise.resolve();
  #wroteAtMs = 0;

  private constructor(private readonly path: string, report: SyncReportFile) {
    this.#report = report;
  }

  static async open(paths: Pick<SyncPaths, "report">): Promise<ReportKeeper> {
    const state = firstState("two-way-safe", Date.now());
    const start = await processStart(Deno.pid) ?? "";
    const keeper = new ReportKeeper(paths.report, {
      pid: Deno.pid,
      processStart: start,
      state,
      answered: [],
      undone: {},
    });
    keeper.#write();
    return keeper;
  }

  /** Called when the state has changed. */
  readonly told = (state: SyncState): void => {
    const isPhase = state.phase !== this.#report.state.phase;
    this.#report = { ...this.#report, state };
    this.#write(isPhase);
  };

  /** A request is done; or not completely, for a reason. */
  answered(id: string, reason?: string): void {
    const answered = [...this.#report.answered, id].slice(-keptAnswers);
    const all = { ...this.#report.undone, ...(reason === undefined ? {} : { [id]: reason }) };
    const undone = Object.fromEntries(
      Object.entries(all).filter(([one]) => answered.includes(one)),
    );
    this.#report = { ...this.#report, answered, undone };
    this.#write(true);
  }

  /** It ends because of this error. */
  failed(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const state = { ...this.#report.state, phase: "stopped" as const, reason };
    this.#report = { ...this.#report, state };
  }

  #write(soon = false): void {
    if (this.#timer !== undefined) {
      if (!soon) return;
      clearTimeout(this.#timer);
    }
    const waitMs = soon ? 0 : Math.max(0, this.#wroteAtMs + restMs - Date.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#wroteAtMs = Date.now();
      this.#writing = this.#writing.then(() => this.#replace());
    }, waitMs);
  }

  /** A full disk costs the report, and nothing else. */
  async #replace(): Promise<void> {
    await replaceFile(this.path, `${JSON.stringify(this.#report)}\n`).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    await this.#writing;
    await this.#replace();
  }
}
