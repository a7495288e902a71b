/** Clients of servers whose objects change between two answers. */
import { passed } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import { KodamaError } from "../../base/errors.ts";
import type { ApiResource, KubeClient, WatchEvent, WatchOptions } from "../../kube/client.ts";
import type { Pod } from "../../kube/types.ts";
import type { AnyObject } from "../readiness.ts";
import type { RolloutSimulation } from "./rollout_simulation.ts";

/** Interval of the events of a watch. */
const watchMs = 100;

/** What a server has. */
interface ServedObjects {
  /** @param isWatch a watch looks for changes. */
  list(resource: ApiResource, isWatch: boolean): readonly AnyObject[];
  get(resource: ApiResource, name: string): AnyObject | undefined;
}

/** Returns a client of a server that has these objects, in the namespace `n`, whatever the selectors. */
export function servedClient(served: ServedObjects, clock: Clock): KubeClient {
  /** The index of a list is its version. */
  const lists: (readonly AnyObject[])[] = [];
  const client: Pick<KubeClient, "get" | "list" | "watch"> = {
    get: async <T>(resource: ApiResource, name: string) => {
      await Promise.resolve();
      const own = served.get(resource, name);
      if (own === undefined) throw new KodamaError("notFound", `no ${resource.plural} ${name}`);
      return structuredClone(own) as T;
    },
    list: async function* <T>(resource: ApiResource) {
      await Promise.resolve();
      const items = structuredClone(served.list(resource, false));
      lists.push(items);
      yield { items: items as T[], resourceVersion: `${lists.length - 1}` };
    },
    watch: <T>(resource: ApiResource, _scope: unknown, options: WatchOptions) =>
      Promise.resolve(watched<T>(resource, options)),
  };

  async function* watched<T>(
    resource: ApiResource,
    { resourceVersion, signal }: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>, void> {
    const first = lists[Number(resourceVersion)] ?? [];
    const known = new Map(first.map((object) => [object.metadata?.uid, object]));
    while (await passed(clock, watchMs, { signal })) {
      const listed = structuredClone(served.list(resource, true));
      const current = new Map(listed.map((object) => [object.metadata?.uid, object]));
      for (const [uid, object] of known) {
        if (!current.has(uid)) yield event<T>("deleted", object);
      }
      for (const [uid, object] of current) {
        if (JSON.stringify(known.get(uid)) === JSON.stringify(object)) continue;
        yield event<T>(known.has(uid) ? "modified" : "added", object);
      }
      known.clear();
      for (const [uid, object] of current) known.set(uid, object);
    }
  }

  const scope = { context: "lab", namespace: "n", defaultNamespace: "n" };
  return { ...scope, ...client } as unknown as KubeClient;
}

function event<T>(kind: "added" | "modified" | "deleted", object: AnyObject): WatchEvent<T> {
  return { kind, object: object as T, resourceVersion: "" };
}

/** A ready pod that belongs to nothing. */
const another: Pod = {
  metadata: { name: "another", namespace: "n", uid: "u-another" },
  status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
};

/** A server with a simulated workload, which advances whenever the server is asked. */
interface SimulatedServer {
  client: KubeClient;
  /** Whether the workload was done when the server answered last, other than by a watch. */
  readonly wasDone: boolean;
}

/** @param order what acts between two answers; everything, as soon as it is used up. */
export function simulatedServer(
  simulation: RolloutSimulation,
  order: readonly number[],
  clock: Clock,
): SimulatedServer {
  const steps = [...order];
  let wasDone = false;
  let isAsked = false;
  const advance = (isWatch: boolean) => {
    // The first list has the old pods: a workload without pods is not known to belong to the selection.
    if (!isAsked) return void (isAsked = true);
    const [first = 0] = steps;
    for (const choice of steps.splice(0, 1 + first % (first < 700 ? 5 : 80))) {
      simulation.step(choice);
    }
    if (steps.length === 0) simulation.settle();
    if (!isWatch) wasDone = simulation.isDone;
  };
  const client = servedClient({
    list({ plural }, isWatch) {
      if (plural !== "pods") return [];
      advance(isWatch);
      return [another, ...simulation.pods];
    },
    get(_, name) {
      advance(false);
      return [simulation.object, ...simulation.replicaSets]
        .find(({ metadata }) => metadata?.name === name);
    },
  }, clock);
  return {
    client,
    get wasDone() {
      return wasDone;
    },
  };
}
