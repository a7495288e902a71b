/** A copy on this process's terminal, from its first event to the exit code. */
import type { CopyEvent, CopyOptions } from "../../../actions/copy/events.ts";
import type { Clock } from "../../../base/clock.ts";
import { bytesText, CopyPainter, CopyRunProgress } from "../../../present/copy_painter.ts";
import { nothingRan, runMilestone } from "../../../present/run_progress.ts";
import { drive } from "../../../terminal/driver/drive.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { printable } from "../../../terminal/printable.ts";
import { tableLines } from "../../../terminal/table.ts";
import { success } from "../../exit_codes.ts";
import type { Invocation } from "../../invocation.ts";
import { drawsStatus, renderData, styleOf } from "../../output.ts";
import { confirmOption } from "../exec/confirm.ts";
import type { CopyView } from "./resolve.ts";

/** The terminal's additions to the options of a copy. */
type CopyExtras = Pick<CopyOptions, "signal" | "confirm">;

/** The environment in which a copy is shown. */
type CopySurroundings = Pick<Invocation, "terminal" | "signals" | "environment">;

/** Shows the copy that `start` starts; returns the exit code of the process. */
export async function showCopy(
  start: (extras: CopyExtras) => AsyncIterable<CopyEvent>,
  { invocation, clock, view }: { invocation: CopySurroundings; clock: Clock; view: CopyView },
): Promise<number> {
  const { terminal, signals, environment } = invocation;
  const painter = new CopyPainter({
    ...view,
    style: styleOf(terminal.stderr, environment, view.color),
  });
  return await drive<CopyEvent>(
    ({ signal }) => {
      const confirm = confirmOption(terminal, view.confirm, {
        stdin: false,
        listing: "--list",
        signal,
      });
      return start({ signal, ...confirm });
    },
    {
      terminal,
      signals,
      clock,
      painter,
      milestone: runMilestone,
      incomplete: nothingRan,
      progress: new CopyRunProgress(clock),
      confirmsInterrupt: true,
      statusLine: !view.quiet && view.progress === "auto" && drawsStatus(invocation),
    },
  );
}

/** Prints the planned copies. */
export async function showCopyPlan(
  start: (extras: CopyExtras) => AsyncIterable<CopyEvent>,
  { invocation, view }: { invocation: CopySurroundings; view: CopyView },
): Promise<number> {
  const { stdout, stderr } = invocation.terminal;
  const painter = new CopyPainter({
    ...view,
    style: styleOf(stderr, invocation.environment, view.color),
  });
  await interruptible(invocation.signals, async (signal) => {
    for await (const event of start({ signal })) {
      for (const { stream, data } of painter.paint(event)) {
        await invocation.terminal[stream].write(...data);
      }
      if (event.kind !== "planned") continue;
      await stdout.write(await planText(event, view.format));
      if (view.format !== "text" || view.quiet || event.bytes === null) continue;
      await stderr.write(`${bytesText(event.bytes)} into each of them\n`);
    }
  });
  return success;
}

async function planText(
  { targets, copies, bytes }: Extract<CopyEvent, { kind: "planned" }>,
  format: CopyView["format"],
): Promise<string> {
  if (format === "text") {
    const rows = copies.map(({ from, to }) => [printable(from), printable(to)]);
    return tableLines(["FROM", "TO"], rows).map((line) => `${line}\n`).join("");
  }
  const objects = targets.map(({ context, namespace, pod, container, node }, at) => ({
    context,
    namespace,
    pod,
    container,
    node,
    ...copies[at],
    bytes,
  }));
  return await renderData(objects, format);
}

/* Progress of a copy as a line of a terminal: a bar, the rate of the last seconds, and the time remaining. */
