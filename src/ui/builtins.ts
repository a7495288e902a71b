/** The panes of the program. */
import type { PaneRegistry } from "./registry.ts";
import { registerDocuments } from "./panes/documents.ts";
import { registerKubectl } from "./panes/kubectl.ts";
import { registerLogs } from "./panes/logs.ts";
import { registerResourceList } from "./panes/resource_list.ts";
import { registerRuns } from "./panes/runs.ts";
import { registerTerminal } from "./panes/terminal_pane.ts";

/** Registers all panes that come with the program. */
export function registerAll(registry: PaneRegistry): void {
  registerResourceList(registry);
  registerLogs(registry);
  registerDocuments(registry);
  registerRuns(registry);
  registerKubectl(registry);
  registerTerminal(registry);
}
