/** Refuses syncs of folders that aren't projects. */
import { UsageError } from "../../base/errors.ts";
import type { Host } from "../host.ts";

const texts = { machine: "the whole machine", home: "the whole home folder" } as const;

/**
 * Returns a text if a folder contains more than a project and is never synced; undefined for a folder that may be a
 * project.
 */
export async function notAProject(host: Host, folder: string): Promise<string | undefined> {
  const whole = await (await host.sync()).wholeOf(folder);
  return whole && texts[whole];
}

/** Throws UsageError for a folder with the whole machine or home folder in it. */
export async function requireProject(host: Host, folder: string): Promise<void> {
  const text = await notAProject(host, folder);
  if (text !== undefined) throw refusal(text);
}

/** Returns the error of a sync that is refused because of its size. */
export function refusal(what: string): UsageError {
  return new UsageError(`refusing to sync ${what}`, { hint: "name a folder of a project" });
}
