/** The settings of the terminal UI. */
import type { Host } from "../host.ts";
import { settingSources } from "./setting_sources.ts";

/** What a user has set for the terminal UI. */
export interface UiSettings {
  /** Keys by the names of their actions. */
  keys: Readonly<Record<string, readonly string[]>>;
  /** Styles by the parts of the screen, as `base/text_style.ts` reads them. */
  theme: Readonly<Record<string, string>>;
  /** Columns by kinds, such as `NAME:.metadata.name`. */
  columns: Readonly<Record<string, string>>;
}

/** Returns them. Throws KodamaError `config` if a file can't be read. */
export async function uiSettings(host: Host): Promise<UiSettings> {
  const sources = await settingSources(host);
  if (sources.user === undefined && sources.repository === undefined) {
    return { keys: {}, theme: {}, columns: {} };
  }
  const { mergedSettings } = await import("../../config/settings.ts");
  const { ui } = await mergedSettings(sources);
  const keys = Object.entries(ui?.keys ?? {}).map(([action, keys]) => [action, [keys].flat()]);
  return { keys: Object.fromEntries(keys), theme: ui?.theme ?? {}, columns: ui?.columns ?? {} };
}
