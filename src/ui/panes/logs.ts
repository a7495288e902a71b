/** The logs of pods and workloads: merged, followed, filtered, saved. */
import { containerNamed, type LogsOptions } from "../../actions/logs/events.ts";
import { styleFor } from "../../terminal/style.ts";
import type { Pane, PaneContext } from "../pane.ts";
import type { PaneRegistry } from "../registry.ts";
import { objectsOfRows, objectsText, selectionOfRows } from "./row_objects.ts";
import { paintInto, TextPane } from "./text_pane.ts";
import { textActions } from "./text_view.ts";

/** Lines of each container's past to start with. */
const tailLines = 200;

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
  const request = (part: Pick<LogsOptions, "follow" | "start" | "signal">): LogsOptions => ({
    ...selectionOfRows(objects),
    containers: containerNamed(undefined),
    previous: isPrevious,
    filter: { include: [], exclude: [] },
    ...part,
  });
  const events = async (part: Pick<LogsOptions, "follow" | "start" | "signal">) => {
    const [{ logs }, { LogsPainter }] = await Promise.all([
      import("../../actions/logs/logs.ts"),
      import("../../present/logs_painter.ts"),
    ]);
    const isSingle = objects.length === 1 && objects[0]?.plural === "pods";
    const painter = (color: boolean) =>
      new LogsPainter({
        format: "default",
        single: isSingle,
        quiet: false,
        moreRequests: "select fewer",
        template: undefined,
        jsonFields: [],
        highlight: [],
        timestamps: undefined,
        // What comes from pods is tamed line by line as it is shown.
        terminal: false,
        style: styleFor(color),
      });
    return { events: logs(host, request(part)), painter };
  };
  return new TextPane(context, {
    title: `logs ${objectsText(objects)}${isPrevious ? " (before the restart)" : ""}`,
    find: "filter",
    follow: true,
    fileName: `${objects[0]?.name ?? "pods"}.log`,
    fill: async (view, signal) => {
      const read = await events({ follow: !isPrevious, start: { tailLines }, signal });
      const painter = read.painter(true);
      await paintInto(view, read.events, { paint: (event) => painter.paint(event), signal });
    },
    act: (action, pane) => {
      if (action === "previous-instance") {
        return emit({ kind: "open", key: "logs", config: { ...config, previous: true } });
      }
      if (action !== "download") return;
      const { signal } = context;
      void pane.saveAs(`${objects[0]?.name ?? "pods"}-all.log`, async (write) => {
        const read = await events({ follow: false, start: {}, signal });
        const painter = read.painter(false);
        for await (const event of read.events) {
          for (const { stream, data } of painter.paint(event)) {
            if (stream === "stderr") continue;
            for (const one of data) await write(one);
          }
        }
      });
    },
  });
}
