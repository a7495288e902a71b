/** The configured plugins as kinds of panes. */
import { KodamaError } from "../base/errors.ts";
import {
  configuredPlugins,
  openPluginSession,
  type PluginEntry,
} from "../actions/plugin/plugins.ts";
import type { Host } from "../actions/host.ts";
import type { Pane, PaneContext, PaneScope } from "./pane.ts";
import { pluginActions, PluginPane } from "./panes/plugin_pane.ts";
import type { PaneRegistry } from "./registry.ts";

/** What the configured plugins add to the UI. */
export interface RegisteredPlugins {
  /** The keys that open and close their panes. */
  readonly toggles: readonly { readonly key: string; readonly binding: string }[];
  /** Entries that can't be used, such as one with the key of another pane. */
  readonly problems: readonly string[];
}

/**
 * Registers the plugins of the user's own configuration, after the panes of the program. No plugin is started, and its
 * file isn't read, before its pane is opened; what is wrong with it is shown there.
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
export function pluginPane(entry: PluginEntry, context: PaneContext): Pane {
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
