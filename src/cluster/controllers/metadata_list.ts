import type { LiveMeta } from "./kinds.ts";

/** Metadata with one of its lists replaced. On the wire a list without items is no field at all. */
export function withMetadataList(
  metadata: LiveMeta,
  field: "ownerReferences" | "finalizers",
  list: readonly unknown[],
): LiveMeta {
  const { [field]: _before, ...rest } = metadata;
  return list.length === 0 ? rest as LiveMeta : { ...rest, [field]: list } as LiveMeta;
}
