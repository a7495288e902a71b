/** The file of the queries of all query panes, in the user's folder. */
import * as v from "valibot";
import type { Host } from "../actions/host.ts";
import { KodamaError } from "../base/errors.ts";
import { optionalFileVersion, versionProblem } from "../base/file_version.ts";

/** Queries of all panes. */
export interface Queries {
  /** The latest last. */
  history: readonly string[];
  saved: Readonly<Record<string, string>>;
}

const queriesFile = ({ places }: Host) => `${places.configDir}/ui-queries.json`;

const queriesShape = v.object({
  version: optionalFileVersion(1),
  history: v.optional(v.array(v.string()), []),
  saved: v.optional(v.record(v.string(), v.string()), {}),
});

/** Returns the stored queries. Throws KodamaError `config` for a file that kodama doesn't write. */
export async function readQueries(host: Host): Promise<Queries> {
  const path = queriesFile(host);
  const text = await host.files.readText(path, 1024 * 1024) ?? "{}";
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), queriesShape), text);
  if (parsed.success) return parsed.output;
  const reason = versionProblem(parsed.issues) ?? parsed.issues[0].message;
  throw new KodamaError("config", `${path}: ${reason}`);
}

/** Replaces them. */
export async function writeQueries(host: Host, { history, saved }: Queries): Promise<void> {
  const text = JSON.stringify({ version: 1, history, saved }, null, 2);
  await host.files.replaceText(queriesFile(host), `${text}\n`);
}
