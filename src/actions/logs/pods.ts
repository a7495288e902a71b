/** Pods that appear, change and disappear in one context while their logs are followed. */
import { orAborted, passed } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import { KodamaError } from "../../base/errors.ts";
import type { KubeClient, ListScope, WatchEvent } from "../../kube/client.ts";
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
  readonly #pods = new Map<string, Pod>();
  /** By pod: resolved at its next change. */
  readonly #changes = new Map<string, PromiseWithResolvers<void>>();
  /** Whether the operands select a pod, by its uid: a workload's pods are queried once for each. */
  readonly #meaning = new Map<string, boolean>();
  #watched = true;

  constructor(options: PodBoardOptions) {
    this.#options = options;
  }

  /** Reports targets as pods appear and change, including known ones. Rejects as a watch does. */
  async watch(found: (targets: readonly Target[]) => Promise<void>): Promise<void> {
    try {
      await Promise.all(this.#scopes().map((scope) => this.#watchScope(scope, found)));
    } finally {
      this.#watched = false;
      for (const key of this.#pods.keys()) this.#tell(key);
    }
  }

  /** Returns the state of a container. Rejects with a KodamaError. */
  async state(target: Target, fresh: boolean, signal: AbortSignal): Promise<ContainerState> {
    const known = this.#pods.get(keyOf(target));
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

  async #watchScope(
    scope: ListScope,
    found: (targets: readonly Target[]) => Promise<void>,
  ): Promise<void> {
    const { client, signal } = this.#options;
    for await (const event of client.watch<Pod>(PODS, scope, { signal })) {
      const targets = await this.#targets(this.#take(event, scope));
      if (targets.length > 0) await found(targets);
    }
  }

  /** Records an event; returns the existing pods. */
  #take(event: WatchEvent<Pod>, { namespace }: ListScope): Pod[] {
    if (event.kind === "deleted") {
      this.#forget(event.object);
      return [];
    }
    if (event.kind !== "relisted") {
      this.#note(event.object);
      return [event.object];
    }
    const uids = new Set(event.objects.map(({ metadata }) => metadata?.uid));
    for (const pod of [...this.#pods.values()]) {
      const here = namespace === undefined || pod.metadata?.namespace === namespace;
      if (here && !uids.has(pod.metadata?.uid)) this.#forget(pod);
    }
    for (const pod of event.objects) this.#note(pod);
    return event.objects;
  }

  #note(pod: Pod): void {
    const key = podKey(pod);
    this.#pods.set(key, pod);
    this.#tell(key);
  }

  #forget(pod: Pod): void {
    const key = podKey(pod);
    if (this.#pods.get(key)?.metadata?.uid === pod.metadata?.uid) this.#pods.delete(key);
    this.#meaning.delete(uidOf(pod));
    this.#tell(key);
  }

  #tell(key: string): void {
    this.#changes.get(key)?.resolve();
    this.#changes.delete(key);
  }

  async #targets(pods: readonly Pod[]): Promise<readonly Target[]> {
    const { choice, client, random } = this.#options;
    // A sample is only drawn at the start.
    if (choice.selection.sample !== undefined) return [];
    const meant = await this.#meant(pods);
    if (meant.length === 0) return [];
    try {
      return logTargets(meant, choice, { context: client.context, random }).targets;
    } catch (error) {
      // A pod that appears later may lack a container that others have.
      if (error instanceof KodamaError && error.kind === "noMatch") return [];
      throw error;
    }
  }

  /** Returns the pods that the operands of the selection name. Its patterns are applied later. */
  async #meant(pods: readonly Pod[]): Promise<readonly Pod[]> {
    const { choice, client, signal } = this.#options;
    const selection = podSelection(choice, client.context);
    const { operands } = selection;
    if (operands.length === 0) return pods;
    if (!operands.some(({ kind }) => kind === "workload")) {
      return pods.filter(({ metadata: { namespace = "", name = "" } = {} }) =>
        isNamedPod(selection, { context: client.context, namespace, pod: name })
      );
    }
    const unknown = pods.map(uidOf).filter((uid) => !this.#meaning.has(uid));
    if (unknown.length > 0) {
      // The reader that found the first pods also resolves a workload's pods.
      const { pods: all } = await readPods(client, podSelection(choice, client.context), signal);
      const uids = new Set(all.map(uidOf));
      for (const uid of unknown) this.#meaning.set(uid, uids.has(uid));
    }
    return pods.filter((pod) => this.#meaning.get(uidOf(pod)) === true);
  }

  #scopes(): ListScope[] {
    const { client, choice } = this.#options;
    return selectionScopes(client, podSelection(choice, client.context));
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
