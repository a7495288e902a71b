/** Follows the logs of many containers, of pods that come and go. */
import { maxRequestsOf } from "./events.ts";
import { onAbort, orAborted, passed } from "../../base/abort.ts";
import { BoundedQueue } from "../../base/bounded_queue.ts";
import { KodamaError } from "../../base/errors.ts";
import { Semaphore } from "../../base/semaphore.ts";
import type { Target } from "../../kube/select/target.ts";
import { cutReason } from "../../logs/read_stream.ts";
import { followContainer } from "../../logs/read_container.ts";
import { filterLines } from "../../logs/line.ts";
import type { FollowedContainer, LogStart, OpenLog } from "../../logs/reading.ts";
import type { ContextFindings, Discovery } from "../exec/discover_targets.ts";
import type { Host } from "../host.ts";
import {
  exitCodeOfLogs,
  type LogSources,
  namesPods,
  noted,
  openerOf,
  unreachedIn,
} from "./sources.ts";
import type { LogsEvent, LogsRequest } from "./events.ts";
import type { Clock } from "../../base/clock.ts";
import type { KubeClient } from "../../kube/client.ts";
import { type LiveChange, LiveList } from "../../kube/live_list.ts";
import { isNamedPod } from "../../kube/select/pod_operands.ts";
import { readPods } from "../../kube/select/read_pods.ts";
import { PODS } from "../../kube/resources.ts";
import { selectionScopes } from "../../kube/select/selection_scopes.ts";
import type { Pod } from "../../kube/types.ts";
import { type ContainerState, containerState } from "../../logs/containers.ts";
import { type LogChoice, logTargets, podSelection } from "./targets.ts";

/** Batches of lines that wait for the front end; above it the streams wait, and the servers with them. */
const queueLength = 64;

/** Logs that start to wait within this time are counted together. */
const queueingMs = 200;

/** The options of following. */
interface FollowLogsOptions {
  host: Host;
  options: LogsRequest;
  random: () => number;
  discovery: Discovery;
  /** The initial findings. */
  first: readonly ContextFindings[];
  sources: LogSources;
}

/** Ends with the signal, or when all named pods have ended. */
export async function* followLogs(params: FollowLogsOptions): AsyncGenerator<LogsEvent, void> {
  await using following = new Following(params);
  yield* following.events();
}

class Following implements AsyncDisposable {
  readonly #queue = new BoundedQueue<LogsEvent>(queueLength);
  readonly #stop = new AbortController();
  readonly #cleanup = new DisposableStack();
  readonly #slots: Semaphore;
  readonly #errors: KodamaError[] = [];
  readonly #tasks = new Set<Promise<void>>();
  /** Contexts and named pods. */
  #unreachedCount = 0;
  /** The most logs that waited at the same time; reported again only if it grows. */
  #mostQueued = 0;
  #reportingQueued = false;
  readonly #links = new ContextLinks();
  /** The number of containers being followed. */
  #followed = 0;
  /** Whether all contexts have answered. */
  #discovered = false;

