/** The UI's files in the user's folder: layouts, and the queries of all query panes. */
import * as v from "valibot";
import type { Host } from "../actions/host.ts";
import { KodamaError, UsageError } from "../base/errors.ts";
import { optionalFileVersion, versionProblem } from "../base/file_version.ts";
import type { SavedLayout, SavedTile } from "./layout.ts";

const text = v.string();
const tileShape: v.GenericSchema<SavedTile> = v.lazy(() =>
  v.union([
    v.strictObject({ pane: text, config: v.record(text, v.unknown()) }),
    v.strictObject({
      split: v.picklist(["columns", "rows"]),
      parts: v.pipe(
        v.array(v.strictObject({ share: v.pipe(v.number(), v.gtValue(0)), tile: tileShape })),
        v.minLength(2),
      ),
    }),
  ]) as v.GenericSchema<SavedTile>
);

const layoutShape = v.strictObject({
  version: optionalFileVersion(1),
  tabs: v.pipe(
    v.array(v.strictObject({
      name: v.exactOptional(text),
      scope: v.strictObject({
        context: v.exactOptional(text),
        namespaces: v.variant("kind", [
          v.strictObject({ kind: v.literal("default") }),
          v.strictObject({ kind: v.literal("all") }),
          v.strictObject({ kind: v.literal("named"), names: v.array(text) }),
        ]),
      }),
      tile: tileShape,
    })),
    v.minLength(1),
  ),
});

/** A larger file isn't a layout. */
const maxLayoutBytes = 256 * 1024;

/** Returns the layout of a file's text. Throws KodamaError `config` if the text isn't a layout. */
function parseLayout(path: string, json: string): SavedLayout {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new KodamaError("config", `${path} is not a layout: it isn't JSON`);
  }
  const result = v.safeParse(layoutShape, value);
  if (result.success) return result.output;
  const later = versionProblem(result.issues);
  if (later !== undefined) throw new KodamaError("config", `${path}: ${later}`);
  const [issue] = result.issues;
  throw new KodamaError("config", `${path} is not a layout: ${issue.message}`);
}

function pathOf(host: Host, name: string): string {
  if (!/^[\w.-]+$/.test(name) || name.startsWith(".")) {
    throw new UsageError(`"${name}" is not a name of a layout`, {
      hint: "letters, digits, dots, - and _",
    });
  }
  return `${host.places.configDir}/ui/${name}.json`;
}

/**
 * Returns a saved layout.
 *
 * @throws KodamaError `notFound` if there is none, with the names of all; `config` if the file isn't a layout.
 */
export async function readLayout(host: Host, name: string): Promise<SavedLayout> {
  const path = pathOf(host, name);
  const text = await host.files.readText(path, maxLayoutBytes);
  if (text !== undefined) return parseLayout(path, text);
  const files = await host.files.listFiles(`${host.places.configDir}/ui`);
  const names = files.filter((one) => one.endsWith(".json")).map((one) => one.slice(0, -5));
  const saved = names.length === 0 ? "none is saved" : `saved are ${names.join(", ")}`;
  throw new KodamaError("notFound", `there is no layout "${name}"; ${saved}`);
}

/** Saves a layout; resolves to its path. Throws UsageError for an invalid name. */
export async function writeLayout(host: Host, name: string, layout: SavedLayout): Promise<string> {
  const path = pathOf(host, name);
  await host.files.replaceText(path, `${JSON.stringify({ version: 1, ...layout }, null, 2)}\n`);
  return path;
}

/** Queries of all panes. */
interface Queries {
  /** The latest last. */
  history: readonly string[];
  saved: Readonly<Record<string, string>>;
}

const maxQueriesBytes = 4 * 1024 * 1024;

const queriesFile = ({ places }: Host) => `${places.configDir}/ui-queries.json`;

const queriesShape = v.object({
  version: optionalFileVersion(1),
  history: v.optional(v.array(v.string()), []),
  saved: v.optional(v.record(v.string(), v.string()), {}),
});

/** Returns the stored queries. Throws KodamaError `config` for a file that kodama doesn't write. */
export async function readQueries(host: Host): Promise<Queries> {
  const path = queriesFile(host);
  const text = await host.files.readText(path, maxQueriesBytes) ?? "{}";
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), queriesShape), text);
  if (parsed.success) return parsed.output;
  const reason = versionProblem(parsed.issues) ?? parsed.issues[0].message;
  throw new KodamaError("config", `${path}: ${reason}`);
}

/** Replaces them. The oldest of the history are dropped if the file would be too large to be read again. */
export async function writeQueries(host: Host, { history, saved }: Queries): Promise<void> {
  const textOf = (from: number) =>
    JSON.stringify({ version: 1, history: history.slice(from), saved }, null, 2);
  let from = 0;
  let text = textOf(from);
  // UTF-8 has at most three bytes for each character of a text.
  while (text.length * 3 >= maxQueriesBytes && from < history.length) text = textOf(++from);
  await host.files.replaceText(queriesFile(host), `${text}\n`);
}
