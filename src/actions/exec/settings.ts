/** The settings of a run that aren't given on the command line. */
import { definedOnly } from "../../base/json_value.ts";
import { parseDuration } from "../../base/duration.ts";
import { parseQuantity } from "../../base/quantity.ts";
import { defaultSettings } from "../../config/default_settings.ts";
import type { Settings } from "../../config/settings_shape.ts";
import type { ConfirmPolicy } from "../../gate/change.ts";
import type { OutputMode } from "../../exec/run_options.ts";
import type { Host } from "../host.ts";
import { contextPolicies, settingsOf } from "../config/setting_sources.ts";

/** Limits and mode of a run; times are milliseconds. */
export interface ExecSettings {
  fanout: number;
  connectTimeoutMs: number;
  outputMode: OutputMode;
  records: RecordSettings;
}

/** What records contain, and how much. */
export interface RecordSettings {
  /** What commands write is stored. */
  outputs: boolean;
  /** The limit of the outputs of one run. */
  outputLimitBytes: number;
  /** The limit of all records together. */
  totalLimitBytes: number;
}

/** Returns the settings of records. */
export async function recordSettings(host: Host): Promise<RecordSettings> {
  return recordsOf((await settingsOf(host)).runs ?? {});
}

/** The same, with the command line taking precedence. */
export async function chosenSettings(
  host: Host,
  chosen: { readonly [Name in keyof ExecSettings]?: ExecSettings[Name] | undefined },
): Promise<ExecSettings> {
  const { fanout, connectTimeoutMs, outputMode } = chosen;
  const { exec, runs } = await settingsOf(host);
  return {
    ...narrow(exec ?? {}),
    records: recordsOf(runs ?? {}),
    ...definedOnly({ fanout, connectTimeoutMs, outputMode }),
  };
}

/** Returns when to confirm a change, and which further commands are read-only. The command line takes precedence. */
export async function confirmSettings(
  host: Host,
  chosen: { above?: number },
): Promise<ConfirmPolicy & { readOnly: readonly string[] }> {
  const [{ exec: settings }, policyOf] = await Promise.all([
    settingsOf(host),
    contextPolicies(host),
  ]);
  return {
    above: chosen.above ?? settings?.confirmAbove ?? defaultSettings.exec.confirmAbove,
    policyOf,
    readOnly: settings?.readOnly ?? [],
  };
}

function narrow(exec: NonNullable<Settings["exec"]>): Omit<ExecSettings, "records"> {
  const defaults = defaultSettings.exec;
  // The schema accepts no other text.
  const connectTimeoutMs = parseDuration(exec.connectTimeout ?? defaults.connectTimeout) ?? 0;
  return {
    fanout: exec.fanout ?? defaults.fanout,
    connectTimeoutMs,
    outputMode: exec.outputMode ?? defaults.outputMode,
  };
}

function recordsOf(runs: NonNullable<Settings["runs"]>): RecordSettings {
  const defaults = defaultSettings.runs;
  // The schema accepts no other texts.
  return {
    outputs: runs.outputs ?? defaults.outputs,
    outputLimitBytes: parseQuantity(runs.outputLimit ?? defaults.outputLimit) ?? 0,
    totalLimitBytes: parseQuantity(runs.totalLimit ?? defaults.totalLimit) ?? 0,
  };
}
