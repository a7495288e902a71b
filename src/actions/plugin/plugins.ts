/** The user's plugins: which are configured, what a file contains, and a run without a screen. */
import { KodamaError, UsageError } from "../../base/errors.ts";
import { parsedJson } from "../../base/json_value.ts";
import { hint, option } from "../../base/hint.ts";
import { absolutePath } from "../../base/absolute_path.ts";
import { type Capability, isCapability, parseCapabilities } from "../../plugin/capability.ts";
import { parsePluginCommand, type PluginCommand } from "../../plugin/command.ts";
import { pluginLimits, type PluginModule } from "../../plugin/module.ts";
import {
  type CapabilityHandlers,
  openPlugin,
  PluginEngine,
  type PluginEvent,
  type PluginSession,
  sessionLimits,
} from "../../plugin/session.ts";
import { settingSources } from "../config/setting_sources.ts";
import type { Host } from "../host.ts";
import type { Pod, Secret } from "../../kube/types.ts";
import { PODS, SECRETS } from "../../kube/resources.ts";

/** A plugin of the configuration. */
export interface PluginEntry {
  /** The name of its view, in kebab-case. */
  key: string;
  /** As written; `~` is the home folder. */
  path: string;
  permissions: readonly string[];
  keybinding?: string;
  /** For its `plugin_init`. */
  config: Readonly<Record<string, unknown>>;
}

/** What is known of a plugin's file. */
export type PluginCheck =
  | {
    kind: "plugin";
    bytes: number;
    /** The permissions that its imports need, and those of them that it isn't granted. */
    needs: readonly Capability[];
    missing: readonly Capability[];
    exports: readonly string[];
  }
  | { kind: "refused"; error: KodamaError };

/** Returns the configured plugins, each with the result of its check: one that can't be used doesn't hide the others. */
export async function listPlugins(
  host: Host,
): Promise<readonly { entry: PluginEntry; check: PluginCheck }[]> {
  return await Promise.all((await configuredPlugins(host)).map(async (entry) => ({
    entry,
    check: await checkPlugin(host, entry.path, entry.permissions),
  })));
}

/** Returns the plugins of the user's own settings. A repository can't add one. */
export async function configuredPlugins(host: Host): Promise<readonly PluginEntry[]> {
  const sources = await settingSources(host);
  if (sources.user === undefined && sources.repository === undefined) return [];
  const { mergedSettings } = await import("../../config/settings.ts");
  const { plugins = [] } = await mergedSettings(sources);
  return plugins.map(({ keybinding, permissions = [], config = {}, ...entry }) => ({
    ...entry,
    permissions,
    config,
    ...(keybinding === undefined ? {} : { keybinding }),
  }));
}

/** Checks a file: its format, its interface, its permissions. */
export async function checkPlugin(
  host: Host,
  path: string,
  permissions: readonly string[],
): Promise<PluginCheck> {
  try {
    const granted = await parseCapabilities(permissions);
    const { bytes, plugin } = await loadPlugin(host, path);
    const missing = plugin.needs.filter((name) => !granted.includes(name));
    return { kind: "plugin", bytes, needs: plugin.needs, missing, exports: plugin.exports };
  } catch (error) {
    if (error instanceof KodamaError) return { kind: "refused", error };
    throw error;
  }
}

const engine = new PluginEngine();

async function loadPlugin(
  host: Host,
  path: string,
): Promise<{ bytes: number; plugin: PluginModule }> {
  const file = absolutePath(expandHome(host, path), host.places.workingDir);
  const bytes = await host.files.readBytes(file, pluginLimits.moduleBytes);
  if (bytes === undefined) throw new KodamaError("notFound", `there is no file ${path}`);
  return { bytes: bytes.length, plugin: await engine.precompile(bytes) };
}

function expandHome(host: Host, path: string): string {
  if (!path.startsWith("~/")) return path;
  return `${host.env("HOME") || host.env("USERPROFILE") || "~"}${path.slice(1)}`;
}

/** What a plugin of a pane needs. */
interface PluginPaneOptions {
  pane: number;
  scope: RequestScope;
  emit(event: PluginEvent): void;
  writeClipboard(text: string): Promise<void>;
}

/**
 * Opens a configured plugin for a pane, at once: its file is read and checked meanwhile, and what is wrong with it or
 * its entry is an event, like any failure of the plugin.
 */
export function openPluginSession(
  host: Host,
  entry: PluginEntry,
  { pane, scope, emit, writeClipboard }: PluginPaneOptions,
): PluginSession {
  const granted = entry.permissions.filter(isCapability);
  return openPlugin({
    async load() {
      await parseCapabilities(entry.permissions);
      const [{ plugin }, { start }] = await Promise.all([
        loadPlugin(host, entry.path),
        host.pluginProcesses(),
      ]);
      return { plugin, start };
    },
    granted,
    config: entry.config,
    pane,
    emit,
    clock: host.clock,
    handlers: capabilityHandlers(host, scope, writeClipboard),
  });
}

/** Options of {@link testPlugin}. */
export interface TestPluginOptions {
  /** A file, or the key of a configured plugin. */
  plugin: string;
  /** In addition to those of the configuration. */
  permissions: readonly string[];
  /** Recorded commands, a JSON value in each line. */
  commands: string;
  width: number;
  height: number;
  context?: string;
  signal: AbortSignal;
}

/** What a plugin did after a command; the first ones are the focus and the size of its pane. */
export interface PluginStep {
  command: PluginCommand;
  /** Absent if it rendered nothing. */
  event?: PluginEvent;
}

/** The pane of a test, as `plugin_on_open` gets it. */
const testPane = 1;

/**
 * Opens a plugin, sends it commands one by one, and yields what it renders after each. Ends with the plugin's error, if
 * it has one.
 */
