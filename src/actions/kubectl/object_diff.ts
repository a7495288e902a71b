/** The difference between two states of an object, as lines of YAML. */
import type { KubeObject } from "../../kube/types.ts";

/** A line of a difference: unchanged, removed, added; `gap` stands for unchanged lines that are omitted. */
export interface DiffLine {
  kind: "same" | "removed" | "added" | "gap";
  text: string;
}

/** Unchanged lines around each change. */
const context = 3;

/** Annotations that only repeat the object. */
const repeated = "kubectl.kubernetes.io/last-applied-configuration";

/** Returns the difference; empty if there is none. Values of Secrets are masked. */
export async function objectDiff(before: KubeObject, after: KubeObject): Promise<DiffLine[]> {
  const [{ stringify }, { structuredPatch }] = await Promise.all([import("yaml"), import("diff")]);
  const [old, now] = withoutSecrets(comparable(before), comparable(after));
  const text = (object: unknown) => stringify(object, { sortMapEntries: true, lineWidth: 0 });
  const { hunks } = structuredPatch("", "", text(old), text(now), "", "", { context });
  return hunks.flatMap(({ lines }, at): DiffLine[] => [
    ...(at === 0 ? [] : [{ kind: "gap" as const, text: "" }]),
    ...lines.filter((line) => !line.startsWith("\\")).map((line): DiffLine => ({
      kind: line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : "same",
      text: line.slice(1),
    })),
  ]);
}

/** Returns an object without what the server itself writes. */
function comparable(object: KubeObject): Fields {
  const { status: _status, metadata, ...rest } = object;
  const {
    managedFields: _managed,
    resourceVersion: _version,
    generation: _generation,
    creationTimestamp: _created,
    uid: _uid,
    annotations = {},
    ...remaining
  } = metadata;
  const shown = Object.entries(annotations).filter(([name]) => name !== repeated);
  return {
    ...rest,
    metadata: {
      ...remaining,
      ...(shown.length === 0 ? {} : { annotations: Object.fromEntries(shown) }),
    },
  };
}

type Fields = Record<string, unknown>;

/** Replaces the values of two states of a Secret, so that only whether they differ is visible. */
function withoutSecrets(before: Fields, after: Fields): [Fields, Fields] {
  if (after.kind !== "Secret") return [before, after];
  const masked = (object: Fields, other: Fields, mark: string) => ({
    ...object,
    ...Object.fromEntries(
      ["data", "stringData"].filter((field) => Object.hasOwn(object, field)).map((field) => [
        field,
        maskedValues(object[field], other[field], mark),
      ]),
    ),
  });
  return [masked(before, after, "*** (before)"), masked(after, before, "*** (after)")];
}

function maskedValues(values: unknown, others: unknown, mark: string): Fields {
  const other = (others ?? {}) as Fields;
  return Object.fromEntries(
    Object.entries((values ?? {}) as Fields).map(([name, value]) => [
      name,
      Object.hasOwn(other, name) && other[name] !== value ? mark : "***",
    ]),
  );
}
