/** Which pods a YAML document of an editor means: the flags of a selection. No file is read, nothing is run. */
import { parseAllDocuments } from "yaml";

/** The pods of an object, or why it has none. */
export type Match =
  | { kind: "match"; title: string; args: string[] }
  | { kind: "none"; reason: string };

/** Kinds whose pods kodama finds by `KIND/NAME`. */
const workloads: ReadonlyMap<string, string> = new Map([
  ["Pod", "pod"],
  ["Deployment", "deploy"],
  ["StatefulSet", "sts"],
  ["DaemonSet", "ds"],
  ["ReplicaSet", "rs"],
  ["Job", "job"],
]);

interface Manifest {
  kind?: unknown;
  metadata?: { name?: unknown; namespace?: unknown; labels?: unknown } | null;
  spec?: { selector?: unknown } | null;
}

/** Returns the flags that select the pods of the document at an offset of a text. */
export function matchAt(text: string, offset: number): Match {
  const documents = parseAllDocuments(text, { uniqueKeys: false });
  if ("empty" in documents) return { kind: "none", reason: "the file is empty" };
  const document = documents.find(({ range }) => offset < range[2]) ?? documents.at(-1);
  if (document === undefined) return { kind: "none", reason: "the file is empty" };
  const [start, , end] = document.range;
  if (text.slice(start, end).includes("{{")) {
    const way = "open what `helm template` or `kustomize build` prints";
    return { kind: "none", reason: `it is a template, not YAML: ${way}` };
  }
  const [error] = document.errors;
  if (error !== undefined) {
    return { kind: "none", reason: `it isn't YAML: ${error.message.split("\n")[0]}` };
  }
  try {
    return matchOf(document.toJS({ maxAliasCount: 100 }) as Manifest | null);
  } catch (error) {
    // Too many aliases: it would fill the memory.
    return { kind: "none", reason: error instanceof Error ? error.message : String(error) };
  }
}

function matchOf(manifest: Manifest | null): Match {
  const { kind, metadata, spec } = manifest ?? {};
  if (typeof kind !== "string") return { kind: "none", reason: "the document has no kind" };
  const name = metadata?.name;
  const { namespace } = metadata ?? {};
  const where = typeof namespace === "string" ? ["-n", namespace] : [];
  if (typeof name !== "string") return { kind: "none", reason: `the ${kind} has no name` };
  const short = workloads.get(kind);
  const title = `${kind} ${name}`;
  if (short !== undefined) return { kind: "match", title, args: [...where, `${short}/${name}`] };
  const labels = selectorOf(spec?.selector);
  if (labels === undefined) {
    return { kind: "none", reason: `a ${kind} has no spec.selector, and so no pods` };
  }
  return { kind: "match", title, args: [...where, "-l", labels] };
}

/** A label selector as a query: of a Service (`app: web`), or with `matchLabels` and `matchExpressions`. */
function selectorOf(selector: unknown): string | undefined {
  if (typeof selector !== "object" || selector === null) return undefined;
  const { matchLabels, matchExpressions } = selector as {
    matchLabels?: unknown;
    matchExpressions?: { key: string; operator: string; values?: string[] }[];
  };
  const isPlain = matchLabels === undefined && matchExpressions === undefined;
  const labels = Object.entries((isPlain ? selector : matchLabels ?? {}) as object);
  const parts = labels.map(([key, value]) => `${key}=${String(value)}`);
  for (const { key, operator, values = [] } of matchExpressions ?? []) {
    const list = `(${values.join(",")})`;
    if (operator === "In") parts.push(`${key} in ${list}`);
    if (operator === "NotIn") parts.push(`${key} notin ${list}`);
    if (operator === "Exists") parts.push(key);
    if (operator === "DoesNotExist") parts.push(`!${key}`);
  }
  return parts.length === 0 ? undefined : parts.join(",");
}