  constructor(private readonly params: FollowLogsOptions) {
    const { signal } = params.options;
    const maxRequests = maxRequestsOf(params.options);
    this.#slots = new Semaphore(maxRequests, (waiting) => {
      if (waiting <= this.#mostQueued) return;
      this.#mostQueued = waiting;
      if (!this.#reportingQueued) this.#spawn(this.#reportQueued(maxRequests));
    });
    this.#cleanup.use(onAbort(signal, () => {
      this.#stop.abort(signal.reason);
      this.#queue.close();
    }));
  }

  async *events(): AsyncGenerator<LogsEvent, void> {
    const { first, discovery } = this.params;
    for (const findings of first) this.#unreachedCount += unreachedIn(findings);
    this.#spawn(this.#discover(first, discovery));
    yield* this.#queue;
    yield { kind: "ended", exitCode: exitCodeOfLogs(this.#errors, this.#unreachedCount) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new KodamaError("cancelled", "the reader of the logs has stopped"));
    this.#queue.discard();
    this.#cleanup.dispose();
    while (this.#tasks.size > 0) await Promise.allSettled(this.#tasks);
  }

  /** Runs a part of the work; if it fails, everything fails. */
  #spawn(work: Promise<void>): void {
    const task = work.catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.#queue.fail(error);
    }).finally(() => this.#tasks.delete(task));
    this.#tasks.add(task);
  }

  /** Reports once for all that start to wait together. */
  async #reportQueued(slots: number): Promise<void> {
    this.#reportingQueued = true;
    await passed(this.params.host.clock, queueingMs, { signal: this.#stop.signal });
    this.#reportingQueued = false;
    await this.#queue.push({ kind: "queued", waiting: this.#mostQueued, slots });
  }

  async #discover(first: readonly ContextFindings[], discovery: Discovery): Promise<void> {
    for (const findings of first) await this.#follow(findings);
    for await (const findings of discovery.rest()) {
      const notes = noted(findings, this.params.options.contexts);
      this.#unreachedCount += unreachedIn(findings);
      for (const note of notes) await this.#queue.push(note);
      await this.#follow(findings);
    }
    this.#discovered = true;
    this.#endWhenDone();
  }

  async #follow(findings: ContextFindings): Promise<void> {
    if (findings.kind === "failed") return;
    const { host, options, random } = this.params;
    const { signal } = this.#stop;
    const client = await host.kube(findings.context === "" ? undefined : findings.context);
    const board = new PodBoard({ client, choice: options, clock: host.clock, random, signal });
    await this.#add(board, findings.targets, false);
    this.#spawn(this.#watch(board, findings.context));
  }

  async #watch(board: PodBoard, context: string): Promise<void> {
    try {
      await board.watch((targets) => this.#add(board, targets, true));
    } catch (error) {
      if (!(error instanceof KodamaError) || this.#stop.signal.aborted) throw error;
      await this.#queue.push({ kind: "unwatched", context, error });
    }
  }

  async #add(board: PodBoard, found: readonly Target[], joined: boolean): Promise<void> {
    const { sources } = this.params;
    const targets = sources.unknown(found);
    if (targets.length === 0) return;
    const params = sources.count;
    await this.#queue.push(sources.add(targets, { joined }));
    this.#followed += targets.length;
    // The requested start is about lines that exist at the start: all lines of a later pod are new.
    const start = joined ? {} : this.params.options;
    targets.forEach((target, index) =>
      this.#spawn(this.#followOne(board, target, { source: params + index, start }))
    );
  }

  async #followOne(
    board: PodBoard,
    target: Target,
    { source, start }: { source: number; start: LogStart },
  ): Promise<void> {
    const { host, options, random } = this.params;
    const { signal } = this.#stop;
    const container = this.#container(board, target, source);
    const { clock } = host;
    let failed = false;
    for await (
      const event of followContainer(container, { source, start, clock, random, signal })
    ) {
      if (event.kind === "lines") {
        const lines = filterLines(event.lines, options);
        if (lines.length > 0) await this.#queue.push({ kind: "lines", lines });
        continue;
      }
      if (event.kind === "cut") {
        await this.#emit(this.#links.lost(target.context, source, event.reason));
        continue;
      }
      if (event.kind === "failed") this.#errors.push(event.error);
      failed ||= event.kind === "failed";
      await this.#queue.push({ ...event, source });
    }
    if (!failed) await this.#queue.push({ kind: "left", source });
    await this.#emit(this.#links.back(target.context, source));
    this.#followed--;
    this.#endWhenDone();
  }

  #container(board: PodBoard, target: Target, source: number): FollowedContainer {
    let change = board.change(target);
    const open = this.#limited(openerOf(this.params.host, target, { bulk: this.#followed > 1 }));
    return {
      open: (query, signal) => this.#watched(target, source, () => open(query, signal)),
      state: async ({ fresh, signal }) => {
        // Taken before the state is read: any later change settles this very promise.
        change = board.change(target);
        const request = () => board.state(target, fresh, signal);
        return fresh ? await this.#watched(target, source, request) : await request();
      },
      changed: (signal) => board.changed(change, signal),
    };
  }

  /** Calls the server, and reports whether it answers. */
  async #watched<T>({ context }: Target, source: number, request: () => Promise<T>): Promise<T> {
    try {
      const answer = await request();
      await this.#emit(this.#links.back(context, source));
      return answer;
    } catch (error) {
      const away = error instanceof KodamaError &&
        (error.kind === "unreachable" || error.kind === "timeout");
      if (away && !this.#stop.signal.aborted) {
        await this.#emit(this.#links.lost(context, source, cutReason(error)));
      }
      throw error;
    }
  }

  async #emit(events: readonly LogsEvent[]): Promise<void> {
    for (const event of events) await this.#queue.push(event);
  }

  /** Holds a slot while the stream is open. */
  #limited(open: OpenLog): OpenLog {
    return async (query, signal) => {
      const slot = await this.#slots.acquire(signal);
      try {
        return held(slot, await open(query, signal));
      } catch (error) {
        slot[Symbol.dispose]();
        throw error;
      }
    };
  }

  /** Named pods don't return once they have ended; all others may. */
  #endWhenDone(): void {
    const { selection } = this.params.options;
    if (this.#followed === 0 && this.#discovered && namesPods(selection)) this.#queue.close();
  }
}

/** The logs of a context that wait for its server. One outage is one event, as is its end, for any number of logs. */
class ContextLinks {
  readonly #waiting = new Map<string, Set<number>>();

  lost(context: string, source: number, reason: string): LogsEvent[] {
    const waiting = this.#waiting.get(context) ?? new Set();
    this.#waiting.set(context, waiting);
    const isFirst = waiting.size === 0;
    waiting.add(source);
    return isFirst ? [{ kind: "linkLost", context, reason }] : [];
  }

  back(context: string, source: number): LogsEvent[] {
    const waiting = this.#waiting.get(context);
    if (waiting?.delete(source) !== true || waiting.size > 0) return [];
    return [{ kind: "linkBack", context }];
  }
}

async function* held(
  slot: Disposable,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  using _slot = slot;
  yield* chunks;
}

/* Pods that appear, change and disappear in one context while their logs are followed. */

/** How often a pod is polled if it can't be watched. */
const pollMs = 2000;

/** The dependencies of a board. */
interface PodBoardOptions {
  client: KubeClient;
  choice: LogChoice;
  clock: Clock;
  random: () => number;
  signal: AbortSignal;
}

/** The known pods of a context. */
class PodBoard {
  readonly #list: LiveList<Pod>;
  /** Resolved at the next change of a pod, by pod. */
  readonly #changes = new Map<string, PromiseWithResolvers<void>>();
  /** Whether the operands select a pod, by its uid: a workload's pods are queried once for each. */
  readonly #isSelected = new Map<string, boolean>();
  #watched = true;

  constructor(private readonly options: PodBoardOptions) {
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
    if (!this.#watched) await passed(this.options.clock, pollMs, { signal });
    // The signal's reason isn't an error here.
    else await orAborted(change, signal).catch(() => {});
  }

  async #get({ namespace, pod }: Target, signal: AbortSignal): Promise<Pod | undefined> {
    try {
      return await this.options.client.get<Pod>(PODS, pod, { namespace }, { signal });
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
    const { choice, client, random } = this.options;
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
    const { choice, client, signal } = this.options;
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
