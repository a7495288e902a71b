/** A selection asked of one cluster: the reads that it needs, and no more. */
import { KodamaError, NoMatchError } from "../base/errors.ts";
import { didYouMean, nearestNames } from "../base/nearest_names.ts";
import type { KubeClient } from "./client.ts";
import { readPods } from "./read_pods.ts";
import { NAMESPACES, PODS } from "./resources.ts";
import { type SelectedTargets, selectTargets } from "./selection.ts";
import { checkFieldSelector, checkLabelSelector } from "./selectors.ts";
import type { Selection } from "./target.ts";
import type { Pod } from "./types.ts";

/** What a selection comes to in one cluster. */
export interface FoundTargets extends SelectedTargets {
  /** Names of pods that may have been meant, where nothing was found. */
  nearest: string[];
}

/**
 * The targets of a selection. Throws `usage` for a selector that can't be one, NoMatchError where a pod,
 * workload, namespace or container that was named isn't there, and what the client throws.
 */
export async function findTargets(
  client: KubeClient,
  selection: Selection,
  options: { signal: AbortSignal; random: () => number },
): Promise<FoundTargets> {
  if (selection.labelSelector) checkLabelSelector(selection.labelSelector);
  if (selection.fieldSelector) checkFieldSelector(selection.fieldSelector);
  const { signal, random } = options;
  const { pods, missing } = await readPods(client, selection, signal);
  const [first] = missing;
  if (first !== undefined) throw await missingError(client, selection, first, signal);
  const selected = selectTargets(pods, selection, { context: client.context, random });
  const found = selected.targets.length + selected.skipped.length > 0;
  if (!found && pods.length === 0) await requireNamespaces(client, selection, signal);
  return { ...selected, nearest: found ? [] : await nearestPods(selection, pods) };
}

/** A name on the command line that isn't there is never passed over in silence. */
async function missingError(
  client: KubeClient,
  selection: Selection,
  missing: { plural: string; name: string },
  signal: AbortSignal,
): Promise<KodamaError> {
  await requireNamespaces(client, selection, signal);
  const { plural, name } = missing;
  const known = plural === PODS.plural
    ? await readPods(client, { ...selection, operands: [] }, signal)
    : undefined;
  const names = known?.pods.map(({ metadata }) => metadata?.name ?? "") ?? [];
  const guess = (await didYouMean(name, names)).replace(/^; /, "");
  return new NoMatchError(
    `${plural} "${name}" not found in ${scopeText(client, selection)} (context ${client.context})`,
    { hint: guess || `kodama pods lists the pods; -n or -A looks elsewhere` },
  );
}

/** A namespace that isn't there looks like an empty one to a list. */
async function requireNamespaces(
  client: KubeClient,
  { namespaces }: Selection,
  signal: AbortSignal,
): Promise<void> {
  if (namespaces.kind !== "named") return;
  for (const name of namespaces.names) {
    try {
      await client.get(NAMESPACES, name, {}, { signal });
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      if (error.kind === "notFound") {
        throw new NoMatchError(`no namespace "${name}" (context ${client.context})`);
      }
      // Who may not read namespaces can still use the pods in them.
    }
  }
}

async function nearestPods({ match }: Selection, pods: readonly Pod[]): Promise<string[]> {
  const names = pods.map(({ metadata }) => metadata?.name ?? "");
  const near = await Promise.all(
    match.map((pattern) => pattern.kind === "substring" ? nearestNames(pattern.text, names) : []),
  );
  return [...new Set(near.flat())].slice(0, 3);
}

function scopeText(client: KubeClient, { namespaces }: Selection): string {
  switch (namespaces.kind) {
    case "all":
      return "any namespace";
    case "default":
      return `namespace "${client.defaultNamespace}"`;
    case "named":
      return `namespace ${namespaces.names.map((name) => `"${name}"`).join(", ")}`;
  }
}
