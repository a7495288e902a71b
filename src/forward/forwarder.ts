/**
 * Local ports that lead to pods: the connections of programs, the links to the pods, counters and reports.
 *
 * It doesn't know how pods are found: the caller fills a {@link PodSet}, and the routes follow it.
 */
import { Deadline } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";
import { KodamaError } from "../base/errors.ts";
import type { KubeClient } from "../kube/client.ts";
import { PortError } from "../kube/failures.ts";
import { carry, type ConnectionObserver } from "./connection.ts";
import { type Duplex, listen, type LocalListener, type RequestedAddress } from "./listen.ts";
import {
  type ConnectionRef,
  type FailureReason,
  type ForwardEvent,
  type ForwardInfo,
  type ForwardPod,
  ForwardStatistics,
} from "./model.ts";
import { PodRoute, type PodSet, type RouteMode } from "./pods.ts";
import { Tunnels } from "./tunnels.ts";

/** Inspection and faults, if they are switched on: they cost time for each chunk. */
export interface TrafficControl {
  /** Called when a program connects, with the counters of its forward. */
  observe?(ref: ConnectionRef, statistics: ForwardStatistics): ConnectionObserver;
  /** Returns the program's end with faults. */
  disturb?(client: Duplex): Duplex;
}

/** The dependencies of forwards. */
interface ForwarderParts {
  clock: Clock;
  kube(context: string): Promise<KubeClient>;
  /** How long a connection waits for the cluster, a pod, or a port that doesn't listen any more. */
  graceMs: number;
  traffic?: TrafficControl;
  /** Called for every event; must not block. */
  onEvent(event: ForwardEvent): void;
}

/** A local port. */
export interface ForwardRequest {
  address: RequestedAddress;
  /** As the user requested it. */
  target: string;
  /** The port of the pod: its number, or the name that its containers give it. */
  remote: number | string;
  /** As the user requested it: of a service, its own port. */
  requested: string;
  pods: PodSet;
  mode: RouteMode;
}

/** A server that only accepts connections would otherwise hold them forever. */
const dialLimitMs = 15_000;

/**
 * How long the connections of a pod that is gone may take to end. Its runtime may need minutes: a connection that it
 * opened while the pod's network was removed gets no answer from anyone (containerd 1.6).
 */
const goneMs = 5_000;

/** After a sleep, links that don't answer within this time are dropped. */
const probeMs = 3_000;

/** Connections at once, over all forwards: others wait in the system's queue. */
const maxConnections = 1024;

/** A local port that is open. */
export interface OpenForward {
  readonly info: ForwardInfo;
  readonly statistics: ForwardStatistics;
}

/** All forwards of a process. Disposing of it closes their ports and cuts their connections. */
export class Forwarder implements AsyncDisposable {
  readonly #forwards: Forward[] = [];
  /** The keys have the context and the uid of the pod. */
  readonly #tunnels = new Map<string, PodTunnels>();
  readonly #onPods = () => this.#removeGone();
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #connections = 0;
  #isFull = Promise.withResolvers<void>();
  #active = 0;

  constructor(private readonly parts: ForwarderParts) {
  }

  get forwards(): readonly OpenForward[] {
    return this.#forwards;
  }

