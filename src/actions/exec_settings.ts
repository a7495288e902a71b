/** The settings of a run that nobody gave on the command line. */
import { definedOnly } from "../base/defined_only.ts";
import { parseDuration } from "../base/duration.ts";
import { defaultSettings, settingVariables } from "../config/default_settings.ts";
import type { Settings } from "../config/settings_shape.ts";
import type { ConfirmPolicy } from "../gate/change.ts";
import type { OutputMode } from "../exec/output_mode.ts";
import type { Host } from "./host.ts";
import { settingSources } from "./setting_sources.ts";

/** Bounds and mode of a run; times are milliseconds. */
export interface ExecSettings {
  fanout: number;
  connectTimeoutMs: number;
  outputMode: OutputMode;
}

/**
 * What the settings say. Most people have none, and then no YAML parser is loaded.
 *
 * @throws FileError for a file of settings that is wrong; UsageError for such a variable.
 */
async function execSettings(host: Host): Promise<NonNullable<Settings["exec"]>> {
  const sources = await settingSources(host);
  const silent = sources.repository === undefined && sources.user === undefined &&
    Object.keys(settingVariables).every((name) => (host.env(name) ?? "") === "");
  if (silent) return defaultSettings.exec;
  const { mergedSettings } = await import("../config/settings.ts");
  return (await mergedSettings(sources)).exec ?? {};
}

/** The same, where what was said on the command line wins. */
export async function chosenSettings(
  host: Host,
  chosen: Partial<ExecSettings>,
): Promise<ExecSettings> {
  const { fanout, connectTimeoutMs, outputMode } = chosen;
  return {
    ...narrow(await execSettings(host)),
    ...definedOnly({ fanout, connectTimeoutMs, outputMode }),
  };
}

/** When a change is confirmed, and which further commands only read. What was said on the command line wins. */
export async function confirmSettings(
  host: Host,
  chosen: { above?: number },
): Promise<ConfirmPolicy & { readOnly: readonly string[] }> {
  const settings = await execSettings(host);
  return {
    above: chosen.above ?? settings.confirmAbove ?? defaultSettings.exec.confirmAbove,
    contexts: settings.confirmContexts ?? [],
    readOnly: settings.readOnly ?? [],
  };
}

function narrow(exec: NonNullable<Settings["exec"]>): ExecSettings {
  const defaults = defaultSettings.exec;
  // The shape lets no other text pass.
  const connectTimeoutMs = parseDuration(exec.connectTimeout ?? defaults.connectTimeout) ?? 0;
  return {
    fanout: exec.fanout ?? defaults.fanout,
    connectTimeoutMs,
    outputMode: exec.outputMode ?? defaults.outputMode,
  };
}
