/** The targets of an earlier run, found again: the same pods, or reported as different. */
import { KodamaError } from "../../base/errors.ts";
import type { KubeClient } from "../../kube/client.ts";
import type { Selection, Target } from "../../kube/select/target.ts";
import type { FindIn } from "./discover_targets.ts";
import type { SettledTargets } from "./events.ts";
import type { Host } from "../host.ts";

/** The targets of an earlier run in the contexts that have answered. */
export class SettledRun {
  /** Why a target is refused. */
  readonly refusals = new Map<Target, KodamaError>();
  /** The index and total passed to a target's command. */
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

  /** Returns one context's targets in their earlier order. */
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
    // Inside a pod there is no kubeconfig, and so no context to name.
    const named = (await this.#host.contexts()).length > 0;
    const client = await this.#host.kube(named ? context : undefined);
    if (client.context === context) return client;
    throw new KodamaError("config", `that run was in context "${context}", which isn't here`);
  }

  #current(then: Target, now: Target | undefined): Target {
    const { targets, places, recreated } = this.#settled;
    const meant = now !== undefined && (now.uid === then.uid || recreated);
    // All is that of the current pod except the container, which is the earlier run's. A pod that doesn't match isn't
    // substituted: the next rerun would run in it.
    const target = meant ? { ...now, container: then.container } : then;
    const place = places[targets.indexOf(then)];
    if (place !== undefined) this.places.set(target, place);
    if (!meant) this.refusals.set(target, refusal(then, now));
    return target;
  }
}

/** Selects all pods of the namespace, or a few by matching their names: a missing name isn't an error here. */
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