  /** Opens a local port. Throws as {@link listen}. */
  async add(request: ForwardRequest): Promise<OpenForward> {
    const listener = await listen(request.address);
    const { onEvent } = this.parts;
    const id = this.#forwards.length + 1;
    let isOpen = false;
    const forward: Forward = {
      id,
      listener,
      request,
      statistics: new ForwardStatistics(),
      answered: new Set(),
      waitingSinceMs: undefined,
      route: new PodRoute(request.pods, request.mode, (from, to) => {
        if (isOpen) onEvent({ kind: "pod", forward: id, from: from?.pod, to: to?.pod });
      }),
      get info() {
        const pod = forward.route.current?.pod;
        return {
          forward: id,
          address: listener.address,
          target: request.target,
          remote: request.requested,
          ...(pod === undefined ? {} : { pod }),
        };
      },
    };
    this.#forwards.push(forward);
    request.pods.onSet(this.#onPods);
    isOpen = true;
    onEvent({ kind: "listening", info: forward.info });
    const serving = this.#serve(forward).finally(() => this.#running.delete(serving));
    this.#running.add(serving);
    return forward;
  }

  /** This machine was asleep: links that are dead are dropped now, and not when their keep-alive expires. */
  awake(sleptMs: number): void {
    this.parts.onEvent({ kind: "awake", sleptMs });
    for (const { tunnels } of this.#tunnels.values()) tunnels.probe(probeMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stop.signal.aborted) return;
    for (const { listener } of this.#forwards) listener[Symbol.dispose]();
    this.#stop.abort();
    this.#isFull.resolve();
    await Promise.all(this.#running);
    for (const { tunnels, removal } of this.#tunnels.values()) {
      removal?.[Symbol.dispose]();
      tunnels.close(new PortError("cut", "the forward has ended"));
    }
  }

  async #serve(forward: Forward): Promise<void> {
    const open = new Set<Promise<void>>();
    for await (const client of forward.listener.connections()) {
      const carried = this.#carry(forward, client).finally(() => open.delete(carried));
      open.add(carried);
      while (this.#active >= maxConnections && !this.#stop.signal.aborted) {
        await this.#isFull.promise;
      }
    }
    await Promise.all(open);
  }

  async #carry(forward: Forward, client: Duplex): Promise<void> {
    const { clock, graceMs, onEvent, traffic } = this.parts;
    const { route, statistics, id } = forward;
    const ref = { forward: id, connection: ++this.#connections };
    statistics.opened++;
    statistics.active++;
    this.#active++;
    let counted: ForwardPod | undefined;
    let isOpened = false;
    const summary = await carry(traffic?.disturb?.(client) ?? client, {
      clock,
      graceMs,
      signal: this.#stop.signal,
      observer: traffic?.observe?.(ref, statistics),
      pod: async (limitMs, signal) => {
        if (route.choose() === undefined) this.#waiting(forward, "no pod is ready");
        return await route.wait(clock, limitMs, signal);
      },
      open: async (pod) => {
        if (counted !== undefined) route.count(counted, -1);
        route.count(pod, 1);
        counted = pod;
        const tunnel = await this.#tunnelsTo(pod).open(portOf(pod, forward.request.remote));
        if (!isOpened) onEvent({ kind: "opened", ref, pod: pod.pod });
        isOpened = true;
        return tunnel;
      },
      mayRetry: (pod, reason) => this.#mayRetry(forward, pod, reason),
      onWaiting: (reason) => this.#waiting(forward, reason),
      onAnswer: (pod) => {
        forward.answered.add(pod.uid);
        forward.request.pods.trust(pod.uid);
        if (route.choose() !== undefined) this.#resumed(forward);
      },
      onBytes: (direction, count) => statistics[direction] += count,
    });
    if (counted !== undefined) route.count(counted, -1);
    // A program that has gone while its stream was being opened: the stream is closed, and not reported.
    isOpened = true;
    statistics.end(summary);
    this.#active--;
    this.#isFull.resolve();
    this.#isFull = Promise.withResolvers<void>();
    onEvent({ kind: "closed", ref, summary });
  }

  /**
   * A port that has never answered is a wrong port, unless its pod is still starting. A pod that is gone is avoided
   * until the cluster reports its state.
   */
  #mayRetry({ answered, request }: Forward, pod: ForwardPod, reason: FailureReason): boolean {
    switch (reason) {
      case "podGone":
        request.pods.suspect(pod.uid);
        return true;
      case "linkLost":
        return true;
      case "refused":
        return answered.size > 0 || pod.state !== "ready";
      default:
        return false;
    }
  }

  #waiting(forward: Forward, reason: string): void {
    if (forward.waitingSinceMs !== undefined) return;
    forward.waitingSinceMs = this.parts.clock.elapsedMs();
    this.parts.onEvent({ kind: "waiting", forward: forward.id, reason });
  }

  #resumed(forward: Forward): void {
    const since = forward.waitingSinceMs;
    if (since === undefined) return;
    forward.waitingSinceMs = undefined;
    const waitedMs = this.parts.clock.elapsedMs() - since;
    this.parts.onEvent({ kind: "resumed", forward: forward.id, waitedMs });
  }

