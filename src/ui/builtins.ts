/** The panes of the program. */
import type { PaneRegistry } from "./registry.ts";
import { registerResourceList } from "./panes/resource_list.ts";

/** Registers all panes that come with the program. */
export function registerAll(registry: PaneRegistry): void {
  registerResourceList(registry);
}
