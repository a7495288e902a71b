/** The panes of the program, and those of the user's plugins. */
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
import { KodamaError } from "../base/errors.ts";
import {
  configuredPlugins,
  openPluginSession,
  type PluginEntry,
} from "../actions/plugin/plugins.ts";
import type { Host } from "../actions/host.ts";
import type { Pane, PaneContext, PaneScope } from "./pane.ts";
import { pluginActions, PluginPane } from "./panes/plugin_pane.ts";

/** The parameters of the registration. */
interface BuiltinOptions {
  /** The records of this run of the program. */
  log?: RecentLog;
  /** Columns of lists by kinds, of the settings. */
  columns?: Readonly<Record<string, string>>;
}

/** Registers the panes whose keys are those of KubeTile, so that its layouts and plugins can name them. */
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

/** The configured plugins' additions to the UI. */
interface RegisteredPlugins {
  /** The keys that open and close their panes. */
  readonly toggles: readonly { readonly key: string; readonly binding: string }[];
  /** Entries that can't be used, such as an entry with the key of another pane. */
  readonly problems: readonly string[];
}

/**
 * Registers the plugins of the user's own configuration, after the panes of the program. No plugin is started, and its
 * file isn't read, before its pane is opened; its problems are shown there.
 *
 * @throws KodamaError `config` if the configuration can't be read.
 */
export async function registerPlugins(
  registry: PaneRegistry,
  host: Host,
): Promise<RegisteredPlugins> {
  const toggles: { key: string; binding: string }[] = [];
  const problems: string[] = [];
  for (const entry of await configuredPlugins(host)) {
    const { key, keybinding } = entry;
    try {
      registry.register(key, (context) => pluginPane(entry, context), {
        summary: `the plugin ${key}`,
        actions: pluginActions,
        offered: true,
      });
      if (keybinding !== undefined) toggles.push({ key, binding: keybinding });
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      problems.push(`plugins: ${error.message}`);
    }
  }
  return { toggles, problems };
}

/** Opens the pane of a plugin. Its events reach it by the program, which knows whether it is still open. */
function pluginPane(entry: PluginEntry, context: PaneContext): Pane {
  const { host, pane, scope, emit } = context;
  return new PluginPane(entry.key, context, () =>
    openPluginSession(host, entry, {
      pane,
      scope: requestScope(scope),
      emit,
      writeClipboard: (text) => {
        emit({ kind: "clipboard", text });
        return Promise.resolve();
      },
    }));
}

/** Several namespaces are all of them to a request, whose labels can select. */
function requestScope(
  { context, namespaces }: PaneScope,
): { context?: string; namespace?: string } {
  const named = context === undefined ? {} : { context };
  if (namespaces.kind === "default") return named;
  const [only, ...others] = namespaces.kind === "named" ? namespaces.names : [];
  return { ...named, namespace: only === undefined || others.length > 0 ? "" : only };
}
