/** The targets of an earlier run, looked up again: the same pods, or said not to be. */
import { KodamaError } from "../base/errors.ts";
import type { KubeClient } from "../kube/client.ts";
import type { Selection, Target } from "../kube/target.ts";
import type { FindIn } from "./discover_targets.ts";
import type { SettledTargets } from "./exec_events.ts";
import type { Host } from "./host.ts";

/** What is known of the targets of an earlier run, as far as their contexts have answered. */
export class SettledRun {
  /** Why a target can't be run in. */
  readonly refusals = new Map<Target, KodamaError>();
  /** What a target's command is told of its place. */
  readonly places = new Map<Target, { index: number; total: number }>();
  readonly #host: Host;
  readonly #settled: SettledTargets;
  readonly #signal: AbortSignal;

  constructor(host: Host, settled: SettledTargets, signal: AbortSignal) {
    this.#host = host;
    this.#settled = settled;
    this.#signal = signal;
  }

  get contexts(): readonly string[] {
    return [...new Set(this.#settled.targets.map(({ context }) => context))];
  }

  /** One context's targets in the order in which they were. */
  readonly find: FindIn = async (context = "") => {
    const client = await this.#client(context);
    const members = this.#settled.targets.filter((target) => target.context === context);
    const now = new Map<string, Target>();
    for (const [namespace, wanted] of Map.groupBy(members, (target) => target.namespace)) {
      const selection = podsOf(namespace, wanted);
      const found = await this.#host.select(client, selection, { signal: this.#signal });
      for (const target of found.targets) now.set(keyOf(target), target);
    }
    const targets = members.map((target) => this.#current(target, now.get(keyOf(target))));
    return { kind: "found", context, targets, skipped: [], nearest: [] };
  };

  async #client(context: string): Promise<KubeClient> {
    // Inside a pod there is no kubeconfig, and so no context that could be named.
    const named = (await this.#host.contexts()).length > 0;
    const client = await this.#host.kube(named ? context : undefined);
    if (client.context === context) return client;
    throw new KodamaError("config", `that run was in context "${context}", which isn't here`);
  }

  #current(then: Target, now: Target | undefined): Target {
    const { targets, places, recreated } = this.#settled;
    const meant = now !== undefined && (now.uid === then.uid || recreated);
    // Of the pod as it is now all is true but the container, which is the one of that run. One that isn't meant is
    // not put in its place: the next rerun would run in it.
    const target = meant ? { ...now, container: then.container } : then;
    const place = places[targets.indexOf(then)];
    if (place !== undefined) this.places.set(target, place);
    if (!meant) this.refusals.set(target, refusal(then, now));
    return target;
  }
}

/** All pods of the namespace, or those few by their names that match: a name that is gone is no error here. */
function podsOf(namespace: string, targets: readonly Target[]): Selection {
  const names = [...new Set(targets.map(({ pod }) => pod))];
  const literal = names.map((name) => name.replace(/[^\w-]/g, "\\$&")).join("|");
  return {
    namespaces: { kind: "named", names: [namespace] },
    operands: [],
    match: [{ kind: "regExp", regExp: new RegExp(`^(?:${literal})$`) }],
    exclude: [],
    sort: "name",
    shuffle: false,
    allPhases: true,
  };
}

function refusal({ pod }: Target, now: Target | undefined): KodamaError {
  return now === undefined
    ? new KodamaError("notFound", `pod "${pod}" of that run is gone`)
    : new KodamaError(
      "conflict",
      `pod "${pod}" was recreated since that run (--recreated runs in it)`,
    );
}

function keyOf({ namespace, pod }: Target): string {
  return `${namespace}/${pod}`;
}
