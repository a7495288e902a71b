import type { LiveMeta } from "./kinds.ts";

/** Returns metadata with one of its lists replaced. On the wire a list without items is omitted. */
export function withMetadataList(
  metadata: LiveMeta,
  field: "ownerReferences" | "finalizers",
  list: readonly unknown[],
): LiveMeta {
  const { [field]: _before, ...rest } = metadata;
  return list.length === 0 ? rest as LiveMeta : { ...rest, [field]: list } as LiveMeta;
}
