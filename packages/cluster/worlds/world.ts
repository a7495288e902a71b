/** Worlds: the initial objects of an embedded cluster. Each is a file of manifests as `kubectl apply` reads them. */
import { parseAllDocuments } from "yaml";
import type { KubeObject } from "../../../src/kube/types.ts";
import { KodamaError, UsageError } from "../../../src/base/errors.ts";

/** The worlds that come with kodama. */
export const worldNames = ["empty", "fleet", "shop", "weka"] as const;

/** A label whose value names the parameter that sets a workload's replicas. */
const sizeLabel = "kodama.dev/size";

/** Which world, and how large: `weka`, `weka:drives=50,clients=0`, `./lab.yaml`. */
export interface WorldChoice {
  /** A name of {@link worldNames}, or the path of a file. */
  source: string;
  sizes: Readonly<Record<string, number>>;
}

/** No world is larger: a size is a number of processes on this machine. */
const largestSize = 1000;

/** Parses a world's choice. Throws UsageError. */
export function parseWorldChoice(text: string): WorldChoice {
  // A colon in the name of a folder isn't a separator.
  const [source = "", parameters] = splitOnce(text, ":", text.lastIndexOf("/") + 1);
  if (source === "") throw new UsageError("the world has no name", { hint: nameHint() });
  const sizes: Record<string, number> = {};
  for (const part of parameters?.split(",") ?? []) {
    const [name = "", value = ""] = splitOnce(part, "=");
    if (name === "" || !/^\d+$/.test(value) || Number(value) > largestSize) {
      throw new UsageError(
        `"${part}" is not a size of a world: a name and a number up to ${largestSize} are`,
        { hint: `for example --world ${source}:drives=50` },
      );
    }
    sizes[name] = Number(value);
  }
  if (!isPath(source) && !(worldNames as readonly string[]).includes(source)) {
    throw new UsageError(`there is no world "${source}"`, { hint: nameHint() });
  }
  return { source, sizes };
}

/**
 * Returns the choice as an argument that means the same in every folder: a relative path is resolved in `workingDir`.
 */
export function resolvedWorld(text: string, workingDir: string): string {
  const { source } = parseWorldChoice(text);
  return isPath(source) && !source.startsWith("/")
    ? `${workingDir}/${text.replace(/^\.\//, "")}`
    : text;
}

function splitOnce(
  text: string,
  separator: string,
  from = 0,
): [string, string | undefined] {
  const at = text.indexOf(separator, from);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function nameHint(): string {
  return `worlds: ${worldNames.join(", ")}, or the path of a file of manifests (./lab.yaml)`;
}

function isPath(source: string): boolean {
  return source.includes("/") || /\.ya?ml$/.test(source);
}

/**
 * Returns the objects of a world at the requested size. `folder` holds the shipped worlds.
 *
 * @throws KodamaError `config` for a file that can't be read or isn't manifests, UsageError for a size that the world
 * doesn't have.
 */
export async function loadWorld(choice: WorldChoice, folder: string): Promise<KubeObject[]> {
  const path = isPath(choice.source) ? choice.source : `${folder}/${choice.source}.yaml`;
  const text = await Deno.readTextFile(path).catch((error: unknown) => {
    throw new KodamaError("config", `can't read the world ${path}: ${messageOf(error)}`);
  });
  return sized(readManifests(text, path), choice);
}

/** Returns the objects of a text of manifests, in its order. Throws KodamaError with the line. */
export function readManifests(text: string, path: string): KubeObject[] {
  return parseAllDocuments(text).flatMap((document): KubeObject[] => {
    const [error] = document.errors;
    if (error !== undefined) throw new KodamaError("config", `${path}: ${error.message}`);
    const value: unknown = document.toJS();
    if (value === null) return [];
    if (!isManifest(value)) {
      throw new KodamaError(
        "config",
        `${path}: a document without apiVersion, kind and metadata.name isn't a manifest`,
      );
    }
    return [value];
  });
}

function isManifest(value: unknown): value is KubeObject {
  if (typeof value !== "object" || value === null) return false;
  const { apiVersion, kind, metadata } = value as Record<string, unknown>;
  return typeof apiVersion === "string" && typeof kind === "string" &&
    typeof metadata === "object" && metadata !== null &&
    typeof (metadata as Record<string, unknown>)["name"] === "string";
}

function sized(objects: KubeObject[], { source, sizes }: WorldChoice): KubeObject[] {
  const known = new Set(objects.flatMap(({ metadata }) => metadata.labels?.[sizeLabel] ?? []));
  const unknown = Object.keys(sizes).find((name) => !known.has(name));
  if (unknown !== undefined) {
    const hint = known.size === 0
      ? "this world has no sizes"
      : `its sizes: ${[...known].sort().join(", ")}`;
    throw new UsageError(`the world ${source} has no size "${unknown}"`, { hint });
  }
  return objects.map((object) => {
    const replicas = sizes[object.metadata.labels?.[sizeLabel] ?? ""];
    return replicas === undefined
      ? object
      : { ...object, spec: { ...object["spec"] as object, replicas } };
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
