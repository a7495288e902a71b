/** The logs of pods and workloads: merged, followed, filtered, saved. */
import {
  logFields,
  type LogReading,
  type LogsEvent,
  type LogsRequest,
} from "../../actions/logs/events.ts";
import { readFields } from "../../operation/operation.ts";
import type { Painter } from "../../terminal/driver/drive.ts";
import { styleFor } from "../../terminal/style.ts";
import type { Pane, PaneContext } from "../pane.ts";
import type { PaneRegistry } from "../registry.ts";
import { isPod, objectsOfRows, objectsText, selectionOfRows } from "./row_objects.ts";
import { paintInto, TextPane } from "./text_pane.ts";
import { textActions } from "./text_view.ts";

/** Lines of each container's past to start with. */
const tail = 200;

/** Registers the pane. */
export function registerLogs(registry: PaneRegistry): void {
  registry.register("logs", logsPane, {
    summary: "the logs of pods and workloads, merged and followed",
    actions: [
      ...textActions,
      { id: "download", keys: ["D"], does: "save the whole logs, not only what is shown" },
      { id: "previous-instance", keys: ["b"], does: "show the logs before the last restart" },
    ],
  });
}

function logsPane(context: PaneContext): Pane {
  const { host, config, emit } = context;
  const objects = objectsOfRows(config);
  const isPrevious = config["previous"] === true;
  const events = async (part: Partial<LogReading> & Pick<LogsRequest, "signal">) => {
    const request: LogsRequest = {
      ...readFields(logFields, {}),
      ...selectionOfRows(objects),
      ...{ previous: isPrevious, initContainers: true, ephemeralContainers: true },
      ...part,
    };
    const [{ readLogs }, { LogsPainter }] = await Promise.all([
      import("../../actions/logs/read_logs.ts"),
      import("../../present/logs_painter.ts"),
    ]);
    const isSingle = objects.length === 1 && objects.every(isPod);
    const painter = ({ color, quiet }: { color: boolean; quiet: boolean }) =>
      new LogsPainter({
        format: "default",
        single: isSingle,
        quiet,
        moreRequests: "select fewer",
        template: undefined,
        jsonFields: [],
        highlight: [],
        timestamps: undefined,
        // Output of pods is tamed line by line as it is shown.
        terminal: false,
        style: styleFor(color),
      });
    return { events: readLogs(host, request), painter };
  };
  return new TextPane(context, {
    title: `logs ${objectsText(objects)}${isPrevious ? " (before the restart)" : ""}`,
    follow: true,
    isTail: true,
    fileName: `${objects[0]?.name ?? "pods"}.log`,
    fill: async (view, signal) => {
      const read = await events({ follow: !isPrevious, tail, signal });
      const painter = read.painter({ color: true, quiet: false });
      await paintInto(view, read.events, { paint: (event) => painter.paint(event), signal });
    },
    act: (action, pane) => {
      if (action === "previous-instance") {
        return emit({ kind: "open", key: "logs", config: { ...config, previous: true } });
      }
      if (action !== "download") return;
      const { signal } = context;
      void pane.saveAs(`${objects[0]?.name ?? "pods"}-all.log`, async (write) => {
        const read = await events({ signal });
        return await writeLogs(read.events, read.painter({ color: false, quiet: true }), write);
      });
    },
  });
}

/**
 * Writes the lines of logs; returns the extent of the written lines if something is missing.
 *
 * @param painter it paints as messages only why lines are missing.
 */
export async function writeLogs(
  events: AsyncIterable<LogsEvent>,
  painter: Painter<LogsEvent>,
  write: (data: string | Uint8Array) => Promise<void>,
): Promise<string | undefined> {
  let reason = "";
  let isComplete = true;
  for await (const event of events) {
    if (event.kind === "ended") isComplete = event.exitCode === 0;
    for (const { stream, data } of painter.paint(event)) {
      for (const one of data) {
        if (stream === "stdout") await write(one);
        else if (reason === "" && typeof one === "string") reason = one.trim();
      }
    }
  }
  if (isComplete && reason === "") return undefined;
  return reason === "" ? "incomplete logs" : `incomplete logs (${reason})`;
}
