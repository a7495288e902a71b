/** The pods that a selection may mean, with as few requests as that takes. */
import type { KubeClient, ListScope } from "./client.ts";
import { inParallel } from "./in_parallel.ts";
import { wholeList } from "./list.ts";
import { PODS } from "./resources.ts";
import {
  getOrUndefined,
  joinedSelectors,
  selectionScopes,
  workloadScope,
} from "./selection_scopes.ts";
import type { Selection, SelectionOperand } from "./target.ts";
import type { Pod } from "./types.ts";

/** Pods, each once, and the operands that name nothing. */
export interface PodsRead {
  pods: Pod[];
  missing: { plural: string; name: string }[];
}

/** What a workload's pods are read by. */
type Part = { plural: string; name: string; pods: Pod[] | undefined };

/** Requests at a time: enough for many namespaces, few enough for a shared server's fairness. */
const parallel = 8;
/** Above it, one list costs less than so many single reads. */
const maxSingleReads = 4;

/** Reads what the operands name; all pods of the namespaces where there are none. */
export async function readPods(
  client: KubeClient,
  selection: Selection,
  signal: AbortSignal,
): Promise<PodsRead> {
  const scopes = selectionScopes(client, selection);
  const readers = operandReaders(selection);
  const parts = await inParallel(
    readers.flatMap((read) => scopes.map((scope) => () => read(client, scope, signal))),
    parallel,
  );
  return merged(parts.flat());
}

type Reader = (client: KubeClient, scope: ListScope, signal: AbortSignal) => Promise<Part[]>;

function operandReaders({ operands }: Selection): Reader[] {
  if (operands.length === 0) return [readAll];
  const names = new Set(operands.flatMap((one) => one.kind === "pod" ? [one.name] : []));
  const readers: Reader[] = operands.flatMap((one) =>
    one.kind === "workload" ? [workloadReader(one)] : []
  );
  if (names.size > maxSingleReads) return [namedFromList(names), ...readers];
  return [...[...names].map(namedPodReader), ...readers];
}

const readAll: Reader = async (client, scope, signal) => [
  { plural: PODS.plural, name: "", pods: await listAll(client, scope, signal) },
];

/** One GET where the place is known and nothing narrows it: the fastest answer that there is. */
function namedPodReader(name: string): Reader {
  return async (client, scope, signal) => {
    const { namespace, labelSelector, fieldSelector } = scope;
    if (namespace === undefined || labelSelector || fieldSelector) {
      const byName = joinedSelectors(fieldSelector, `metadata.name=${name}`);
      const pods = await listAll(client, { ...scope, fieldSelector: byName }, signal);
      return [{ plural: PODS.plural, name, pods: pods.length === 0 ? undefined : pods }];
    }
    const pod = await getOrUndefined<Pod>(client, PODS, name, { namespace }, signal);
    return [{ plural: PODS.plural, name, pods: pod && [pod] }];
  };
}

function namedFromList(names: ReadonlySet<string>): Reader {
  return async (client, scope, signal) => {
    const byName = Map.groupBy(
      await listAll(client, scope, signal),
      ({ metadata }) => metadata?.name ?? "",
    );
    return [...names].map((name) => ({ plural: PODS.plural, name, pods: byName.get(name) }));
  };
}

function workloadReader(operand: Extract<SelectionOperand, { kind: "workload" }>): Reader {
  const { plural, name } = operand;
  return async (client, scope, signal) => {
    const own = await workloadScope(client, operand, scope, signal);
    return [{ plural, name, pods: own && await listAll(client, own, signal) }];
  };
}

async function listAll(client: KubeClient, scope: ListScope, signal: AbortSignal): Promise<Pod[]> {
  return (await wholeList(() => client.list<Pod>(PODS, scope, { signal }))).items;
}

/** Two operands may mean one pod; an operand is missing where no namespace has it. */
function merged(parts: readonly Part[]): PodsRead {
  const pods = new Map<string, Pod>();
  const missing = new Map<string, { plural: string; name: string }>();
  for (const { plural, name, pods: found } of parts) {
    if (found === undefined) missing.set(`${plural}/${name}`, { plural, name });
    for (const pod of found ?? []) {
      pods.set(`${pod.metadata?.namespace}/${pod.metadata?.name}`, pod);
    }
  }
  for (const { plural, name, pods: found } of parts) {
    if (found !== undefined) missing.delete(`${plural}/${name}`);
  }
  return { pods: [...pods.values()], missing: [...missing.values()] };
}
