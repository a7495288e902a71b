/** Which pod a connection goes to. */
import { passed } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";
import type { ForwardPod } from "./model.ts";

/** The pods that a forward may use, as they are now; several forwards may share them. */
export class PodSet {
  #pods: readonly ForwardPod[] = [];
  #changed = Promise.withResolvers<void>();
  /** Pods that have just refused as gone, before the cluster reports that they are. */
  readonly #suspects = new Set<string>();
  /** The pods that routes have taken, with their group: `GROUP/UID`. */
  readonly #taken = new Set<string>();
  readonly #routes: PodRoute[] = [];
  readonly #listeners = new Set<() => void>();

  get pods(): readonly ForwardPod[] {
    return this.#pods;
  }

  /** Resolves at the next change. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** Calls back when other pods are listed; the same function once. */
  onSet(listener: () => void): void {
    this.#listeners.add(listener);
  }

  set(pods: readonly ForwardPod[]): void {
    this.#pods = pods;
    const uids = new Set(pods.map(({ uid }) => uid));
    for (const uid of this.#suspects) if (!uids.has(uid)) this.#suspects.delete(uid);
    for (const route of this.#routes) route.refresh();
    for (const listener of this.#listeners) listener();
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    resolve();
  }

  /** A pod has refused as if it were gone: the others come first. */
  suspect(uid: string): void {
    this.#suspects.add(uid);
    for (const route of this.#routes) route.refresh();
  }

  /** The pod answers: it isn't suspected any more. */
  trust(uid: string): void {
    this.#suspects.delete(uid);
  }

  isSuspect(uid: string): boolean {
    return this.#suspects.has(uid);
  }

  add(route: PodRoute): void {
    this.#routes.push(route);
    route.refresh();
  }

  /** A route of a group leads to another pod: no other route of the group takes it. */
  take(group: string, uid: string | undefined, previous: string | undefined): void {
    if (previous !== undefined) this.#taken.delete(`${group}/${previous}`);
    if (uid !== undefined) this.#taken.add(`${group}/${uid}`);
  }

  isTaken(group: string, uid: string): boolean {
    return this.#taken.has(`${group}/${uid}`);
  }
}

/** How a local port uses its pods. */
export type RouteMode =
  /** A single pod, as long as it is there. */
  | { kind: "one" }
  /** A pod that no other local port of the group leads to. */
  | { kind: "own"; group: string }
  /** Every ready pod: a connection goes to the pod with the fewest. */
  | { kind: "balance" };

/** The pods of a local port. */
export class PodRoute {
  #current: ForwardPod | undefined;
  #last: ForwardPod | undefined;
  /** The number of open connections of balanced pods, by uid. */
  readonly #active = new Map<string, number>();

  constructor(
    private readonly set: PodSet,
    private readonly mode: RouteMode,
    private readonly onChange: (from: ForwardPod | undefined, to: ForwardPod | undefined) => void,
  ) {
    set.add(this);
  }

  /** The pod that it leads to; undefined if there is none, or it is balanced. */
  get current(): ForwardPod | undefined {
    return this.#current;
  }

  /** The pods have changed. */
  refresh(): void {
    const mode = this.mode;
    if (mode.kind === "balance") return;
    const next = choosePod(this.set.pods, {
      current: this.#last?.uid,
      isExcluded: (uid) =>
        this.set.isSuspect(uid) ||
        (mode.kind === "own" && uid !== this.#current?.uid && this.set.isTaken(mode.group, uid)),
    });
    if (next?.uid === this.#current?.uid) {
      this.#current = next;
      return;
    }
    if (mode.kind === "own") this.set.take(mode.group, next?.uid, this.#current?.uid);
    const from = this.#last;
    this.#current = next;
    this.#last = next ?? from;
    this.onChange(from, next);
  }

  /** Returns the pod for a connection; undefined if there is none now. */
  choose(): ForwardPod | undefined {
    if (this.mode.kind !== "balance") return this.#current;
    const ready = this.set.pods.filter(({ state, uid }) =>
      state === "ready" && !this.set.isSuspect(uid)
    );
    const load = ({ uid }: ForwardPod) => this.#active.get(uid) ?? 0;
    let least: ForwardPod | undefined;
    for (const pod of ready) if (least === undefined || load(pod) < load(least)) least = pod;
    return least;
  }

  /** Waits for a pod, at most this long; returns undefined if none came. */
  async wait(clock: Clock, limitMs: number, signal: AbortSignal): Promise<ForwardPod | undefined> {
    const deadlineMs = clock.elapsedMs() + limitMs;
    for (;;) {
      const pod = this.choose();
      const remainingMs = deadlineMs - clock.elapsedMs();
      if (pod !== undefined || remainingMs <= 0 || signal.aborted) return pod ?? this.#lastResort();
      await passed(clock, remainingMs, { settled: this.set.changed, signal });
    }
  }

  /** A connection to a pod has started, or ended. */
  count({ uid }: ForwardPod, change: 1 | -1): void {
    const count = (this.#active.get(uid) ?? 0) + change;
    if (count === 0) this.#active.delete(uid);
    else this.#active.set(uid, count);
  }

  /** After the grace time a pod that isn't ready is better than none. */
  #lastResort(): ForwardPod | undefined {
    const mode = this.mode;
    return this.set.pods.find(({ state, uid }) =>
      state === "running" && (mode.kind !== "own" || !this.set.isTaken(mode.group, uid))
    );
  }
}

/**
 * Returns the pod to use: the current pod as long as it runs; then a ready pod, the last of the list first if they are
 * equal; at the very start a running pod that isn't ready, as kubectl does.
 */
export function choosePod(
  pods: readonly ForwardPod[],
  { current, isExcluded }: { current: string | undefined; isExcluded: (uid: string) => boolean },
): ForwardPod | undefined {
  const usable = pods.filter(({ uid }) => !isExcluded(uid));
  const same = usable.find(({ uid }) => uid === current);
  if (same !== undefined && (same.state === "ready" || same.state === "running")) return same;
  const ready = usable.find(({ state }) => state === "ready");
  if (ready !== undefined || current !== undefined) return ready;
  return usable.find(({ state }) => state === "running");
}
