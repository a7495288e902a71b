/** The objects of manifests, to wait for, as `kubectl wait -f` finds them. */
import { UsageError } from "../../base/errors.ts";
import { isRecord } from "../../base/json_value.ts";
import type { Host } from "../host.ts";
import type { WaitTarget } from "./wait.ts";

/** A larger file isn't read. */
const maxBytes = 16 * 1024 * 1024;

/** The endings of the files that count in a folder. */
const endings = [".yaml", ".yml", ".json"];

/**
 * Returns the objects that files contain, in the files' order.
 *
 * @param sources files and folders, absolute or in the working folder, and texts.
 * @throws UsageError for a missing or unreadable file, and for something that isn't an object with a name.
 */
export async function manifestTargets(
  { files, places }: Pick<Host, "files" | "places">,
  sources: readonly ({ path: string } | { name: string; text: string })[],
): Promise<WaitTarget[]> {
  const targets: WaitTarget[] = [];
  for (const source of sources) {
    const texts = "text" in source ? [source] : await textsAt(files, places, source.path);
    for (const { name, text } of texts) targets.push(...await targetsIn(text, name));
  }
  if (targets.length === 0) throw new UsageError("the files contain no objects");
  return targets;
}

async function textsAt(
  files: Host["files"],
  { workingDir }: Host["places"],
  path: string,
): Promise<{ name: string; text: string }[]> {
  if (/^https?:/i.test(path)) {
    throw new UsageError(`${path} is an address`, { hint: "download it, and name the file" });
  }
  const absolute = path.startsWith("/") ? path : `${workingDir}/${path}`;
  const inside = (await files.listFiles(absolute))
    .filter((name) => endings.some((ending) => name.endsWith(ending)));
  const paths = inside.length === 0 ? [path] : inside.map((name) => `${path}/${name}`);
  return await Promise.all(paths.map(async (name) => {
    const full = name.startsWith("/") ? name : `${workingDir}/${name}`;
    const text = await files.readText(full, maxBytes);
    if (text === undefined) throw new UsageError(`${name}: no such file`);
    return { name, text };
  }));
}

async function targetsIn(text: string, file: string): Promise<WaitTarget[]> {
  const { parseAllDocuments } = await import("yaml");
  const targets: WaitTarget[] = [];
  for (const document of parseAllDocuments(text, { logLevel: "silent" })) {
    // An empty text has no documents.
    if (!("toJS" in document)) continue;
    const [problem] = document.errors;
    if (problem !== undefined) throw new UsageError(`${file}: ${problem.message.split("\n")[0]}`);
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    if (value !== null && value !== undefined) targets.push(...targetsOf(value, file));
  }
  return targets;
}

function targetsOf(value: unknown, file: string): WaitTarget[] {
  const { apiVersion, kind, metadata, items } = isRecord(value) ? value : {};
  if (typeof kind === "string" && kind.endsWith("List") && Array.isArray(items)) {
    return items.flatMap((item: unknown) => targetsOf(item, file));
  }
  const { name, namespace } = isRecord(metadata) ? metadata : {};
  if (typeof apiVersion !== "string" || typeof kind !== "string" || typeof name !== "string") {
    throw new UsageError(`${file}: an object needs apiVersion, kind and metadata.name`);
  }
  const [version, group] = apiVersion.split("/").toReversed();
  return [{
    kind: [kind, version, ...(group === undefined ? [] : [group])].join("."),
    name,
    ...(typeof namespace === "string" ? { namespace } : {}),
    mayLackState: true,
  }];
}