export async function* testPlugin(
  host: Host,
  options: TestPluginOptions,
): AsyncGenerator<PluginStep, void> {
  const recorded = commandsOf(options.commands);
  const entry = (await configuredPlugins(host)).find(({ key }) => key === options.plugin);
  const { plugin } = await loadPlugin(host, entry?.path ?? options.plugin);
  const granted = await parseCapabilities([...entry?.permissions ?? [], ...options.permissions]);
  const missing = plugin.needs.filter((name) => !granted.includes(name));
  if (missing.length > 0) {
    const names = missing.join(", ");
    throw new KodamaError(
      "config",
      `the plugin needs permissions that it isn't granted: ${names}`,
      {
        hint: hint`${option("permission", missing[0])} grants it for this test`,
      },
    );
  }
  const processes = await host.pluginProcesses();
  const turns = new Turns();
  const session = openPlugin({
    load: () => Promise.resolve({ plugin, start: processes.start }),
    granted,
    config: entry?.config ?? {},
    pane: testPane,
    clock: host.clock,
    handlers: capabilityHandlers(host, options.context === undefined ? {} : options),
    emit: (event) => turns.emit(event),
    onIdle: () => turns.idle(),
  });
  try {
    const { width, height, signal } = options;
    const commands: PluginCommand[] = [
      { type: "focus", focused: true },
      { type: "resize", width, height },
      ...recorded,
    ];
    await turns.next();
    for (const command of commands) {
      if (turns.failed !== undefined) break;
      signal.throwIfAborted();
      session.handleCommand(command);
      await turns.next();
      const event = turns.take();
      yield { command, ...(event === undefined ? {} : { event }) };
    }
    const { failed } = turns;
    if (failed !== undefined) throw new KodamaError("conflict", `the plugin failed: ${failed}`);
  } finally {
    await session.close();
  }
}

/** The last event between two moments at which the plugin is idle. */
class Turns {
  failed: string | undefined;
  #event: PluginEvent | undefined;
  #idle = Promise.withResolvers<void>();

  emit(event: PluginEvent): void {
    this.#event = event;
    if (event.kind === "pluginError") {
      this.failed = event.error;
      this.#idle.resolve();
    }
  }

  idle(): void {
    this.#idle.resolve();
  }

  /** Resolves when the plugin is idle, or has failed: soon, as its calls have a time limit. */
  async next(): Promise<void> {
    await this.#idle.promise;
    if (this.failed === undefined) this.#idle = Promise.withResolvers<void>();
  }

  take(): PluginEvent | undefined {
    const event = this.#event;
    this.#event = undefined;
    return event;
  }
}

function commandsOf(text: string): PluginCommand[] {
  return text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    const command = parsePluginCommand(parsedJson(line));
    if (command !== undefined) return [command];
    throw new UsageError(`line ${index + 1} of the commands is not a command of plugins`, {
      hint: 'one JSON value in a line, such as {"type":"scroll_down"}',
    });
  }).slice(0, sessionLimits.commands);
}

/* What permissions let a plugin use: answers to its imports, as JSON values. */

/** The most pods in one answer: no one reads more on a screen. */
const maxPods = 5000;

/** Where a plugin's requests go unless they say otherwise. */
interface RequestScope {
  /** The kubeconfig's current one if absent. */
  readonly context?: string;
  /** For requests without a namespace: the context's if absent, all if empty. */
  readonly namespace?: string;
}

/** Returns the handlers for one scope. */
function capabilityHandlers(
  host: Host,
  scope: RequestScope,
  writeClipboard: (text: string) => Promise<void> = noClipboard,
): CapabilityHandlers {
  return {
    async list_pods(request, signal) {
      const client = await host.kube(scope.context);
      const { namespace = scope.namespace ?? client.defaultNamespace, labelSelector } = textsOf(
        request,
      );
      const selected = {
        ...(namespace === "" ? {} : { namespace }),
        ...(labelSelector === undefined ? {} : { labelSelector }),
      };
      const pods: object[] = [];
      for await (const { items } of client.list<Pod>(PODS, selected, { signal })) {
        for (const pod of items) pods.push(podAnswer(pod));
        if (pods.length >= maxPods) break;
      }
      return pods.slice(0, maxPods);
    },
    async get_secrets(request, signal) {
      const client = await host.kube(scope.context);
      // A Secret has a namespace, even if all are shown.
      const { namespace = scope.namespace || client.defaultNamespace, name } = textsOf(request);
      if (name === undefined) throw new KodamaError("usage", 'get_secrets: "name" is missing');
      const { data = {} } = await client.get<Secret>(SECRETS, name, { namespace }, { signal });
      return { namespace, name, data };
    },
    async clipboard_write(request) {
      await writeClipboard(String(request));
      return null;
    },
  };
}

function noClipboard(): Promise<void> {
  return Promise.reject(new KodamaError("environment", "there is no clipboard"));
}

function podAnswer({ metadata, spec, status }: Pod): object {
  const containers = status?.containerStatuses ?? [];
  return {
    namespace: metadata?.namespace ?? "",
    name: metadata?.name ?? "",
    node: spec?.nodeName ?? "",
    phase: status?.phase ?? "",
    ip: status?.podIP ?? "",
    ready: containers.filter(({ ready }) => ready).length,
    containers: spec?.containers.length ?? 0,
    restarts: containers.reduce((sum, { restartCount }) => sum + restartCount, 0),
    labels: metadata?.labels ?? {},
  };
}

/** The fields of a request that are texts. */
function textsOf(
  request: unknown,
): Partial<Record<"namespace" | "name" | "labelSelector", string>> {
  if (typeof request !== "object" || request === null) return {};
  return Object.fromEntries(
    Object.entries(request).filter(([, value]) => typeof value === "string"),
  );
}