  #tunnelsTo(target: ForwardPod): Tunnels {
    const key = keyOf(target);
    const known = this.#tunnels.get(key);
    if (known !== undefined) return known.tunnels;
    const { context, namespace, pod } = target;
    const { clock, kube } = this.parts;
    const tunnels = new Tunnels(async (signal) => {
      using limit = new Deadline(clock, dialLimitMs, signal);
      const client = await kube(context);
      try {
        return await client.portLink({ namespace, pod }, { signal: limit.signal });
      } catch (error) {
        if (!limit.expired) throw error;
        throw new KodamaError("unreachable", `${client.server} doesn't open a link to ${pod}`);
      }
    }, clock);
    this.#tunnels.set(key, { pod, tunnels, removal: undefined });
    this.#removeGone();
    return tunnels;
  }

  /** Closes the links to pods that are gone, unless they are listed again within some time. */
  #removeGone(): void {
    if (this.#stop.signal.aborted) return;
    const present = new Set(
      this.#forwards.flatMap(({ request }) => request.pods.pods.map(keyOf)),
    );
    for (const [key, known] of this.#tunnels) {
      if (present.has(key)) {
        known.removal?.[Symbol.dispose]();
        known.removal = undefined;
      } else {
        known.removal ??= this.parts.clock.timer(goneMs, () => {
          this.#tunnels.delete(key);
          known.tunnels.close(new PortError("linkLost", `${known.pod} is gone`));
        });
      }
    }
  }
}

interface PodTunnels {
  pod: string;
  tunnels: Tunnels;
  /** Set while the pod is gone. */
  removal: Disposable | undefined;
}

interface Forward extends OpenForward {
  id: number;
  listener: LocalListener;
  request: ForwardRequest;
  route: PodRoute;
  /** Pods whose port has answered, by uid. */
  answered: Set<string>;
  waitingSinceMs: number | undefined;
}

function keyOf({ context, uid }: ForwardPod): string {
  return `${context}/${uid}`;
}

/** @throws KodamaError `usage` if no container of the pod names the port. */
function portOf({ pod, namedPorts }: ForwardPod, remote: number | string): number {
  if (typeof remote === "number") return remote;
  const port = namedPorts[remote];
  if (port !== undefined) return port;
  const names = Object.entries(namedPorts).map(([name, number]) => `${name} (${number})`);
  throw new KodamaError(
    "usage",
    `${pod} has no port named ${remote}` +
      (names.length === 0 ? ": it names none" : `: it has ${names.join(", ")}`),
  );
}

/** How often the clocks are compared, and by how much they differ after a sleep. */
const wakeCheckMs = 2_000;
const leastSleepMs = 10_000;

/** Calls back after each sleep of this machine: one of the clocks stops, or both jump further than the timer. */
export function watchSleep(clock: Clock, onAwake: (sleptMs: number) => void): Disposable {
  let [wallMs, elapsedMs] = [clock.now().getTime(), clock.elapsedMs()];
  const check = () => {
    const [wall, elapsed] = [clock.now().getTime(), clock.elapsedMs()];
    const sleptMs = Math.max(wall - wallMs, elapsed - elapsedMs) - wakeCheckMs;
    [wallMs, elapsedMs] = [wall, elapsed];
    if (sleptMs > leastSleepMs) onAwake(sleptMs);
    timer = clock.timer(wakeCheckMs, check);
  };
  let timer = clock.timer(wakeCheckMs, check);
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}
