/** Reads the candidate pods of a selection with as few requests as possible. */
import { definedOnly } from "../../base/json_value.ts";
import { inParallel } from "../../base/semaphore.ts";
import type { KubeClient, ListScope } from "../client.ts";
import { listAll } from "../http/list.ts";
import { isNamedPod, isOperandOf, podNamesIn } from "./pod_operands.ts";
import { PODS } from "../resources.ts";
import {
  getOrUndefined,
  joinedSelectors,
  selectionScopes,
  workloadPods,
} from "./selection_scopes.ts";
import type { Selection, SelectionOperand } from "./target.ts";
import type { Pod } from "../types.ts";

/** Pods, each once, and the operands without a match. */
export interface PodsRead {
  pods: Pod[];
  missing: { plural: string; name: string; namespace?: string }[];
  /** Pods that match the selector of a workload, which doesn't own them. */
  strangers: Stranger[];
}

/** A pod and the workload that doesn't own it, as `deployments/web`. */
export interface Stranger {
  pod: Pod;
  workload: string;
}

/** The pods read for an operand; `namespace` is the operand's own. */
type Part = {
  plural: string;
  name: string;
  namespace?: string;
  pods: Pod[] | undefined;
  strangers?: Stranger[];
};

/** Concurrent requests: enough for many namespaces, few enough to be fair to a shared server. */
const parallel = 8;
/** Above it, one list costs less than that many single reads. */
export const maxSingleReads = 4;

/** Reads the pods that the operands name; all pods of the namespaces if there are none. */
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

function operandReaders(selection: Selection): Reader[] {
  const { operands } = selection;
  if (operands.length === 0) return [readAll];
  const readers: Reader[] = operands.flatMap((one) =>
    one.kind === "workload" ? [workloadReader(one)] : []
  );
  return operands.some(({ kind }) => kind === "pod")
    ? [namedPodsReader(selection), ...readers]
    : readers;
}

function namedPodsReader(selection: Selection): Reader {
  return async (client, scope, signal) => {
    const { context } = client;
    const names = podNamesIn(selection, { context, namespace: scope.namespace });
    const parts = names.size > maxSingleReads
      ? await namedFromList(names)(client, scope, signal)
      : (await Promise.all([...names].map((name) => namedPodReader(name)(client, scope, signal))))
        .flat();
    return parts.flatMap((part) => apart(part, selection, context));
  };
}

/** Returns a part for each operand of this name: in any namespace, or in only one. */
function apart(part: Part, { operands }: Selection, context: string): Part[] {
  const own = operands.filter((one) =>
    one.kind === "pod" && one.name === part.name && (one.context ?? context) === context
  );
  return own.flatMap((one) => {
    if (one.kind !== "pod" || one.namespace === undefined) return [part];
    const pods = part.pods?.filter(({ metadata }) =>
      isNamedPod({ operands: [one] }, {
        context,
        namespace: metadata?.namespace ?? "",
        pod: one.name,
      })
    );
    const found = pods === undefined || pods.length === 0 ? undefined : pods;
    return [{ ...part, namespace: one.namespace, pods: found }];
  });
}

const readAll: Reader = async (client, scope, signal) => [
  { plural: PODS.plural, name: "", pods: await listPods(client, scope, signal) },
];

/** One GET if the namespace is known and nothing narrows it: the fastest answer. */
function namedPodReader(name: string): Reader {
  return async (client, scope, signal) => {
    const { namespace, labelSelector, fieldSelector } = scope;
    if (namespace === undefined || labelSelector || fieldSelector) {
      const byName = joinedSelectors(fieldSelector, `metadata.name=${name}`);
      const pods = await listPods(client, { ...scope, fieldSelector: byName }, signal);
      return [{ plural: PODS.plural, name, pods: pods.length === 0 ? undefined : pods }];
    }
    const pod = await getOrUndefined<Pod>(client, PODS, name, { namespace }, signal);
    return [{ plural: PODS.plural, name, pods: pod && [pod] }];
  };
}

function namedFromList(names: ReadonlySet<string>): Reader {
  return async (client, scope, signal) => {
    const byName = Map.groupBy(
      await listPods(client, scope, signal),
      ({ metadata }) => metadata?.name ?? "",
    );
    return [...names].map((name) => ({ plural: PODS.plural, name, pods: byName.get(name) }));
  };
}

function workloadReader(operand: Extract<SelectionOperand, { kind: "workload" }>): Reader {
  const { plural, name, namespace } = operand;
  const named = { plural, name, ...definedOnly({ namespace }) };
  return async (client, scope, signal) => {
    const { context } = client;
    if (!isOperandOf(operand, { context, namespace: scope.namespace })) return [];
    const own = await workloadPods(client, operand, scope, signal);
    if (own === undefined) return [{ ...named, pods: undefined }];
    const part = { ...named, pods: [] as Pod[], strangers: [] as Stranger[] };
    for (const pod of await listPods(client, own.scope, signal)) {
      if (own.owns(pod)) part.pods.push(pod);
      else part.strangers.push({ pod, workload: `${plural}/${name}` });
    }
    return [part];
  };
}

function listPods(client: KubeClient, scope: ListScope, signal: AbortSignal): Promise<Pod[]> {
  return listAll<Pod>(client, PODS, scope, signal);
}

/** Two operands may name one pod; an operand is missing if no namespace has it. */
function merged(parts: readonly Part[]): PodsRead {
  const pods = new Map<string, Pod>();
  const missing = new Map<string, PodsRead["missing"][number]>();
  for (const { pods: found, strangers: _strangers, ...operand } of parts) {
    if (found === undefined) missing.set(operandKey(operand), operand);
    for (const pod of found ?? []) {
      pods.set(`${pod.metadata?.namespace}/${pod.metadata?.name}`, pod);
    }
  }
  for (const { pods: found, ...operand } of parts) {
    if (found !== undefined) missing.delete(operandKey(operand));
  }
  const strangers = new Map<string, Stranger>();
  for (const stranger of parts.flatMap((part) => part.strangers ?? [])) {
    const { namespace, name } = stranger.pod.metadata ?? {};
    const key = `${namespace}/${name}`;
    if (!pods.has(key) && !strangers.has(key)) strangers.set(key, stranger);
  }
  return {
    pods: [...pods.values()],
    missing: [...missing.values()],
    strangers: [...strangers.values()],
  };
}

function operandKey({ plural, name, namespace = "" }: Omit<Part, "pods" | "strangers">): string {
  return `${namespace}/${plural}/${name}`;
}
