/** The events of a run as JSON, one on each line. */
import { jsonLine } from "./json.ts";
import { EventReporter } from "../actions/exec/event_report.ts";
import type { ExecEvent } from "../actions/exec/events.ts";
import type { Painter } from "../terminal/driver/drive.ts";
import type { Piece } from "../terminal/terminal.ts";

/** Writes each event as one object on one line. */
export class EventLines implements Painter<ExecEvent> {
  readonly #reporter = new EventReporter();

  /** `output`: includes the output lines of the commands. */
  constructor(readonly options: { stream: Piece["stream"]; output: boolean }) {}

  paint(event: ExecEvent): readonly Piece[] {
    const { stream, output } = this.options;
    if (event.kind === "line" && !output) return [];
    const data = this.#reporter.report(event).map(jsonLine);
    return data.length === 0 ? [] : [{ stream, data }];
  }
}
