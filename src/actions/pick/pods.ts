/**
 * The pods of a selection and their changes: page by page as the server sends them, then every change. Several
 * namespaces and contexts at once; none blocks the others.
 */
import { BoundedQueue } from "../../base/bounded_queue.ts";
import { KodamaError, NoMatchError } from "../../base/errors.ts";
import type { KubeClient, ListScope, WatchEvent } from "../../kube/client.ts";
import { PODS } from "../../kube/resources.ts";
import type { Selection, SelectionOperand } from "../../kube/select/target.ts";
import type { Pod } from "../../kube/types.ts";
import type { Host } from "../host.ts";
import { idOf, type PickPod, pickPod } from "./pod.ts";
import { podNamesIn } from "../../kube/select/pod_operands.ts";
import { selectionScopes, workloadScope } from "../../kube/select/selection_scopes.ts";
import { checkFieldSelector, checkLabelSelector } from "../../kube/select/selectors.ts";

export type { Selection, Target } from "../../kube/select/target.ts";
export type { PickContainer, PickPod } from "./pod.ts";

/** Which pods to watch. */
export interface WatchPodsOptions {
  /** Names of kubeconfig contexts; the current one if empty. */
  contexts: readonly string[];
  selection: Selection;
  /** Ends the watch. */
  signal: AbortSignal;
}

/** The events of the pods. A pod that the selection no longer matches counts as removed. */
export type PickPodsEvent =
  | { kind: "changed"; upserts: readonly PickPod[]; removed: readonly string[] }
  /** Every list has been read completely, or failed. Emitted once. */
  | { kind: "loaded" }
  /** The other contexts continue. */
  | { kind: "contextFailed"; context: string; error: KodamaError };

/** Events queued for a slow reader; when the queue is full, the servers wait too. */
const maxWaiting = 64;

/** @throws KodamaError of the only context; of several, each is emitted and none is thrown. */
export async function* watchPods(
  host: Host,
  options: WatchPodsOptions,
): AsyncGenerator<PickPodsEvent, void> {
  const contexts = options.contexts.length === 0 ? [undefined] : [...new Set(options.contexts)];
  const queue = new BoundedQueue<PickPodsEvent>(maxWaiting);
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  let loading = contexts.length;
  const loaded = async () => {
    loading -= 1;
    if (loading === 0) await queue.push({ kind: "loaded" });
  };
  const watching = contexts.map(async (name) => {
    const watch = new ContextWatch(queue, options.selection, signal);
    try {
      const client = await host.kube(name);
      await watch.run(client, loaded);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof KodamaError) || contexts.length === 1) throw error;
      await queue.push({ kind: "contextFailed", context: name ?? "", error });
      if (!watch.isLoaded) await loaded();
    }
  });
  Promise.all(watching).then(() => queue.close(), (error: unknown) => queue.fail(error));
  try {
    yield* queue;
  } finally {
    stop.abort();
    queue.discard();
  }
}

/** One context: its scopes, and which of them contain a pod. */
class ContextWatch {
  readonly #queue: BoundedQueue<PickPodsEvent>;
  readonly #selection: Selection;
  readonly #signal: AbortSignal;
  /** Ids by scope: a pod of two scopes is removed when both have lost it. */
  #known: Set<string>[] = [];
  isLoaded = false;

  constructor(queue: BoundedQueue<PickPodsEvent>, selection: Selection, signal: AbortSignal) {
    this.#queue = queue;
    this.#selection = selection;
    this.#signal = signal;
  }

