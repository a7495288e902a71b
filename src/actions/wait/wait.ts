/**
 * Waits until objects of a cluster are in a state, and says why they aren't: by the API's watch, for any kind. The
 * pods of a workload are watched with it, for the reasons of a workload are those of its pods.
 */
import { passed } from "../../base/abort.ts";
import { KodamaError, NoMatchError, UsageError } from "../../base/errors.ts";
import { hint, option } from "../../base/hint.ts";
import { plainText } from "../../base/plain_text.ts";
import type { ApiResource, KubeClient } from "../../kube/client.ts";
import { findResource } from "../../kube/discovery.ts";
import { LiveList, type LiveSource } from "../../kube/live_list.ts";
import { EVENTS, PODS } from "../../kube/resources.ts";
import { labelSelectorText } from "../../kube/select/selectors.ts";
import type { ContainerStatus, Event, LabelSelector, Pod } from "../../kube/types.ts";
import { type AnyObject, type Condition, judge, type Verdict } from "../../wait/condition.ts";
import type { Host } from "../host.ts";

export { type Condition, parseCondition, type Verdict } from "../../wait/condition.ts";

/** The objects to wait for: by name, or those of a kind that selectors match. */
export type WaitTarget =
  | { kind: string; name: string }
  | { kind: string; labelSelector?: string; fieldSelector?: string };

/** How many of the objects have to meet the conditions. */
export type WaitNeed = { kind: "all" } | { kind: "any" } | { kind: "count"; count: number };

/** What to wait for, and for how long. */
export interface WaitOptions {
  /** The kubeconfig's current context if absent. */
  context?: string;
  /** The context's own if absent. */
  namespace?: string;
  allNamespaces: boolean;
  /** At least one. */
  targets: readonly WaitTarget[];
  /**
   * Objects of which each group is awaited after those before it: only then their state counts, and until then they
   * needn't exist. Only with the need for all.
   */
  then?: readonly (readonly WaitTarget[])[];
  /** All of them have to hold for an object at the same time; at least one. */
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

/** One object, and whether it meets the conditions. */
export interface WaitState {
  /** `pod/web-0`, with its namespace in front if objects of several are awaited. */
  name: string;
  verdict: Verdict;
  /** The latest warning about an object that doesn't meet them, or about its pods. */
  warning?: string;
  /** With `readsLogs`: the container that holds it up, and its last lines. */
  log?: ContainerLog;
}

/** The last lines of a container. */
interface ContainerLog {
  container: string;
  lines: readonly string[];
}

/** Details of an object that doesn't meet the conditions at the end. */
export interface WaitDetail {
  name: string;
  /** Its latest warnings, and those of its pod that holds it up. */
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
  const queries = await Promise.all(targets.map(async ({ target, stage }): Promise<Query> => {
    const resource = await findResource(client, target.kind, options.signal);
    if (options.allNamespaces && "name" in target && resource.namespaced) {
      throw new UsageError(`${target.kind}/${target.name} is in one namespace`, {
        hint: "name its namespace instead of all of them",
      });
    }
    const namespace = resource.namespaced && !options.allNamespaces
      ? options.namespace ?? client.defaultNamespace
      : undefined;
    return { target, stage, resource, ...(namespace === undefined ? {} : { namespace }) };
  }));
  yield* new Wait(host, client, queries, options).events();
}

/** A target, found on the server. */
interface Query {
  target: WaitTarget;
  /** The group of {@link WaitOptions.then} that it belongs to, from 1; 0 if to none. */
  stage: number;
  resource: ApiResource;
  namespace?: string;
}

/** An object with the query that lists it. */
interface Found {
  query: Query;
  object: AnyObject;
}

/** An awaited object: one that a name requires may be absent. */
interface Awaited {
  name: string;
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
  readonly #host: Host;
  readonly #client: KubeClient;
  readonly #queries: readonly Query[];
  readonly #options: WaitOptions;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #wake = Promise.withResolvers<void>();
  #pods: LiveList<Pod> | undefined;
  #podsRefused = false;
  readonly #warnings = new Warnings();
  #logs: BlockingLogs;
  /** Objects of earlier stages have met the conditions. */
  #stage = 0;
  /** Names of objects that were there: to have gone is another reason than never to have come. */
  readonly #seen = new Set<string>();

