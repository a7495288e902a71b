/** The files of a kubectl command line: their texts, and the objects that decide how it is rated. */
import { KodamaError } from "../../base/errors.ts";
import { isRecord } from "../../base/json_value.ts";
import type { KubectlLine } from "../../gate/kubectl.ts";
import { isOn, type KubectlObject, objectSources } from "../../gate/kubectl_rating.ts";
import type { Host } from "../host.ts";

/** Larger files are not read: their contents count as unknown. */
const maxBytes = 16 * 1024 * 1024;

/** The endings of the files that kubectl reads in a folder. */
const endings = [".yaml", ".yml", ".json"];

/** The manifests that a command line names, as they were read for its rating. */
interface Sources {
  /** The text of each file, in kubectl's order; undefined if a file can't be read here. */
  texts: readonly Uint8Array<ArrayBuffer>[] | undefined;
  /** The objects of the texts; undefined if a text isn't known, or isn't YAML. */
  objects: KubectlObject[] | undefined;
}

/**
 * Returns the manifests of all files of a command line. An address, a kustomization, and a folder with folders can't be
 * read here.
 *
 * @param input the text that it reads from standard input.
 */
export async function readSources(
  host: Pick<Host, "files" | "places">,
  line: KubectlLine,
  input: Uint8Array<ArrayBuffer> | undefined,
): Promise<Sources> {
  const { files, kustomizations } = objectSources(line);
  const unknown: Sources = { texts: undefined, objects: undefined };
  if (kustomizations.length > 0 || isOn(line, "-R", "--recursive")) return unknown;
  const texts: Uint8Array<ArrayBuffer>[] = [];
  const objects: KubectlObject[] = [];
  let areKnown = true;
  for (const file of files) {
    for (const bytes of file === "-" ? [input] : await textsOf(host, file)) {
      if (bytes === undefined) return unknown;
      texts.push(bytes);
      const text = bytes.length > maxBytes ? undefined : textOf(bytes);
      const found = text === undefined ? undefined : await objectsIn(text);
      if (found === undefined) areKnown = false;
      else objects.push(...found);
    }
  }
  return { texts, objects: areKnown ? objects : undefined };
}

function textOf(bytes: Uint8Array): string | undefined {
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
): Promise<(Uint8Array<ArrayBuffer> | undefined)[]> {
  if (/^https?:/i.test(file) || /[*?[]/.test(file)) return [undefined];
  if (isOneTime(file)) return [undefined];
  const path = file.startsWith("/") ? file : `${places.workingDir}/${file}`;
  const inside = (await files.listFiles(path)).filter((name) =>
    endings.some((ending) => name.endsWith(ending))
  );
  const paths = inside.length === 0 ? [path] : inside.map((name) => `${path}/${name}`);
  return await Promise.all(paths.map(async (one) => {
    try {
      return await files.readBytes(one, maxBytes);
    } catch (error) {
      if (error instanceof KodamaError) return undefined;
      throw error;
    }
  }));
}

/** Returns the objects of a text with several documents, and of lists in them; undefined if it isn't YAML. */
export async function objectsIn(text: string): Promise<KubectlObject[] | undefined> {
  return (await valuesIn(text))?.map(({ kind, metadata }) => {
    const { name, generateName, namespace } = metadata;
    const known = name ?? generateName;
    return {
      kind,
      name: typeof known === "string" ? known : "",
      ...(typeof namespace === "string" ? { namespace } : {}),
    };
  });
}

/** An object of a manifest, whatever else it has. */
interface ManifestObject extends Record<string, unknown> {
  kind: string;
  metadata: Record<string, unknown>;
}

/** Returns the objects themselves, as {@link objectsIn}. */
export async function valuesIn(text: string): Promise<ManifestObject[] | undefined> {
  const json = /^\s*\{/.test(text) ? jsonDocuments(text) : undefined;
  if (json !== undefined) return allOrNone(json.map(objectsOfValue));
  const { parseAllDocuments } = await import("yaml");
  const objects: ManifestObject[] = [];
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

function objectsOfValue(value: unknown): ManifestObject[] | undefined {
  const { kind, metadata, items } = isRecord(value) ? value : {};
  if (typeof kind !== "string") return undefined;
  if (kind.endsWith("List") && Array.isArray(items)) {
    return allOrNone(items.map(objectsOfValue));
  }
  return [{ ...value as object, kind, metadata: isRecord(metadata) ? metadata : {} }];
}

function allOrNone(
  all: readonly (ManifestObject[] | undefined)[],
): ManifestObject[] | undefined {
  return all.every((one) => one !== undefined) ? all.flat() : undefined;
}

/**
 * Returns the JSON documents of a text, between which there may be messages, as kubectl prints them; undefined without
 * a document.
 */
export function jsonDocuments(text: string): unknown[] | undefined {
  // Whatever the indentation, no line within a document begins with a brace that opens.
  const documents = text.split(/^(?=\{)/m).flatMap((part) => /^\{[^]*\}$/m.exec(part) ?? []);
  if (documents.length === 0 && text.trim() !== "") return undefined;
  try {
    return documents.map((document): unknown => JSON.parse(document));
  } catch {
    return undefined;
  }
}