  async run(client: KubeClient, loaded: () => Promise<void>): Promise<void> {
    const scopes = await podScopes(client, this.#selection, this.#signal);
    this.#known = scopes.map(() => new Set<string>());
    const versions = await Promise.all(
      scopes.map((scope, index) => this.#list(client, scope, index)),
    );
    this.isLoaded = true;
    await loaded();
    await Promise.all(
      scopes.map((scope, index) => this.#watch(client, scope, index, versions[index])),
    );
  }

  /** Returns where the watch may start; undefined if the list has to be read again. */
  async #list(client: KubeClient, scope: PodScope, index: number): Promise<string | undefined> {
    let version: string | undefined;
    let pages = 0;
    try {
      for await (const page of client.list<Pod>(PODS, scope.scope, { signal: this.#signal })) {
        pages += 1;
        version = page.resourceVersion || undefined;
        await this.#told(client, scope, index, page.items, []);
      }
      return version;
    } catch (error) {
      // The remaining pages of a list that changed meanwhile: the watch reads it again, and reports removals.
      if (pages > 0 && error instanceof KodamaError && error.kind === "server") return undefined;
      throw error;
    }
  }

  async #watch(
    client: KubeClient,
    scope: PodScope,
    index: number,
    resourceVersion: string | undefined,
  ): Promise<void> {
    const from = resourceVersion === undefined ? {} : { resourceVersion };
    const events = client.watch<Pod>(PODS, scope.scope, { signal: this.#signal, ...from });
    for await (const event of events) await this.#heard(client, scope, index, event);
  }

  async #heard(
    client: KubeClient,
    scope: PodScope,
    index: number,
    event: WatchEvent<Pod>,
  ): Promise<void> {
    switch (event.kind) {
      case "relisted": {
        const there = new Set(event.objects.map(idOf));
        const gone = [...this.#known[index] ?? []].filter((id) => !there.has(id));
        return await this.#told(client, scope, index, event.objects, gone);
      }
      case "deleted":
        return await this.#told(client, scope, index, [], [idOf(event.object)]);
      default:
        return await this.#told(client, scope, index, [event.object], []);
    }
  }

  async #told(
    client: KubeClient,
    { names }: PodScope,
    index: number,
    pods: readonly Pod[],
    gone: readonly string[],
  ): Promise<void> {
    const known = this.#known[index] ?? new Set();
    const upserts: PickPod[] = [];
    const lost = [...gone];
    for (const pod of pods) {
      if (names !== undefined && !names.has(pod.metadata?.name ?? "")) continue;
      const picked = pickPod(pod, this.#selection, client.context);
      if (picked === undefined) {
        lost.push(idOf(pod));
        continue;
      }
      known.add(picked.id);
      upserts.push(picked);
    }
    const removed = lost.filter((id) =>
      known.delete(id) && !this.#known.some((one) => one.has(id))
    );
    if (upserts.length + removed.length === 0) return;
    await this.#queue.push({ kind: "changed", upserts, removed });
  }
}

/* What to list and watch so that no pod of a selection is missed, now and later. */

/** One list, and which of its names count. */
interface PodScope {
  scope: ListScope;
  /** All if absent. */
  names?: ReadonlySet<string>;
}

/**
 * Returns the scopes of a selection in one cluster; workloads are read for their selectors.
 *
 * @throws NoMatchError if a workload doesn't exist; `usage` for invalid selectors; whatever {@link workloadScope}
 *   throws.
 */
async function podScopes(
  client: KubeClient,
  selection: Selection,
  signal: AbortSignal,
): Promise<PodScope[]> {
  if (selection.labelSelector) checkLabelSelector(selection.labelSelector);
  if (selection.fieldSelector) checkFieldSelector(selection.fieldSelector);
  const bases = selectionScopes(client, selection);
  const owners = selection.operands.filter((one) => one.kind === "workload");
  const plain = selection.operands.length > owners.length
    ? bases.map((scope) => ({ scope, names: namesIn(client, selection, scope) }))
    : owners.length === 0
    ? bases.map((scope) => ({ scope }))
    : [];
  const owned = await Promise.all(owners.map((owner) => ownedScopes(client, owner, bases, signal)));
  return [...plain, ...owned.flat()];
}

function namesIn(
  { context }: KubeClient,
  selection: Selection,
  { namespace }: ListScope,
): Set<string> {
  return podNamesIn(selection, { context, namespace });
}

async function ownedScopes(
  client: KubeClient,
  owner: Extract<SelectionOperand, { kind: "workload" }>,
  bases: readonly ListScope[],
  signal: AbortSignal,
): Promise<PodScope[]> {
  const scopes = await Promise.all(
    bases.map((scope) => workloadScope(client, owner, scope, signal)),
  );
  const found = scopes.flatMap((scope) => scope === undefined ? [] : [{ scope }]);
  if (found.length > 0) return found;
  throw new NoMatchError(`${owner.plural} "${owner.name}" not found (context ${client.context})`, {
    hint: "-n looks in another namespace",
  });
}
