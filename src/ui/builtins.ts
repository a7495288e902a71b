/** The panes of the program. */
import type { PaneRegistry } from "./registry.ts";
import { registerDocuments } from "./panes/documents.ts";
import { registerKubectl } from "./panes/kubectl.ts";
import { registerLogs } from "./panes/logs.ts";
import { RecentLog, registerAppLogs, registerOverviews } from "./panes/overviews.ts";
import { registerPortForwards } from "./panes/port_forwards.ts";
import { registerQuery } from "./panes/query.ts";
import { registerResourceList } from "./panes/resource_list.ts";
import { registerRuns } from "./panes/runs.ts";
import { registerTerminal } from "./panes/terminal_pane.ts";

/** Registers the panes that KubeTile has, under its names. */
export function registerBuiltins(registry: PaneRegistry, log: RecentLog): void {
  registerAppLogs(registry, log);
  registerPortForwards(registry);
  registerResourceList(registry);
  registerQuery(registry);
}

/** Registers all panes that come with the program; `log` has the records of this run of it. */
export function registerAll(registry: PaneRegistry, log: RecentLog = new RecentLog()): void {
  registerBuiltins(registry, log);
  registerLogs(registry);
  registerDocuments(registry);
  registerRuns(registry);
  registerKubectl(registry);
  registerTerminal(registry);
  registerOverviews(registry);
}
