/** The exclusions of the settings for every synchronisation. */
import { defaultSettings } from "../../config/default_settings.ts";
import type { Host } from "../host.ts";
import { settingSources } from "../config/setting_sources.ts";

/** As the settings have it. */
export interface SyncSettings {
  useGitignore: boolean;
  excludePatterns: readonly string[];
}

/** Throws FileError if a settings file is invalid. */
export async function excludedBySettings(host: Host): Promise<SyncSettings> {
  const sources = await settingSources(host);
  const { mergedSettings } = await import("../../config/settings.ts");
  const { sync } = await mergedSettings(sources);
  return {
    useGitignore: sync?.useGitignore ?? defaultSettings.sync.useGitignore,
    excludePatterns: sync?.excludePatterns ?? [],
  };
}
