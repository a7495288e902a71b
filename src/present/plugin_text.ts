/** Plugins as text and data. */
import type { PluginCheck, PluginEntry, PluginStep } from "../actions/plugin/plugins.ts";
import { keyProblem, normalKey } from "../terminal/key_name.ts";
import { clipText } from "../terminal/grid.ts";
import { printable } from "../terminal/printable.ts";
import { tableLines } from "../terminal/table.ts";

/** Returns the table of configured plugins. */
export function pluginsTable(
  plugins: readonly { entry: PluginEntry; check: PluginCheck }[],
): string[] {
  const rows = plugins.map(({ entry: { key, path, permissions, keybinding }, check }) => [
    key,
    checkWord(check),
    listed(permissions),
    keybindingText(keybinding),
    path,
  ]);
  return tableLines(["KEY", "STATUS", "PERMISSIONS", "KEYBINDING", "PATH"], rows);
}

/** Returns what a configured plugin is, as data. */
export function pluginData({ entry, check }: { entry: PluginEntry; check: PluginCheck }): object {
  const { key, path, permissions, keybinding = null } = entry;
  const problem = keybinding === null ? undefined : keyProblem(normalKey(keybinding));
  const keybindingProblem = problem === undefined ? {} : { keybindingProblem: problem };
  return { key, path, permissions, keybinding, ...keybindingProblem, ...checkData(check) };
}

function keybindingText(keybinding: string | undefined): string {
  if (keybinding === undefined) return "-";
  const problem = keyProblem(normalKey(keybinding));
  return problem === undefined ? keybinding : `${keybinding} (${problem})`;
}

/** Returns the result of a check, as data. */
export function checkData(check: PluginCheck): object {
  if (check.kind === "refused") return { status: "refused", error: check.error.message };
  const { bytes, needs, missing, exports } = check;
  return { status: checkWord(check), bytes, needs, missing, exports };
}

/** Returns the lines about a plugin's file. */
export function checkLines(check: Extract<PluginCheck, { kind: "plugin" }>): string[] {
  const { bytes, needs, missing, exports } = check;
  return [
    `size         ${bytes} bytes`,
    `exports      ${exports.join(", ")}`,
    `permissions  ${listed(needs)}`,
    ...(missing.length === 0 ? [] : [`missing      ${missing.join(", ")}`]),
  ];
}

function checkWord(check: PluginCheck): string {
  if (check.kind === "refused") return "refused";
  return check.missing.length === 0 ? "ok" : "missing permissions";
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "-" : names.join(",");
}

/** Returns a command, and what the plugin rendered, as a pane of this size shows it. */
export function stepLines(
  { command, event }: PluginStep,
  { width, height }: { width: number; height: number },
): string[] {
  const lines = event?.kind === "pluginRender" ? paneLines(event.lines, { width, height }) : [];
  return [`> ${JSON.stringify(command)}`, ...lines];
}

/** Returns a plugin's lines, safe for a terminal and cut to its pane. */
function paneLines(
  lines: readonly string[],
  { width, height }: { width: number; height: number },
): string[] {
  return lines.slice(0, height).map((line) => clipText(pluginLine(line), width));
}

/** Returns a line of a plugin in which control characters are shown and not obeyed. */
export function pluginLine(line: string): string {
  return printable(line.replaceAll("\t", "    ").replaceAll("\n", "\\n"));
}
