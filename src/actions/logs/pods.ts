/** Pods that appear, change and disappear in one context while their logs are followed. */
import { orAborted, passed } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import { KodamaError } from "../../base/errors.ts";
import type { KubeClient } from "../../kube/client.ts";
import { type LiveChange, LiveList } from "../../kube/live_list.ts";
import { isNamedPod } from "../../kube/select/pod_operands.ts";
import { readPods } from "../../kube/select/read_pods.ts";
import { PODS } from "../../kube/resources.ts";
import { selectionScopes } from "../../kube/select/selection_scopes.ts";
import type { Target } from "../../kube/select/target.ts";
import type { Pod } from "../../kube/types.ts";
import { type ContainerState, containerState } from "../../logs/containers.ts";
import { type LogChoice, logTargets, podSelection } from "./targets.ts";

/** How often a pod is polled if it can't be watched. */
const pollMs = 2000;

/** The dependencies of a board. */
export interface PodBoardOptions {
  client: KubeClient;
  choice: LogChoice;
  clock: Clock;
  random: () => number;
  signal: AbortSignal;
}

/** The known pods of a context. */
export class PodBoard {
  readonly #options: PodBoardOptions;
  readonly #list: LiveList<Pod>;
  /** By pod: resolved at its next change. */
  readonly #changes = new Map<string, PromiseWithResolvers<void>>();
  /** Whether the operands select a pod, by its uid: a workload's pods are queried once for each. */
  readonly #isSelected = new Map<string, boolean>();
  #watched = true;

  constructor(options: PodBoardOptions) {
    this.#options = options;
    const { client, choice, clock, random, signal } = options;
    const scopes = selectionScopes(client, podSelection(choice, client.context));
    const sources = scopes.map((scope) => ({ client, resource: PODS, scope }));
    this.#list = new LiveList<Pod>(sources, { clock, random, signal });
  }

  /** Reports targets as pods appear and change, including known ones. Rejects as a watch does. */
  async watch(found: (targets: readonly Target[]) => Promise<void>): Promise<void> {
    try {
      for await (const event of this.#list.events()) {
        if (event.kind !== "changed") continue;
        const targets = await this.#targets(this.#apply(event.changes));
        if (targets.length > 0) await found(targets);
      }
    } finally {
      this.#watched = false;
      for (const key of [...this.#changes.keys()]) this.#notify(key);
    }
  }

  /** Returns the state of a container. Rejects with a KodamaError. */
  async state(target: Target, fresh: boolean, signal: AbortSignal): Promise<ContainerState> {
    const known = target.uid === undefined ? undefined : this.#list.objects.get(target.uid);
    const pod = known !== undefined && !fresh && this.#watched
      ? known
      : await this.#get(target, signal);
    if (pod === undefined || (target.uid !== undefined && pod.metadata?.uid !== target.uid)) {
      return { kind: "gone" };
    }
    return containerState(pod, target.container);
  }

  /** Resolves at the next change of a target's pod. */
  change(target: Target): Promise<void> {
    const key = keyOf(target);
    const change = this.#changes.get(key) ?? Promise.withResolvers<void>();
    this.#changes.set(key, change);
    return change.promise;
  }

  /** Waits for such a change, or for the poll interval if there is no watch. */
  async changed(change: Promise<void>, signal: AbortSignal): Promise<void> {
    if (!this.#watched) await passed(this.#options.clock, pollMs, { signal });
    // The signal's reason isn't an error here.
    else await orAborted(change, signal).catch(() => {});
  }

  async #get({ namespace, pod }: Target, signal: AbortSignal): Promise<Pod | undefined> {
    try {
      return await this.#options.client.get<Pod>(PODS, pod, { namespace }, { signal });
    } catch (error) {
      if (error instanceof KodamaError && error.kind === "notFound") return undefined;
      throw error;
    }
  }

  /** Reports changes to those who wait for them; returns the existing pods. */
  #apply(changes: readonly LiveChange<Pod>[]): Pod[] {
    const pods: Pod[] = [];
    for (const { kind, object } of changes) {
      if (kind === "deleted") this.#isSelected.delete(uidOf(object));
      else pods.push(object);
      this.#notify(podKey(object));
    }
    return pods;
  }

  #notify(key: string): void {
    this.#changes.get(key)?.resolve();
    this.#changes.delete(key);
  }

  async #targets(pods: readonly Pod[]): Promise<readonly Target[]> {
    const { choice, client, random } = this.#options;
    // A sample is only drawn at the start.
    if (choice.selection.sample !== undefined) return [];
    const selected = await this.#selected(pods);
    if (selected.length === 0) return [];
    try {
      return logTargets(selected, choice, { context: client.context, random }).targets;
    } catch (error) {
      // A pod that appears later may lack a container that others have.
      if (error instanceof KodamaError && error.kind === "noMatch") return [];
      throw error;
    }
  }

  /** Returns the pods that the operands of the selection name. Its patterns are applied later. */
  async #selected(pods: readonly Pod[]): Promise<readonly Pod[]> {
    const { choice, client, signal } = this.#options;
    const selection = podSelection(choice, client.context);
    const { operands } = selection;
    if (operands.length === 0) return pods;
    if (!operands.some(({ kind }) => kind === "workload")) {
      return pods.filter(({ metadata: { namespace = "", name = "" } = {} }) =>
        isNamedPod(selection, { context: client.context, namespace, pod: name })
      );
    }
    const unknown = pods.map(uidOf).filter((uid) => !this.#isSelected.has(uid));
    if (unknown.length > 0) {
      // The reader that found the first pods also resolves a workload's pods.
      const { pods: all } = await readPods(client, podSelection(choice, client.context), signal);
      const uids = new Set(all.map(uidOf));
      for (const uid of unknown) this.#isSelected.set(uid, uids.has(uid));
    }
    return pods.filter((pod) => this.#isSelected.get(uidOf(pod)) === true);
  }
}

function keyOf({ namespace, pod }: Target): string {
  return `${namespace}/${pod}`;
}

function uidOf({ metadata }: Pod): string {
  return metadata?.uid ?? "";
}

function podKey({ metadata }: Pod): string {
  return `${metadata?.namespace ?? ""}/${metadata?.name ?? ""}`;
}
