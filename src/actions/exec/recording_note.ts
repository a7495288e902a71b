/** Says once that the outputs of commands are stored. */
import { action, hint } from "../../base/hint.ts";
import { runsFolder } from "../../config/paths.ts";
import type { Host } from "../host.ts";
import { recordSettings } from "./settings.ts";

/** Shows a note before the first run whose output is recorded; never again, unless kodama's folder is removed. */
export async function noteRecording(host: Host): Promise<void> {
  const { files, places } = host;
  if (places.userDir === undefined || !(await recordSettings(host)).outputs) return;
  const marker = `${runsFolder(places)}/.noted`;
  if (await files.inspect(marker) !== undefined) return;
  try {
    await using _marker = await files.create(marker, { private: true, replace: false });
  } catch {
    // The run isn't recorded either, and reports that.
    return;
  }
  host.note(
    hint`what commands print is stored for 30 days, for ${action("runs.show")}; ${
      action("config.set", { key: "runs.outputs", value: "false" })
    } turns that off`,
  );
}
