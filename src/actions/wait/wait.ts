/**
 * Waits until objects of a cluster are in a state, and says why they aren't: by the API's watch, for any kind. The
 * pods of a workload are watched with it, for the reasons of a workload are those of its pods.
 */
import { definedOnly } from "../../base/json_value.ts";
import { passed } from "../../base/abort.ts";
import { KodamaError, NoMatchError, UsageError } from "../../base/errors.ts";
import { hint, option } from "../../base/hint.ts";
import type { ApiResource, KubeClient } from "../../kube/client.ts";
import { findCategory, findResource } from "../../kube/discovery.ts";
import { LiveList, type LiveSource } from "../../kube/live_list.ts";
import { eventsAbout } from "../../kube/object_ref.ts";
import { EVENTS, PODS } from "../../kube/resources.ts";
import { labelSelectorText } from "../../kube/select/selectors.ts";
import type { Event, LabelSelector, Pod } from "../../kube/types.ts";
import { type Condition, judge } from "../../wait/condition.ts";
import {
  type AnyObject,
  causesOf,
  isStateless,
  lacksPods,
  readiness,
  type Verdict,
} from "../../wait/readiness.ts";
import {
  type OwnedPod,
  ownedPod,
  readOnce,
  rememberOwners,
  unfinishedRollouts,
} from "../../wait/owners.ts";
import { limitedTo } from "../exec/ask_contexts.ts";
import type { Host } from "../host.ts";
import {
  BlockingLogs,
  byTime,
  type ContainerLog,
  eventText,
  isRevealing,
  lastLines,
  repeats,
  Warnings,
} from "./obstacles.ts";

export { type Condition, parseCondition } from "../../wait/condition.ts";

/** The objects to wait for: by name, or those of a kind that selectors match. */
export type WaitTarget =
  /**
   * `namespace` is that of the wait if absent; `mayLackState`: an object of a kind that is never `ready`, such as a
   * ConfigMap, only has to exist for that.
   */
  | { kind: string; name: string; namespace?: string; mayLackState?: boolean }
  | { kind: string; labelSelector?: string; fieldSelector?: string; mayLackState?: boolean };

/** How many of the objects have to meet the conditions. */
export type WaitNeed = { kind: "all" } | { kind: "any" } | { kind: "count"; count: number };

/** The objects to wait for, and for how long. */
export interface WaitOptions {
  /** The kubeconfig's current context if absent. */
  context?: string;
  /** The context's own if absent. */
  namespace?: string;
  allNamespaces: boolean;
  /** At least one target. */
  targets: readonly WaitTarget[];
  /**
   * Objects of which each group is awaited after those before it: only then their state counts, and until then they
   * needn't exist. Only with the need for all.
   */
  then?: readonly (readonly WaitTarget[])[];
  /** All conditions have to hold for an object at the same time; at least one condition. */
  conditions: readonly Condition[];
  need: WaitNeed;
  /** Kubernetes' reasons that end the wait: `CrashLoopBackOff`. `any`: every reason that needs a person. */
  failOn: readonly string[];
  /** No limit if absent; 0 looks once. */
  timeoutMs?: number;
  /** Reads the last lines of a container that holds up an object as soon as it does, and not only at the end. */
  readsLogs?: boolean;
  signal: AbortSignal;
}

/** An object, and whether it meets the conditions. */
export interface WaitState {
  /** `pod/web-0`, with its namespace in front if objects of several are awaited. */
  name: string;
  /** As `kubectl get -o name` prints it: `deployment.apps/web`. */
  id: string;
  verdict: Verdict;
  /** The latest warning about an object that doesn't meet them, or about its pods. */
  warning?: string;
  /** With `readsLogs`: the container that holds it up, and its last lines. */
  log?: ContainerLog;
}

/** Details of an object that doesn't meet the conditions at the end. */
export interface WaitDetail {
  name: string;
  /** Latest warning events of the object and of the pod that blocks it. */
  events: readonly string[];
  /** The container that holds it up, and its last lines. */
  log?: ContainerLog;
}

