/** States of `kodama top -w`: each has a picture in `tests/screens/top/`. */
import type { UsageRow } from "../src/actions/top/usage.ts";
import { wholeSelection } from "../src/actions/exec/events.ts";
import { startTable } from "../src/cli/commands/top/show_top.ts";
import { type UsageColumns, usageRows, usageSummary } from "../src/present/usage_table.ts";
import { update } from "../src/table/live_table.ts";
import { tableView } from "../src/table/view.ts";
import { span } from "../src/terminal/grid.ts";
import type { Screens } from "./screens.ts";

const row = (
  name: string,
  [cores, requested, limit]: (number | undefined)[],
  [used, memoryRequested, memoryLimit]: (number | undefined)[],
): UsageRow => ({
  context: "lab",
  namespace: "shop",
  name,
  node: "n1",
  cpu: { used: cores, requested, limit },
  memory: {
    used: used && used * 2 ** 20,
    requested: memoryRequested && memoryRequested * 2 ** 20,
    limit: memoryLimit && memoryLimit * 2 ** 20,
  },
  measuredAt: cores === undefined ? undefined : "2026-01-01T00:00:00Z",
});

const rows = [
  row("api-0", [0.82, 0.5, 1], [300, 256, 512]),
  row("db-0", [0.31, 2, 4], [3990, 4096, 4096]),
  row("web-0", [0.012, 0.1, undefined], [64, undefined, undefined]),
  row("web-1", [undefined, 0.1, undefined], [undefined, undefined, undefined]),
];

function screen(sort: "cpu" | "memory" | "name", columns: number) {
  const shown: UsageColumns = { subject: "pods", context: false, namespace: false };
  const subject = { kind: "pods", selection: wholeSelection, byContainer: false } as const;
  const start = startTable({ sort, subject }, shown, { size: { columns, rows: 9 }, nowMs: 0 });
  const usage = { rows, skipped: [], failed: [] };
  const filled = update(start, {
    kind: "changed",
    upserts: usageRows(rows, shown),
    removed: [],
    changes: rows.length,
    isInitial: true,
  });
  const status = [span(usageSummary(usage, shown), "dim")];
  return tableView(update(filled, { kind: "status", line: status }));
}

/** All states, by the names of their pictures. */
export const topScreens: Screens = {
  "by-name": () => screen("name", 100),
  "by-memory": () => screen("memory", 100),
  "40-columns": () => screen("cpu", 40),
};
