/** Which pods a YAML document of an editor means: the flags of a selection. No file is read, nothing is run. */
import { parseAllDocuments } from "yaml";
import { parseApiVersion } from "../../../src/base/api_version.ts";
import { operandKind } from "../../../src/base/workload_kinds.ts";

/** The pods of an object, or why it has none. */
export type Match =
  | { kind: "match"; title: string; args: string[] }
  | { kind: "none"; reason: string };

/** Why a document means no pods. */
class NoPods extends Error {}

/** Returns the flags that select the pods of the document at an offset of a text. */
export function matchAt(text: string, offset: number): Match {
  // Merge keys and unique keys as in the API server's reader of YAML.
  const documents = parseAllDocuments(text, { merge: true });
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
    return matchOf(recordOf(document.toJS({ maxAliasCount: 100 }), "the document"));
  } catch (error) {
    // Also too many aliases: they would fill the memory.
    return { kind: "none", reason: error instanceof Error ? error.message : String(error) };
  }
}

function matchOf(manifest: Record<string, unknown>): Match {
  const apiVersion = textOf(manifest["apiVersion"], "apiVersion");
  const kind = textOf(manifest["kind"], "kind");
  const metadata = recordOf(manifest["metadata"], "metadata");
  const name = textOf(metadata["name"], "metadata.name");
  const { namespace } = metadata;
  const where = namespace === undefined || namespace === null
    ? []
    : ["-n", textOf(namespace, "metadata.namespace")];
  const title = `${kind} ${name}`;
  const operand = operandKind(apiVersion, kind);
  // A service owns no pods: its selector is all that there is.
  if (operand !== undefined && operand !== "svc") {
    return { kind: "match", title, args: [...where, `${operand}/${name}`] };
  }
  const { group } = parseApiVersion(apiVersion);
  const spec = recordOf(manifest["spec"] ?? {}, "spec");
  if (spec["selector"] === undefined || !selectsPods(group, kind, spec)) {
    const of = group === "" ? kind : `${kind} of ${group}`;
    throw new NoPods(`no pods are known of a ${of}`);
  }
  const selector = recordOf(spec["selector"], "spec.selector");
  const labels = operand === "svc" ? labelsOf(selector, "spec.selector") : requirements(selector);
  if (labels.length === 0) throw new NoPods(`spec.selector of the ${kind} is empty`);
  return { kind: "match", title, args: [...where, "-l", labels.join(",")] };
}

/** Selectors of other kinds may be those of nodes, volumes or services. Only workloads have templates of pods. */
function selectsPods(group: string, kind: string, spec: Record<string, unknown>): boolean {
  const isKnown = group === "" && kind === "Service" ||
    group === "policy" && kind === "PodDisruptionBudget";
  return isKnown || "template" in spec;
}

/** The parts of a label selector with `matchLabels` and `matchExpressions`. */
function requirements(selector: Record<string, unknown>): string[] {
  const { matchLabels = {}, matchExpressions = [], ...others } = selector;
  const [other] = Object.keys(others);
  if (other !== undefined) throw new NoPods(`"${other}" is no part of spec.selector`);
  if (!Array.isArray(matchExpressions)) throw new NoPods("matchExpressions isn't a list");
  return [
    ...labelsOf(recordOf(matchLabels, "matchLabels"), "matchLabels"),
    ...matchExpressions.map((one: unknown) => requirement(recordOf(one, "a part of a selector"))),
  ];
}

function requirement({ key, operator, values = [] }: Record<string, unknown>): string {
  const label = textOf(key, "key");
  if (!Array.isArray(values)) throw new NoPods(`the values of "${label}" aren't a list`);
  const list = values.map((value: unknown) => textOf(value, `a value of "${label}"`)).join(",");
  switch (operator) {
    case "In":
      return `${label} in (${list})`;
    case "NotIn":
      return `${label} notin (${list})`;
    case "Exists":
      return label;
    case "DoesNotExist":
      return `!${label}`;
    default:
      throw new NoPods(`${JSON.stringify(operator)} is no operator of a selector`);
  }
}

function labelsOf(labels: Record<string, unknown>, where: string): string[] {
  return Object.entries(labels).map(([key, value]) =>
    // A label may be empty, but not absent.
    `${key}=${value === "" ? "" : textOf(value, `${where}.${key}`)}`
  );
}

function recordOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new NoPods(value === undefined ? `${what} is missing` : `${what} isn't a map`);
}

/** The API server takes no other value for a text, such as a number. */
function textOf(value: unknown, what: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new NoPods(
    value === undefined || value === null || value === ""
      ? `${what} is missing`
      : `${what} isn't a text: ${JSON.stringify(value)} needs quotes`,
  );
}
