/** Files of layouts, in the user's folder. */
import type { Host } from "../actions/host.ts";
import { KodamaError, UsageError } from "../base/errors.ts";
import { type Layout, maxLayoutBytes, parseLayout } from "./layout.ts";

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
 * @throws KodamaError `notFound` if there is none, with the names of all; `config` if the file isn't one.
 */
export async function readLayout(host: Host, name: string): Promise<Layout> {
  const path = pathOf(host, name);
  const text = await host.files.readText(path, maxLayoutBytes);
  if (text !== undefined) return parseLayout(path, text);
  const files = await host.files.listFiles(`${host.places.configDir}/ui`);
  const names = files.filter((one) => one.endsWith(".json")).map((one) => one.slice(0, -5));
  const saved = names.length === 0 ? "none is saved" : `saved are ${names.join(", ")}`;
  throw new KodamaError("notFound", `there is no layout "${name}"; ${saved}`);
}

/** Saves a layout; resolves to its path. Throws UsageError for a name that isn't one. */
export async function writeLayout(host: Host, name: string, layout: Layout): Promise<string> {
  const path = pathOf(host, name);
  await host.files.replaceText(path, `${JSON.stringify(layout, null, 2)}\n`);
  return path;
}
