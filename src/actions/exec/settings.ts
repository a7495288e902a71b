/** The settings of a run that aren't given on the command line. */
import { definedOnly } from "../../base/json_value.ts";
import { parseDuration } from "../../base/duration.ts";
import { defaultSettings, settingVariables } from "../../config/default_settings.ts";
import type { Settings } from "../../config/settings_shape.ts";
import type { ConfirmPolicy } from "../../gate/change.ts";
import type { OutputMode } from "../../exec/run_options.ts";
import type { Host } from "../host.ts";
import { settingSources } from "../config/setting_sources.ts";

/** Limits and mode of a run; times are milliseconds. */
export interface ExecSettings {
  fanout: number;
  connectTimeoutMs: number;
  outputMode: OutputMode;
}

/**
 * Returns the settings of `exec`. Most users have none, and then no YAML parser is loaded.
 *
 * @throws FileError if a settings file is invalid; UsageError if a variable is.
 */
async function execSettings(host: Host): Promise<NonNullable<Settings["exec"]>> {
  const sources = await settingSources(host);
  const silent = sources.repository === undefined && sources.user === undefined &&
    Object.keys(settingVariables).every((name) => (host.env(name) ?? "") === "");
  if (silent) return defaultSettings.exec;
  const { mergedSettings } = await import("../../config/settings.ts");
  return (await mergedSettings(sources)).exec ?? {};
}

/** The same, with the command line taking precedence. */
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

/** Returns when to confirm a change, and which further commands are read-only. The command line takes precedence. */
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
  // The schema accepts no other text.
  const connectTimeoutMs = parseDuration(exec.connectTimeout ?? defaults.connectTimeout) ?? 0;
  return {
    fanout: exec.fanout ?? defaults.fanout,
    connectTimeoutMs,
    outputMode: exec.outputMode ?? defaults.outputMode,
  };
}
