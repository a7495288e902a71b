import { definedOnly } from "../../base/json_value.ts";
import { KodamaError, UsageError } from "../../base/errors.ts";
import { defineCommand } from "../parser/command.ts";
import { text, toggle, value, values } from "../parser/flag.ts";
import { contextValue, kubeconfigFlag, namespaceValue } from "../parser/scope_flags.ts";
import { styleOf } from "../output.ts";
import type { KeyTableSource } from "../../ui/keys.ts";
import type { KeyTable } from "../../ui/state.ts";

/** `kodama ui`. */
export const command = defineCommand({
  description:
    "Shows objects of the cluster in tabs and tiled panes, live: lists of any kind with the columns of kubectl get, " +
    "logs, YAML, Events, and the outcome of each pod of a command or a workflow that runs on the marked rows.\n\n" +
    "`?` lists the keys of a pane, `:` shows another kind, Alt and an arrow key focus another pane, Alt-v and Alt-s " +
    "split it, Alt-p opens one of another kind. Keys are changed by ui.keys of the settings.",
  operands: [{ name: "KIND", arity: "optional" }],
  flags: {
    "namespace": values("namespace to show (default the context's)", text, namespaceValue),
    "all-namespaces": toggle("show all namespaces", { short: "A" }),
    "context": value("kubeconfig context to start in", text, contextValue),
    "kubeconfig": kubeconfigFlag,
    "layout": value("layout to open: one that was saved under this name", text, {
      placeholder: "NAME",
    }),
  },
  examples: {
    "The pods of the current namespace": "kodama ui",
    "Deployments of all namespaces": "kodama ui deployments -A",
    "The tabs and panes that were saved as shop": "kodama ui --layout shop",
  },
  exitCodes: [
    ["0", "left by a key"],
    ["1", "the layout can't be used"],
    ["2", "the command line is wrong, or there is no terminal"],
    ["130", "stopped by a signal, or the terminal was closed"],
  ],
  seeAlso: ["docs/ui.md lists the panes and all keys."],
  resolve({ flags, operands }) {
    if (flags["all-namespaces"] && flags.namespace.length > 0) {
      throw new UsageError("--namespace and --all-namespaces contradict each other");
    }
    const [kind] = operands;
    if (kind !== undefined && flags.layout !== undefined) {
      throw new UsageError("a layout has its own kinds: leave out KIND or --layout");
    }
    const namespaces = flags["all-namespaces"]
      ? { kind: "all" as const }
      : flags.namespace.length > 0
      ? { kind: "named" as const, names: flags.namespace }
      : { kind: "default" as const };
    return {
      kind: kind ?? "pods",
      scope: { namespaces, ...definedOnly({ context: flags.context }) },
      layout: flags.layout,
    };
  },
  async run({ kind, scope, layout }, invocation) {
    const { terminal, environment, signals } = invocation;
    const isDumb = environment("TERM") === "dumb";
    const keyboard = terminal.stderr.isTerminal && !isDumb ? terminal.keyboard() : undefined;
    if (keyboard === undefined) {
      throw new UsageError(
        isDumb ? "the UI needs a real terminal (TERM=dumb)" : "the UI needs a terminal",
        { hint: "`kodama watch` prints changes of objects into a pipe" },
      );
    }
    const host = await invocation.host();
    const [
      { Ui },
      { PaneRegistry },
      { registerAll, registerPlugins },
      { RecentLog },
      { uiSettings },
      { themeTones },
      { stoppable },
    ] = await Promise.all([
      import("../../ui/runtime.ts"),
      import("../../ui/registry.ts"),
      import("../../ui/register_panes.ts"),
      import("../../ui/panes/overviews.ts"),
      import("../../actions/config/setting_sources.ts"),
      import("../../ui/theme.ts"),
      import("../../terminal/driver/signals.ts"),
    ]);
    const layouts = () => import("../../ui/saved_files.ts");
    const registry = new PaneRegistry();
    const log = new RecentLog();
    using _listening = invocation.log?.listen((record) => log.add(record));
    const settings = await uiSettings(host);
    registerAll(registry, { log, columns: settings.columns });
    const { toggles, problems } = await registerPlugins(registry, host);
    const saved = layout === undefined
      ? undefined
      : await (await layouts()).readLayout(host, layout);
    const ui = new Ui({
      host,
      terminal,
      color: styleOf(terminal.stderr, environment).bold("") !== "",
      registry,
      tones: themeTones(settings.theme),
      keys: await keysOf(settings.keys, { kinds: registry.kinds(), toggles }),
      problems,
      first: { key: "resource-list", config: { kind }, scope },
      ...definedOnly({ layout: saved }),
      saveLayout: async (name, one) => {
        try {
          return `saved as ${await (await layouts()).writeLayout(host, name, one)}`;
        } catch (error) {
          if (error instanceof KodamaError) return error.message;
          throw error;
        }
      },
    });
    await stoppable(signals, async (stopped) => {
      await ui.run(keyboard, stopped);
      stopped.throwIfAborted();
    });
    return 0;
  },
});

/** Returns the key table with the keys of the settings; loads the search for near names only if there are any. */
async function keysOf(
  settings: Readonly<Record<string, readonly string[]>>,
  source: Omit<KeyTableSource, "settings">,
): Promise<KeyTable> {
  const { keyTable } = await import("../../ui/keys.ts");
  if (Object.keys(settings).length === 0) return keyTable(source);
  const { distance } = await import("fastest-levenshtein");
  return keyTable({ ...source, settings, distance });
}