/** Why a wait ended. */
export type WaitEnd = "met" | "timeout" | "stuck";

/** The events of a wait. */
export type WaitEvent =
  /** Absent if the wait ends at once. */
  | { kind: "started"; states: readonly WaitState[] }
  /** The states of all objects, as some have changed. */
  | { kind: "changed"; states: readonly WaitState[]; changed: readonly WaitState[] }
  | { kind: "outOfSync"; error: KodamaError }
  | { kind: "inSync" }
  | {
    kind: "ended";
    end: WaitEnd;
    states: readonly WaitState[];
    details: readonly WaitDetail[];
    exitCode: number;
  };

/** The exit codes: of a time limit as `kubectl wait`. */
const exitCodes: Readonly<Record<WaitEnd, number>> = { met: 0, timeout: 1, stuck: 5 };

/**
 * Yields the states until the wait ends.
 *
 * @throws KodamaError `notFound` for an unknown kind, or a named object that doesn't exist, unless its creation or
 *   deletion is awaited; NoMatchError if selectors match nothing.
 */
export async function* wait(host: Host, options: WaitOptions): AsyncGenerator<WaitEvent, void> {
  const client = await host.kube(options.context);
  const targets = [options.targets, ...options.then ?? []].flatMap((group, stage) =>
    group.map((target) => ({ target, stage }))
  );
  const isCategory = ({ target }: { target: WaitTarget }) =>
    target.kind === "all" && !("name" in target);
  const find = limitedTo(host, (_context, signal) =>
    Promise.all(targets.map(async (one) => {
      if (!isCategory(one)) {
        return [{ ...one, resource: await findResource(client, one.target.kind, signal) }];
      }
      const target = { ...one.target, mayLackState: true };
      const kinds = await findCategory(client, "all", signal);
      return kinds.map((resource) => ({ ...one, target, resource }));
    })), { signal: options.signal, isSingle: true });
  const found = await find(options.context);
  const all = found.flat().map(({ target, stage, resource }): Query => {
    const own = "name" in target ? target.namespace : undefined;
    if (own !== undefined && options.namespace !== undefined && own !== options.namespace) {
      throw new UsageError(
        `${nameText(target)} is in namespace "${own}", not "${options.namespace}"`,
      );
    }
    if (options.allNamespaces && "name" in target && resource.namespaced && own === undefined) {
      throw new UsageError(`${target.kind}/${target.name} is in one namespace`, {
        hint: "name its namespace instead of all of them",
      });
    }
    const namespace = resource.namespaced && (own !== undefined || !options.allNamespaces)
      ? own ?? options.namespace ?? client.defaultNamespace
      : undefined;
    return { target, stage, resource, ...definedOnly({ namespace }) };
  });
  const queries = [...new Map(all.toReversed().map((one) => [textOf(one), one])).values()]
    .toReversed();
  const isReady = options.conditions.some(({ kind }) => kind === "ready");
  const never = isReady
    ? queries.find(({ target, resource }) => isStateless(resource) && !mayLackState(target))
    : undefined;
  if (never !== undefined) {
    throw new UsageError(`a ${never.resource.kind} has no state that it could be ready in`, {
      hint: hint`wait for something else: ${option("for", "create")}, or a field, by ${
        option("for", "jsonpath={.PATH}=VALUE")
      }`,
    });
  }
  yield* new Wait(host, client, queries, options).events();
}

function nameText(target: WaitTarget): string {
  return "name" in target ? `${target.kind}/${target.name}` : target.kind;
}

function mayLackState(target: WaitTarget): boolean {
  return target.mayLackState === true;
}

/** A target, found on the server. */
interface Query {
  target: WaitTarget;
  /** The group of {@link WaitOptions.then} that it belongs to, from 1; 0 if to none. */
  stage: number;
  resource: ApiResource;
  namespace?: string;
}

