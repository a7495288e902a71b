/** The settings of the terminal UI. */
import type { Host } from "../host.ts";
import { settingSources } from "./setting_sources.ts";

/** Returns the keys of actions that the user has set. Throws KodamaError `config` if a file can't be read. */
export async function uiKeys(host: Host): Promise<Readonly<Record<string, readonly string[]>>> {
  const sources = await settingSources(host);
  if (sources.user === undefined && sources.repository === undefined) return {};
  const { mergedSettings } = await import("../../config/settings.ts");
  const { ui } = await mergedSettings(sources);
  return Object.fromEntries(
    Object.entries(ui?.keys ?? {}).map(([action, keys]) => [action, [keys].flat()]),
  );
}
