/** The objects in the files of a kubectl command line, as far as they decide how it is rated. */
import { KodamaError } from "../../base/errors.ts";
import type { KubectlLine } from "../../gate/kubectl.ts";
import { isOn, type KubectlObject, objectSources } from "../../gate/kubectl_rating.ts";
import type { Host } from "../host.ts";

/** Larger files are not read: their objects count as unknown. */
const maxBytes = 16 * 1024 * 1024;

/** The endings of the files that kubectl reads in a folder. */
const endings = [".yaml", ".yml", ".json"];

/**
 * Returns the objects of all files of a command line; undefined if one of them can't be read here: an address, a
 * kustomization, a folder with folders, a file that isn't YAML.
 *
 * @param input what it reads from standard input.
 */
export async function objectsOf(
  host: Pick<Host, "files" | "places">,
  line: KubectlLine,
  input: Uint8Array | undefined,
): Promise<KubectlObject[] | undefined> {
  const { files, kustomizations } = objectSources(line);
  if (kustomizations.length > 0 || isOn(line, "-R", "--recursive")) return undefined;
  const objects: KubectlObject[] = [];
  for (const file of files) {
    const texts = file === "-" ? [textOf(input)] : await textsOf(host, file);
    for (const text of texts) {
      const found = text === undefined ? undefined : await objectsIn(text);
      if (found === undefined) return undefined;
      objects.push(...found);
    }
  }
  return objects;
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined || bytes.length > maxBytes) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Returns whether a source may be a pipe, as of a shell's `<(…)`: it can be read once, and that is for kubectl. */
export function isOneTime(source: string): boolean {
  return /^\/(?:dev|proc)\//.test(source);
}

/** Returns the texts of a file, or of the files in a folder. */
async function textsOf(
  { files, places }: Pick<Host, "files" | "places">,
  file: string,
): Promise<(string | undefined)[]> {
  if (/^https?:/i.test(file) || /[*?[]/.test(file)) return [undefined];
  if (isOneTime(file)) return [undefined];
  const path = file.startsWith("/") ? file : `${places.workingDir}/${file}`;
  const inside = (await files.listFiles(path)).filter((name) =>
    endings.some((ending) => name.endsWith(ending))
  );
  const paths = inside.length === 0 ? [path] : inside.map((name) => `${path}/${name}`);
  return await Promise.all(paths.map(async (one) => {
    try {
      return await files.readText(one, maxBytes);
    } catch (error) {
      if (error instanceof KodamaError) return undefined;
      throw error;
    }
  }));
}

/** Returns the objects of a text with several documents, and of lists in them; undefined if it isn't YAML. */
export async function objectsIn(text: string): Promise<KubectlObject[] | undefined> {
  const { parseAllDocuments } = await import("yaml");
  const objects: KubectlObject[] = [];
  for (const document of parseAllDocuments(text, { logLevel: "silent" })) {
    if (!("toJS" in document) || document.errors.length > 0) return undefined;
    let value: unknown;
    try {
      value = document.toJS({ maxAliasCount: 100 });
    } catch {
      // More aliases than any manifest has.
      return undefined;
    }
    if (value === null || value === undefined) continue;
    const found = objectsOfValue(value);
    if (found === undefined) return undefined;
    objects.push(...found);
  }
  return objects;
}

function objectsOfValue(value: unknown): KubectlObject[] | undefined {
  const { kind, metadata, items } = (value ?? {}) as {
    kind?: unknown;
    metadata?: { name?: unknown; generateName?: unknown; namespace?: unknown } | null;
    items?: unknown;
  };
  if (typeof kind !== "string") return undefined;
  if (kind.endsWith("List") && Array.isArray(items)) {
    const all = items.map(objectsOfValue);
    return all.every((one) => one !== undefined) ? all.flat() : undefined;
  }
  const name = metadata?.name ?? metadata?.generateName;
  const namespace = metadata?.namespace;
  return [{
    kind,
    name: typeof name === "string" ? name : "",
    ...(typeof namespace === "string" ? { namespace } : {}),
  }];
}