/** Identifies a query: the same objects may be named several times, and by several names of their kind. */
function textOf({ target, stage, resource: { group, plural }, namespace }: Query): string {
  const { name, labelSelector, fieldSelector } = {
    ...{ name: undefined, labelSelector: undefined, fieldSelector: undefined },
    ...target,
  };
  return JSON.stringify([stage, group, plural, namespace, name, labelSelector, fieldSelector]);
}

/** An object with the query that lists it. */
interface Found {
  query: Query;
  object: AnyObject;
}

function idOf({ resource: { kind, group } }: Query, name: string): string {
  return `${kind.toLowerCase()}${group === "" ? "" : `.${group}`}/${name}`;
}

/** An awaited object: an object that a name requires may be absent. */
interface Awaited {
  name: string;
  id: string;
  query: Query;
  object: AnyObject | undefined;
}

/** A pod of a workload, and why it isn't ready. */
interface UnreadyPod {
  name: string;
  pod: Pod;
  verdict: Exclude<Verdict, { kind: "met" }>;
}

class Wait {
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #wake = Promise.withResolvers<void>();
  #pods: LiveList<Pod> | undefined;
  #podsRefused = false;
  readonly #warnings = new Warnings();
  #logs: BlockingLogs;
  /** Objects of earlier stages have met the conditions. */
  #stage = 0;
  /** The workloads of pods, as they were at a time of the clock. */
  #workloads: Pick<KubeClient, "get">;
  #workloadsMs = 0;
  /** Pods that are ready, and not those that their workloads will have, by uid. */
  readonly #unfinished = new Map<string, Exclude<Verdict, { kind: "met" }>>();
  /** A pod of each owner that has had some. */
  readonly #owners = new Map<string, OwnedPod>();
  /** Queries that had objects: to have gone is another reason than never to have come. */
  readonly #hadSome = new Set<Query>();