  constructor(host: Host, client: KubeClient, queries: readonly Query[], options: WaitOptions) {
    this.#host = host;
    this.#client = client;
    this.#queries = queries;
    this.#options = options;
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal]);
    this.#logs = new BlockingLogs(client, this.#signal, () => this.#wake.resolve());
  }

  async *events(): AsyncGenerator<WaitEvent, void> {
    const { clock } = this.#host;
    const { timeoutMs, signal } = this.#options;
    // Without time, the first list decides, however long the server takes for it.
    const deadline = timeoutMs === undefined || timeoutMs === 0
      ? undefined
      : passed(clock, timeoutMs, { signal: this.#signal });
    const list = new LiveList<AnyObject, Found>(
      this.#queries.map((query) => this.#sourceOf(query)),
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
          const pods = this.#podSources(awaited);
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
        const states = this.#states(awaited);
        const texts = new Map(states.map((one) => [one.name, JSON.stringify(one)]));
        const changed = states.filter(({ name }) => known.get(name) !== texts.get(name));
        known = texts;
        const end = this.#endOf(states) ?? (isLate || timeoutMs === 0 ? "timeout" : undefined);
        // The end has the states too: what it says isn't said just before.
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
    const namespaces = new Set(this.#queries.map(({ namespace }) => namespace));
    const sources = [...namespaces].map((namespace): LiveSource<Event> => ({
      client: this.#client,
      resource: EVENTS,
      scope: namespace === undefined ? {} : { namespace },
      transform: (event) => isRevealing(event) ? event : undefined,
    }));
    const list = new LiveList<Event>(sources, {
      clock: this.#host.clock,
      signal: this.#signal,
    });
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

  /** Judges all objects; a stage starts as soon as the objects of the one before meet the conditions. */
  #states(awaited: readonly Awaited[]): WaitState[] {
    for (;;) {
      const states = awaited.map((one) => this.#stateOf(one, awaited));
      const isOver = awaited.every(({ query }, index) =>
        query.stage > this.#stage || states[index]?.verdict.kind === "met"
      );
      if (!isOver || this.#stage >= (this.#options.then?.length ?? 0)) return states;
      this.#stage += 1;
    }
  }

  #stateOf(one: Awaited, awaited: readonly Awaited[]): WaitState {
    const { name, query: { stage } } = one;
    if (stage < this.#stage) return { name, verdict: { kind: "met" } };
    if (stage > this.#stage) {
      const before = awaited.filter(({ query }) => query.stage === stage - 1);
      const reason = `it comes after ${before.map((other) => other.name).join(", ")}`;
      return { name, verdict: { kind: "waiting", reason } };
    }
    const verdict = this.#judge(one);
    if (verdict.kind === "met" || one.object === undefined) return { name, verdict };
    const blocking = this.#blockingPod(one);
    const warning = this.#warnings.latest([
      one.object,
      ...(blocking === undefined ? this.#podsOf(one.object).slice(0, 3) : [blocking]),
    ]);
    const log = blocking !== undefined && this.#options.readsLogs === true
      ? this.#logs.of(blocking)
      : undefined;
    return {
      name,
      verdict,
      ...(warning === undefined || repeats(verdict.reason, warning) ? {} : { warning }),
      ...(log === undefined ? {} : { log }),
    };
  }

  /** Returns the pod that holds up an object: itself, or one of a workload. */
  #blockingPod({ query, object }: Awaited): Pod | undefined {
    if (object === undefined) return undefined;
    if (query.resource === PODS) return object as Pod;
    return this.#unreadyPod(object)?.pod ?? this.#failedPod(object);
  }

  #sourceOf(query: Query): LiveSource<AnyObject, Found> {
    const { target, resource, namespace } = query;
    const scope = {
      ...(namespace === undefined ? {} : { namespace }),
      ...("name" in target ? {} : {
        ...(target.labelSelector === undefined ? {} : { labelSelector: target.labelSelector }),
        ...(target.fieldSelector === undefined ? {} : { fieldSelector: target.fieldSelector }),
      }),
    };
    return {
      client: this.#client,
      resource,
      scope,
      ...("name" in target ? { name: target.name } : {}),
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
    const namespaces = new Set(this.#queries.map(({ namespace }) => namespace));
    const isWide = namespaces.size > 1 || this.#options.allNamespaces;
    const nameOf = ({ resource }: Query, name: string, namespace: string | undefined) =>
      `${
        isWide && namespace !== undefined ? `${namespace}/` : ""
      }${resource.kind.toLowerCase()}/${name}`;
    const named = this.#queries.flatMap((query): Awaited[] => {
      const { target } = query;
      if (!("name" in target)) return [];
      const own = found.find((one) => one.query === query);
      if (own !== undefined) this.#seen.add(target.name);
      const name = nameOf(query, target.name, query.namespace);
      return [{ name, query, object: own?.object }];
    });
    const matched = found.filter(({ query }) => !("name" in query.target))
      .map(({ query, object }): Awaited => {
        const { name = "", namespace } = object.metadata ?? {};
        return { name: nameOf(query, name, namespace), query, object };
      });
    return [...named, ...matched.toSorted((a, b) => a.name < b.name ? -1 : 1)];
  }

  #requireSome(awaited: readonly Awaited[], list: LiveList<AnyObject, Found>): void {
    const { conditions } = this.#options;
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
        `no ${this.#queries.map(({ resource }) => resource.plural).join(", ")} match`,
      );
    }
  }

  /** The pods of the awaited workloads. */
  #podSources(awaited: readonly Awaited[]): LiveSource<Pod>[] {
    return awaited.flatMap(({ object }) => {
      const labelSelector = podSelector(object);
      const namespace = object?.metadata?.namespace;
      if (labelSelector === undefined || namespace === undefined) return [];
      return [{ client: this.#client, resource: PODS, scope: { namespace, labelSelector } }];
    });
  }

  #judge({ query, object }: Awaited): Verdict {
    const { conditions } = this.#options;
    const verdict = judge(conditions, query.resource.kind, object);
    if (verdict.kind !== "waiting") return verdict;
    const refused = object && this.#warnings.refusedPod(object);
    if (refused !== undefined) {
      return { kind: "stuck", reason: `${verdict.reason}; ${refused}`, cause: "FailedCreate" };
    }
    if (object === undefined && "name" in query.target && this.#seen.has(query.target.name)) {
      return { kind: "stuck", reason: "it was deleted", cause: "Deleted" };
    }
    const pod = object && this.#unreadyPod(object);
    if (pod === undefined || query.resource === PODS) return verdict;
    const reason = `${verdict.reason}; pod/${pod.name}: ${pod.verdict.reason}`;
    return { ...pod.verdict, reason };
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
      const verdict = judge([{ kind: "ready" }], "Pod", pod);
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
    const { need, failOn } = this.#options;
    const done = states.filter(({ verdict }) => verdict.kind === "met").length;
    const isMet = need.kind === "all"
      ? done === states.length
      : done >= (need.kind === "any" ? 1 : need.count);
    if (isMet) return "met";
    const fatal = states.filter(({ verdict }) =>
      verdict.kind === "stuck" &&
      failOn.some((one) => one === "any" || one.toLowerCase() === verdict.cause.toLowerCase())
    ).length;
    if (fatal === 0) return undefined;
    // As long as enough others can still meet the conditions, one that can't isn't the end.
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
    const { clock } = this.#host;
    const signal = AbortSignal.any([this.#options.signal, deadlineSignal(clock, this.#stop)]);
    return await Promise.all(unmet.map(async (one): Promise<WaitDetail> => {
      const state = states[awaited.indexOf(one)];
      const pod = this.#blockingPod(one);
      const objects = [one.object, ...(pod === one.object ? [] : [pod])]
        .filter((object) => object !== undefined);
      const [events, log] = await Promise.all([
        this.#latestWarnings(objects, signal),
        pod === undefined ? undefined : lastLines(this.#client, pod, signal),
      ]);
      const reason = state === undefined || state.verdict.kind === "met"
        ? ""
        : state.verdict.reason;
      return {
        name: one.name,
        events: events.filter((text) => !repeats(reason, text)),
        ...(log === undefined ? {} : { log }),
      };
    }));
  }

  /** Returns the latest warnings about some objects; none if they may not be read. */
  async #latestWarnings(
    objects: readonly AnyObject[],
    signal: AbortSignal,
  ): Promise<string[]> {
    const texts = await Promise.all(objects.map(async ({ metadata }) => {
      const { uid, namespace } = metadata ?? {};
      if (uid === undefined || namespace === undefined) return [];
      const scope = { namespace, fieldSelector: `involvedObject.uid=${uid}` };
      const found: Event[] = [];
      try {
        for await (const { items } of this.#client.list<Event>(EVENTS, scope, { signal })) {
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

/** Warnings that hold up nothing: a cluster without DNS prints them about every pod, several times. */
const noise: ReadonlySet<string> = new Set(["MissingClusterDNS", "DNSConfigForming"]);

/** What the controller of claims reports as Normal, although it is why a claim isn't bound. */
const claimReasons: ReadonlySet<string> = new Set(["FailedBinding", "WaitForFirstConsumer"]);

/** Returns whether an Event may say why an object isn't ready. */
function isRevealing({ type, reason = "" }: Event): boolean {
  return type === "Warning" ? !noise.has(reason) : claimReasons.has(reason);
}

function timeOf({ series, lastTimestamp, eventTime }: Event): string {
  return series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? "";
}

function byTime(a: Event, b: Event): number {
  return timeOf(a) < timeOf(b) ? -1 : timeOf(a) > timeOf(b) ? 1 : 0;
}

/** Returns an Event as one line. */
function eventText({ reason, message = "" }: Event): string {
  return plainText(`${reason}: ${message}`, 300);
}

/** Returns whether a warning says what a reason says already. */
function repeats(reason: string, warning: string): boolean {
  const [cause = "", message = ""] = warning.split(/: (.*)/s);
  if (reason.includes(message.replace(/^Error: /, ""))) return true;
  if (cause === "BackOff") return /BackOff/.test(reason);
  return cause === "Failed" && /ImagePull/.test(reason) && /image|ImagePull/i.test(message);
}

/** The latest warning about each object, as they come. */
class Warnings {
  /** The latest warnings, by the uid of their object; at most `maxWarned`. */
  readonly #latest = new Map<string, Event>();

  add(event: Event): void {
    const { uid } = event.involvedObject;
    if (uid === undefined) return;
    const known = this.#latest.get(uid);
    if (known !== undefined && byTime(event, known) < 0) return;
    this.#latest.delete(uid);
    this.#latest.set(uid, event);
    const [oldest] = this.#latest.keys();
    if (this.#latest.size > maxWarned && oldest !== undefined) this.#latest.delete(oldest);
  }

  /** Returns the latest warning about one of the objects. */
  latest(objects: readonly AnyObject[]): string | undefined {
    const found = objects.flatMap(({ metadata }) => this.#latest.get(metadata?.uid ?? "") ?? [])
      .toSorted(byTime).at(-1);
    return found === undefined ? undefined : eventText(found);
  }

  /** Returns why the server refuses a workload's pods, such as a quota; undefined if it doesn't. */
  refusedPod({ metadata }: AnyObject): string | undefined {
    const event = this.#latest.get(metadata?.uid ?? "");
    const message = event?.message ?? "";
    const isRefused = event?.reason === "FailedCreate" && message.includes("is forbidden");
    return isRefused ? plainText(`FailedCreate: ${message}`, 300) : undefined;
  }
}

/** The last lines of the containers that hold up objects, read once for each of their instances. */
class BlockingLogs {
  readonly #client: KubeClient;
  readonly #signal: AbortSignal;
  readonly #onRead: () => void;
  readonly #read = new Map<string, { log?: ContainerLog }>();

  constructor(client: KubeClient, signal: AbortSignal, onRead: () => void) {
    this.#client = client;
    this.#signal = signal;
    this.#onRead = onRead;
  }

  /** Returns the lines if they have been read; otherwise starts to read them. */
  of(pod: Pod): ContainerLog | undefined {
    const failing = failingContainer(pod);
    if (failing === undefined) return undefined;
    const key = `${pod.metadata?.uid} ${failing.name} ${failing.restartCount} ${
      Object.keys(failing.state ?? {})
    }`;
    const known = this.#read.get(key);
    if (known !== undefined || this.#read.size >= maxRead) return known?.log;
    const entry: { log?: ContainerLog } = {};
    this.#read.set(key, entry);
    lastLines(this.#client, pod, this.#signal).then((log) => {
      if (log === undefined) return;
      entry.log = log;
      this.#onRead();
    }, () => {
      // The wait is over, or its own request fails in the same way.
    });
    return undefined;
  }
}

function failingContainer({ status }: Pod): ContainerStatus | undefined {
  const { initContainerStatuses = [], containerStatuses = [] } = status ?? {};
  return [...initContainerStatuses, ...containerStatuses].find((one) =>
    !one.ready && one.state?.terminated?.reason !== "Completed" &&
    (one.restartCount > 0 || one.state?.terminated !== undefined ||
      one.state?.running !== undefined)
  );
}

/**
 * Returns the last lines of the container that isn't ready, of its latest instance that has written some: one that has
 * just restarted hasn't, and the kubelet removes the logs of all but the last that ended.
 */
export async function lastLines(
  client: Pick<KubeClient, "logs">,
  pod: Pod,
  signal: AbortSignal,
): Promise<ContainerLog | undefined> {
  const failing = failingContainer(pod);
  const { name: podName, namespace } = pod.metadata ?? {};
  if (failing === undefined || podName === undefined || namespace === undefined) return undefined;
  for (const previous of failing.restartCount > 0 ? [false, true] : [false]) {
    const decoder = new TextDecoder();
    let text = "";
    try {
      const chunks = await client.logs({
        namespace,
        pod: podName,
        container: failing.name,
        follow: false,
        previous,
        tailLines: maxLines,
        timestamps: false,
      }, { signal });
      for await (const bytes of chunks) {
        text = (text + decoder.decode(bytes, { stream: true })).slice(-maxLogChars);
      }
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      continue;
    }
    const lines = text.split("\n").filter((line) => line !== "" && !removedLog.test(line));
    if (lines.length > 0) return { container: failing.name, lines: lines.slice(-maxLines) };
  }
  return undefined;
}

/** The kubelet's answer instead of the lines if the runtime has removed the container. */
const removedLog = /^unable to retrieve container logs for \S+$/;

/** The details of more objects aren't read at the end. */
const maxDetails = 10;
const maxWarnings = 3;
const maxLines = 5;
const maxLogChars = 8 * 1024;
/** Warnings are remembered of this many objects, and logs read while waiting of this many instances of containers. */
const maxWarned = 10_000;
const maxRead = 200;
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
