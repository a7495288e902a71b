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

/** What panes are registered with. */
export interface BuiltinOptions {
  /** The records of this run of the program. */
  log?: RecentLog;
  /** Columns of lists by kinds, of the settings. */
  columns?: Readonly<Record<string, string>>;
}

/** Registers the panes that KubeTile has, under its names. */
export function registerBuiltins(
  registry: PaneRegistry,
  { log = new RecentLog(), columns = {} }: BuiltinOptions = {},
): void {
  registerAppLogs(registry, log);
  registerPortForwards(registry);
  registerResourceList(registry, columns);
  registerQuery(registry);
}

/** Registers all panes that come with the program. */
export function registerAll(registry: PaneRegistry, options: BuiltinOptions = {}): void {
  registerBuiltins(registry, options);
  registerLogs(registry);
  registerDocuments(registry);
  registerRuns(registry);
  registerKubectl(registry);
  registerTerminal(registry);
  registerOverviews(registry);
}