  constructor(
    private readonly host: Host,
    private readonly client: KubeClient,
    private readonly queries: readonly Query[],
    private readonly options: WaitOptions,
  ) {
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal]);
    this.#workloads = readOnce(client);
    this.#logs = new BlockingLogs(client, this.#signal, () => this.#wake.resolve());
  }

  async *events(): AsyncGenerator<WaitEvent, void> {
    const { clock } = this.host;
    const { timeoutMs, signal } = this.options;
    // Without time, the first list decides, however long the server takes for it.
    const deadline = timeoutMs === undefined || timeoutMs === 0
      ? undefined
      : passed(clock, timeoutMs, { signal: this.#signal });
    const list = new LiveList<AnyObject, Found>(
      this.queries.map((query) => this.#sourceOf(query)),
      { clock, signal: this.#signal },
    );
    const failure = Promise.withResolvers<never>();
    failure.promise.catch(() => {});
    const following = [this.#follow(list, failure.reject)];
    let known = new Map<string, string>();
    let isStarted = false;
    let isOutOfSync = false;
    let isWarned = false;
    try {
      for (;;) {
        const isLate = await Promise.race([
          this.#wake.promise.then(() => false),
          failure.promise,
          ...(deadline === undefined ? [] : [deadline]),
        ]);
        signal.throwIfAborted();
        this.#wake = Promise.withResolvers<void>();
        if (list.outage !== undefined && !isOutOfSync) {
          isOutOfSync = true;
          yield { kind: "outOfSync", error: list.outage.error };
        }
        if (list.isInSync && isOutOfSync) {
          isOutOfSync = false;
          yield { kind: "inSync" };
        }
        if (!isStarted && !list.isInSync) {
          if (!isLate) continue;
          throw new KodamaError(
            "timeout",
            "the server has not listed the objects within the time limit",
          );
        }
        const awaited = this.#awaited(list);
        if (!isStarted) {
          this.#requireSome(awaited, list);
          if (!isWarned) {
            isWarned = true;
            following.push(this.#followWarnings());
          }
          const pods = awaited.flatMap(({ object }) => {
            const labelSelector = podSelector(object);
            const namespace = object?.metadata?.namespace;
            if (labelSelector === undefined || namespace === undefined) return [];
            return [{ client: this.client, resource: PODS, scope: { namespace, labelSelector } }];
          });
          if (pods.length > 0 && this.#pods === undefined && !this.#podsRefused) {
            this.#pods = new LiveList<Pod>(pods, { clock, signal: this.#signal });
            // Who may not read pods learns less about the reasons.
            following.push(this.#follow(this.#pods, () => {
              this.#pods = undefined;
              this.#podsRefused = true;
              this.#wake.resolve();
            }));
          }
          const isReading = this.#pods !== undefined && !this.#pods.isInSync &&
            this.#pods.outage === undefined;
          if (isReading && !isLate) continue;
        }
        const states = await this.#states(awaited);
        const texts = new Map(states.map((one) => [one.name, JSON.stringify(one)]));
        const changed = states.filter(({ name }) => known.get(name) !== texts.get(name));
        known = texts;
        const end = this.#endOf(states) ?? (isLate || timeoutMs === 0 ? "timeout" : undefined);
        // The end has the states too: they aren't reported just before.
        if (end === undefined && !isStarted) yield { kind: "started", states };
        else if (end === undefined && changed.length > 0) {
          yield { kind: "changed", states, changed };
        }
        isStarted = true;
        if (end === undefined) continue;
        const details = end === "met" ? [] : await this.#details(awaited, states);
        yield { kind: "ended", end, states, details, exitCode: exitCodes[end] };
        return;
      }
    } finally {
      this.#stop.abort();
      await Promise.allSettled(following);
    }
  }

  /** Without the permission to read Events, only the reasons have fewer details. */
  async #followWarnings(): Promise<void> {
    const namespaces = new Set(this.queries.map(({ namespace }) => namespace));
    const sources = [...namespaces].map((namespace): LiveSource<Event> => ({
      client: this.client,
      resource: EVENTS,
      scope: namespace === undefined ? {} : { namespace },
      transform: (event) => isRevealing(event) ? event : undefined,
    }));
    const list = new LiveList<Event>(sources, { clock: this.host.clock, signal: this.#signal });
    try {
      for await (const event of list.events()) {
        if (event.kind !== "changed") continue;
        for (const { kind, object } of event.changes) {
          if (kind !== "deleted") this.#warnings.add(object);
        }
        this.#wake.resolve();
      }
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
    }
  }

  /** Judges all objects; a stage starts as soon as the objects of the stage before meet the conditions. */
  async #states(awaited: readonly Awaited[]): Promise<WaitState[]> {
    for (;;) {
      this.#unfinished.clear();
      const states = awaited.map((one) => this.#stateOf(one, awaited));
      const isOver = awaited.every(({ query }, index) =>
        query.stage > this.#stage || states[index]?.verdict.kind === "met"
      );
      const isLast = this.#stage >= (this.options.then?.length ?? 0);
      const isDone = isLast ? this.#endOf(states) === "met" : isOver;
      const met = awaited.filter(({ query }, index) =>
        query.stage === this.#stage && states[index]?.verdict.kind === "met"
      );
      const areNewest = await this.#areNewest(met, isDone);
      if (!areNewest) return awaited.map((one) => this.#stateOf(one, awaited));
      if (isLast || !isDone) return states;
      this.#stage += 1;
    }
  }

  /**
   * Returns whether ready pods are those that their workloads will have: right after a restart, the old pods are ready
   * too. Otherwise says so in their verdicts, and looks again after a moment.
   *
   * @param isLast the answer ends the wait, or a part of it: nothing that was read before counts.
   */
  async #areNewest(met: readonly Awaited[], isLast: boolean): Promise<boolean> {
    const pods = met.filter(({ query, object }) => query.resource === PODS && object !== undefined);
    if (pods.length === 0 || !this.options.conditions.some(({ kind }) => kind === "ready")) {
      return true;
    }
    const owned = (some: boolean) =>
      pods.filter((one) => ("name" in one.query.target) === some).map(({ object = {} }) =>
        ownedPod(object)
      );
    rememberOwners(this.#owners, owned(false));
    const { clock } = this.host;
    const options = { signal: this.#signal };
    const nowMs = clock.elapsedMs();
    if (isLast || nowMs - this.#workloadsMs >= rolloutMs) {
      this.#workloads = readOnce(this.client);
      this.#workloadsMs = nowMs;
    }
    const client = this.#workloads;
    try {
      const unfinished = [
        ...await unfinishedRollouts(client, owned(true), { ...options, some: true }),
        ...await unfinishedRollouts(client, [...owned(false), ...this.#owners.values()], {
          ...options,
          some: false,
        }),
      ];
      for (const { workload, verdict, pods: own } of unfinished) {
        const uids = new Set(own.map(({ metadata }) => metadata.uid));
        const there = pods.filter(({ object }) => uids.has(object?.metadata?.uid));
        const reason = `${workload}: ${verdict.reason}`;
        this.#hold(there.length > 0 ? there : pods, { ...verdict, reason });
      }
      if (unfinished.length === 0 && !isLast) return true;
      // The pods were listed before their workloads, which may have others since.
      if (unfinished.length === 0) {
        const sources = [...new Set(pods.map(({ query }) => query))].map((one) =>
          this.#sourceOf(one)
        );
        const again = new LiveList<AnyObject, Found>(sources, { clock, ...options });
        for await (const list of again.snapshots()) {
          const listed = new Map(
            [...list.objects.values()].map(({ object }) => [object.metadata?.uid, object]),
          );
          const isReady = (pod: AnyObject | undefined) =>
            pod !== undefined && readiness(PODS, pod).kind === "met";
          const areReady = pods.every(({ object }) => isReady(listed.get(object?.metadata?.uid)));
          const size = new Set(pods.map(({ object }) => object?.metadata?.uid)).size;
          const areAll = listed.size === size || this.options.need.kind !== "all";
          if (areReady && areAll) return true;
          this.#hold(pods, { kind: "waiting", reason: "the pods are changing" });
          break;
        }
      }
    } catch (error) {
      if (error instanceof KodamaError && error.kind === "forbidden") {
        throw new KodamaError("forbidden", error.message, {
          hint: hint`to wait for the pods alone, whatever their workload is about to do: ${
            option("for", "condition=Ready")
          }`,
        });
      }
      if (!(error instanceof KodamaError) || error.kind !== "unreachable") throw error;
      this.#hold(pods, { kind: "waiting", reason: error.message });
    }
    passed(clock, rolloutMs, options).then(() => this.#wake.resolve());
    return false;
  }

  #hold(pods: readonly Awaited[], verdict: Exclude<Verdict, { kind: "met" }>): void {
    for (const { object } of pods) this.#unfinished.set(object?.metadata?.uid ?? "", verdict);
  }

  #stateOf(one: Awaited, awaited: readonly Awaited[]): WaitState {
    const { name, id, query: { stage } } = one;
    if (stage < this.#stage) return { name, id, verdict: { kind: "met" } };
    if (stage > this.#stage) {
      const before = awaited.filter(({ query }) => query.stage === stage - 1);
      const reason = `it comes after ${before.map((other) => other.name).join(", ")}`;
      return { name, id, verdict: { kind: "waiting", reason } };
    }
    const verdict = this.#judge(one);
    if (verdict.kind === "met" || one.object === undefined) return { name, id, verdict };
    const blocking = this.#blockingPod(one);
    const warning = this.#warnings.latest([
      one.object,
      ...(blocking === undefined ? this.#podsOf(one.object).slice(0, 3) : [blocking]),
    ]);
    const log = blocking !== undefined && this.options.readsLogs === true
      ? this.#logs.of(blocking)
      : undefined;
    return {
      name,
      id,
      verdict,
      ...(warning === undefined || repeats(verdict.reason, warning) ? {} : { warning }),
      ...definedOnly({ log }),
    };
  }

  /** Returns the pod that holds up an object: itself, or a pod of a workload. */
  #blockingPod({ query, object }: Awaited): Pod | undefined {
    if (object === undefined) return undefined;
    if (query.resource === PODS) return object as Pod;
    return this.#unreadyPod(object)?.pod ?? this.#failedPod(object);
  }

  #sourceOf(query: Query): LiveSource<AnyObject, Found> {
    const { target, resource, namespace } = query;
    const scope = {
      ...definedOnly({ namespace }),
      ...("name" in target ? {} : definedOnly({
        labelSelector: target.labelSelector,
        fieldSelector: target.fieldSelector,
      })),
    };
    return {
      client: this.client,
      resource,
      scope,
      ...("name" in target ? { name: target.name } : {}),
      part: textOf(query),
      transform: (object) => ({ query, object }),
    };
  }

  async #follow<T extends AnyObject, U>(
    list: LiveList<T, U>,
    fail: (error: unknown) => void,
  ): Promise<void> {
    try {
      for await (const _ of list.snapshots()) this.#wake.resolve();
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      fail(error);
    }
  }

  #awaited(list: LiveList<AnyObject, Found>): Awaited[] {
    const found = [...list.objects.values()];
    const namespaces = new Set(this.queries.map(({ namespace }) => namespace));
    const isWide = namespaces.size > 1 || this.options.allNamespaces;
    const nameOf = ({ resource }: Query, name: string, namespace: string | undefined) =>
      `${
        isWide && namespace !== undefined ? `${namespace}/` : ""
      }${resource.kind.toLowerCase()}/${name}`;
    const named = this.queries.flatMap((query): Awaited[] => {
      const { target } = query;
      if (!("name" in target)) return [];
      const own = found.find((one) => one.query === query);
      const name = nameOf(query, target.name, query.namespace);
      return [{ name, id: idOf(query, target.name), query, object: own?.object }];
    });
    const matched = found.filter(({ query }) => !("name" in query.target))
      .map(({ query, object }): Awaited => {
        const { name = "", namespace } = object.metadata ?? {};
        return { name: nameOf(query, name, namespace), id: idOf(query, name), query, object };
      });
    return [
      ...named,
      ...matched.toSorted((a, b) => a.name < b.name ? -1 : 1),
      ...this.#emptied(found),
    ];
  }

  /**
   * An emptied set isn't met, unless its deletion is awaited; where objects of some kinds are to be created, any will
   * do.
   */
  #emptied(found: readonly Found[]): Awaited[] {
    for (const { query } of found) this.#hadSome.add(query);
    const { conditions } = this.options;
    if (conditions.some(({ kind }) => kind === "delete")) return [];
    const isCreated = conditions.some(({ kind }) => kind === "create");
    return this.queries.filter((query) => {
      if ("name" in query.target || found.some((one) => one.query === query)) return false;
      const isAlone = !found.some((one) => one.query.stage === query.stage);
      return this.#hadSome.has(query) || query.stage > 0 || isCreated && isAlone;
    }).map((query) => ({
      name: query.resource.plural,
      id: query.resource.plural,
      query,
      object: undefined,
    }));
  }

  #requireSome(awaited: readonly Awaited[], list: LiveList<AnyObject, Found>): void {
    const { conditions } = this.options;
    const mayBeAbsent = conditions.some(({ kind }) => kind === "create" || kind === "delete");
    if (mayBeAbsent) return;
    const absent = awaited.find(({ object, query }) => object === undefined && query.stage === 0);
    if (absent !== undefined) {
      const within = absent.query.namespace === undefined
        ? ""
        : ` in namespace "${absent.query.namespace}"`;
      throw new KodamaError("notFound", `there is no ${absent.name}${within}`, {
        hint: hint`to wait until it exists: ${option("for", "create")}`,
      });
    }
    if (list.objects.size === 0) {
      throw new NoMatchError(
        `no ${this.queries.map(({ resource }) => resource.plural).join(", ")} match`,
      );
    }
  }

  #judge({ query, object }: Awaited): Verdict {
    const { resource, target } = query;
    const conditions = isStateless(resource) && mayLackState(target)
      ? this.options.conditions.map((one) =>
        one.kind === "ready" ? { kind: "create" } as const : one
      )
      : this.options.conditions;
    const verdict = judge(conditions, resource, object);
    if (verdict.kind === "met") {
      const unfinished = object && this.#unfinished.get(object.metadata?.uid ?? "");
      return unfinished === undefined ? verdict : unfinished;
    }
    if (object === undefined) {
      if (!("name" in target)) {
        return {
          kind: "waiting",
          reason: this.#hadSome.has(query) ? "none is left" : "none exists",
        };
      }
      const isGone = this.#hadSome.has(query);
      return isGone ? { kind: "stuck", reason: "it was deleted", cause: "Deleted" } : verdict;
    }
    const refused = lacksPods(resource, object) ? this.#warnings.refusedPod(object) : undefined;
    if (refused !== undefined && verdict.kind === "waiting") {
      return { kind: "stuck", reason: `${verdict.reason}; ${refused}`, cause: "FailedCreate" };
    }
    if (resource === PODS) return verdict;
    const failed = verdict.kind === "stuck" ? this.#failedPod(object) : undefined;
    const pod = verdict.kind === "waiting"
      ? this.#unreadyPod(object)
      : failed && { name: failed.metadata?.name ?? "", verdict: readiness(PODS, failed) };
    if (pod === undefined || pod.verdict.kind === "met") return verdict;
    // A failed job has failed pods: these are named only if Kubernetes says why they failed.
    if (verdict.kind === "stuck" && causesOf(pod.verdict).length < 2) return verdict;
    const reason = `${verdict.reason}; pod/${pod.name}: ${pod.verdict.reason}`;
    const [cause, ...otherCauses] = [...causesOf(verdict), ...causesOf(pod.verdict)];
    const kind = verdict.kind === "stuck" ? "stuck" : pod.verdict.kind;
    if (kind === "stuck") return { kind, reason, cause: cause ?? "", otherCauses };
    return { kind, reason, ...(cause === undefined ? {} : { cause, otherCauses }) };
  }

  /**
   * Returns the pod that holds up a workload: the first of its newest pods that is stuck, or else the first that
   * isn't ready yet.
   */
  #unreadyPod(object: AnyObject): UnreadyPod | undefined {
    const own = this.#podsOf(object);
    const newest = own[0]?.metadata?.labels?.["pod-template-hash"];
    const unready = own.flatMap((pod): UnreadyPod[] => {
      if (pod.metadata?.labels?.["pod-template-hash"] !== newest) return [];
      // The completed pods of a job, and those that a controller has replaced, hold up nothing.
      if (pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed") return [];
      const verdict = readiness(PODS, pod);
      return verdict.kind === "met" ? [] : [{ name: pod.metadata?.name ?? "", pod, verdict }];
    });
    return unready.find(({ verdict }) => verdict.kind === "stuck") ?? unready[0];
  }

  /** Returns the newest failed pod of a workload: that of a job says why it failed. */
  #failedPod(object: AnyObject): Pod | undefined {
    return this.#podsOf(object).find(({ status }) => status?.phase === "Failed");
  }

  /** Returns the pods of a workload, the newest first. */
  #podsOf(object: AnyObject): Pod[] {
    if (podSelector(object) === undefined || this.#pods === undefined) return [];
    return [...this.#pods.objects.values()]
      .filter((pod) => pod.metadata?.namespace === object.metadata?.namespace)
      .filter((pod) => matches(object, pod))
      .toSorted((a, b) => createdAt(b) - createdAt(a));
  }

  #endOf(states: readonly WaitState[]): WaitEnd | undefined {
    const { need, failOn } = this.options;
    const done = states.filter(({ verdict }) => verdict.kind === "met").length;
    const isMet = need.kind === "all"
      ? done === states.length
      : done >= (need.kind === "any" ? 1 : need.count);
    if (isMet) return "met";
    const causes = ({ verdict, warning }: WaitState) => [
      ...causesOf(verdict),
      ...(verdict.kind === "met" ? [] : [warning?.split(":")[0] ?? ""]),
    ];
    const fatal =
      states.filter((state) =>
        failOn.some((one) =>
          one === "any"
            ? state.verdict.kind === "stuck"
            : causes(state).some((cause) => cause.toLowerCase() === one.toLowerCase())
        )
      ).length;
    if (fatal === 0) return undefined;
    // As long as enough others can still meet the conditions, an object that can't isn't the end.
    const required = need.kind === "all" ? states.length : need.kind === "any" ? 1 : need.count;
    return states.length - fatal < required ? "stuck" : undefined;
  }

  async #details(
    awaited: readonly Awaited[],
    states: readonly WaitState[],
  ): Promise<WaitDetail[]> {
    const unmet = awaited.filter((_, at) => states[at]?.verdict.kind !== "met").slice(
      0,
      maxDetails,
    );
    const { clock } = this.host;
    const signal = AbortSignal.any([this.options.signal, deadlineSignal(clock, this.#stop)]);
    return await Promise.all(unmet.map(async (one): Promise<WaitDetail> => {
      const state = states[awaited.indexOf(one)];
      const pod = this.#blockingPod(one);
      const objects = [
        { resource: one.query.resource, object: one.object },
        ...(pod === one.object ? [] : [{ resource: PODS, object: pod }]),
      ];
      const [events, log] = await Promise.all([
        this.#latestWarnings(objects, signal),
        pod === undefined ? undefined : lastLines(this.client, pod, signal),
      ]);
      const reason = state === undefined || state.verdict.kind === "met"
        ? ""
        : state.verdict.reason;
      return {
        name: one.name,
        events: events.filter((text) => !repeats(reason, text)),
        ...definedOnly({ log }),
      };
    }));
  }

  /** Returns the latest warnings about some objects; none if they may not be read. */
  async #latestWarnings(
    objects: readonly { resource: ApiResource; object: AnyObject | undefined }[],
    signal: AbortSignal,
  ): Promise<string[]> {
    const texts = await Promise.all(objects.map(async ({ resource, object }) => {
      if (object?.metadata?.uid === undefined) return [];
      const scope = eventsAbout(resource, object.metadata);
      const found: Event[] = [];
      try {
        for await (const { items } of this.client.list<Event>(EVENTS, scope, { signal })) {
          found.push(...items.filter(isRevealing));
        }
      } catch (error) {
        if (!(error instanceof KodamaError)) throw error;
        return [];
      }
      return [...new Set(found.toSorted(byTime).map(eventText))].slice(-maxWarnings);
    }));
    return texts.flat();
  }
}

/** The details of more objects aren't read at the end. */
const maxDetails = 10;
/** Workloads that replace their pods are read at this interval. */
const rolloutMs = 500;
const maxWarnings = 3;
/** The details are worth waiting this long. */
const detailsMs = 5000;

function deadlineSignal(clock: Host["clock"], stop: AbortController): AbortSignal {
  const late = new AbortController();
  passed(clock, detailsMs, { signal: stop.signal }).then(() => late.abort());
  return late.signal;
}

/** Returns the selector of a workload's pods as the API writes it; undefined for other objects. */
function podSelector(object: AnyObject | undefined): string | undefined {
  const { selector } = (object?.spec ?? {}) as { selector?: LabelSelector };
  const text = selector === undefined ? "" : labelSelectorText(selector);
  return text === "" ? undefined : text;
}

/** Returns whether a pod has a workload's labels. Expressions were the server's to judge. */
function matches(object: AnyObject, { metadata }: Pod): boolean {
  const { selector } = (object.spec ?? {}) as { selector?: LabelSelector };
  return Object.entries(selector?.matchLabels ?? {})
    .every(([name, value]) => metadata?.labels?.[name] === value);
}

function createdAt({ metadata }: Pod): number {
  return Date.parse(metadata?.creationTimestamp ?? "") || 0;
}
