/** Merges a file with the ones that it extends: a field that a file omits comes from the next one. Pure. */
import { type FullWorkflow, noPermissions, type Output, type Param } from "./model.ts";
import type { Layer } from "./read_full.ts";

/** Merges layers, the file itself first. Parameters and outputs are merged by name. */
export function layered(
  layers: readonly Layer[],
  { name, path }: { name: string; path: string },
): FullWorkflow {
  const first = <K extends keyof Layer>(field: K): Layer[K] | undefined =>
    layers.find((layer) => layer[field] !== undefined)?.[field];
  const merged = (field: "select" | "defaults") =>
    Object.assign({}, ...layers.toReversed().map((layer) => layer[field] ?? {}));
  const description = first("description");
  const concurrency = first("concurrency");
  return {
    name,
    path,
    params: named<Param>(layers.map(({ params }) => params)),
    select: merged("select"),
    defaults: merged("defaults"),
    permissions: first("permissions") ?? noPermissions,
    steps: first("steps") ?? [],
    finally: first("finally") ?? [],
    outputs: named<Output>(layers.map(({ outputs }) => outputs)),
    ...(description === undefined ? {} : { description }),
    ...(concurrency === undefined ? {} : { concurrency }),
  };
}

/** Returns the innermost of each name. */
function named<T extends { name: string }>(lists: readonly (readonly T[])[]): T[] {
  const found = new Map<string, T>();
  for (const one of lists.toReversed().flat()) found.set(one.name, one);
  return [...found.values()];
}
