/** The events of a run as JSON lines, for programs that follow it. */
import { EventReporter } from "../../../actions/exec/event_report.ts";
import type { ExecEvent } from "../../../actions/exec/events.ts";
import type { Piece, RunPainter } from "../../../present/run_painter.ts";

/** Writes each event as one object on one line. */
export class EventLines implements RunPainter {
  readonly #reporter = new EventReporter();

  /** `output`: includes the output lines of the commands. */
  constructor(readonly options: { stream: Piece["stream"]; output: boolean }) {}

  paint(event: ExecEvent): readonly Piece[] {
    const { stream, output } = this.options;
    if (event.kind === "line" && !output) return [];
    const data = this.#reporter.report(event).map((report) => `${JSON.stringify(report)}\n`);
    return data.length === 0 ? [] : [{ stream, data }];
  }
}
