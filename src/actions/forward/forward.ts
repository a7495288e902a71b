/** Forwards local ports to pods until the signal aborts. */
import { KodamaError, NoMatchError, UsageError } from "../../base/errors.ts";
import { hint, option } from "../../base/hint.ts";
import {
  Forwarder,
  type ForwardRequest,
  type OpenForward,
  watchSleep,
} from "../../forward/forwarder.ts";
import type { RequestedAddress } from "../../forward/listen.ts";
import type { ForwardEvent, ForwardInfo, ForwardPod } from "../../forward/model.ts";
import { PodSet, type RouteMode } from "../../forward/pods.ts";
import { isTransient } from "../../kube/failures.ts";
import { LiveList } from "../../kube/live_list.ts";
import { compareNatural } from "../../kube/select/selection.ts";
import type { Selection, SelectionOperand } from "../../kube/select/target.ts";
import type { Pod } from "../../kube/types.ts";
import { ContextAnswers } from "../exec/ask_contexts.ts";
import type { ContextWait } from "../exec/find_retrying.ts";
import type { Host } from "../host.ts";
import { notTcpError, type Pool, poolsOf } from "./pools.ts";
import { type PortMapping, portText } from "./ports.ts";
import {
  type OpenTraffic,
  openTraffic,
  type RecordingSummary,
  type TrafficEvent,
  type TrafficOptions,
} from "./traffic.ts";

export type { ForwardInfo } from "../../forward/model.ts";
export { ForwardStatistics } from "../../forward/model.ts";
export type { OpenForward } from "../../forward/forwarder.ts";

/** Targets, and the ports that lead to each of them. */
export interface ForwardGroup {
  /** The whole selection if there are none. */
  targets: readonly SelectionOperand[];
  /** The ports that the targets declare if there are none. */
  ports: readonly PortMapping[];
}

/** The ports to forward, and how. */
export interface ForwardOptions {
  contexts: readonly string[];
  /** Without operands: the targets of the groups take their place. */
  selection: Selection;
  groups: readonly ForwardGroup[];
  /** A single local port for all pods of a group, instead of a port for each. */
  balance: boolean;
  /** If a local port is taken, the next free port. */
  free: boolean;
  /** `localhost` is both addresses of the loopback. */
  address: string;
  graceMs: number;
  traffic: TrafficOptions;
  /** Serves the counters for Prometheus. */
  metrics?: { hostname: string; port: number };
  signal: AbortSignal;
}

/** The events of a forward command. */
export type ForwardActionEvent =
  | ForwardEvent
  /** Every port is open, but for those of contexts that need longer. */
  | { kind: "ready"; forwards: readonly OpenForward[] }
  /** A context needs longer than a second. */
  | ContextWait
  /** The others continue. */
  | { kind: "contextFailed"; context: string; error: KodamaError }
  /** Changes of the pods are missed until it is in sync again. */
  | { kind: "outOfSync"; error: KodamaError }
  | { kind: "inSync" }
  /** Events came faster than they were taken. */
  | { kind: "skipped"; count: number }
  /** The counters are served there. */
  | { kind: "metrics"; url: string }
  /** The traffic of a connection, with `inspect`. */
  | { kind: "traffic"; event: TrafficEvent }
  /** The last event; with the summary of a recording. */
  | { kind: "ended"; forwards: readonly OpenForward[]; record?: RecordingSummary };

/** Events that wait for the consumer. */
const maxEvents = 4096;

/**
 * Opens the ports, and yields events until the signal aborts.
 *
 * @throws NoMatchError, KodamaError `conflict` if a port is taken, UsageError for ports that contradict each other.
 */
export async function* forward(
  host: Host,
  options: ForwardOptions,
): AsyncGenerator<ForwardActionEvent, void> {
  const { clock } = host;
  const events = new Events();
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  using _abort = { [Symbol.dispose]: () => stop.abort() };
  const traffic = await openTraffic(
    host,
    { ...options.traffic, count: options.metrics !== undefined },
    (event) => events.put({ kind: "traffic", event }),
  );
  await using _traffic = { [Symbol.asyncDispose]: async () => void await traffic?.end() };
  await using forwarder = await opened(host, options, { events, signal, traffic });
  using _sleep = watchSleep(clock, (sleptMs) => forwarder.awake(sleptMs));
  await using _metrics = options.metrics && await openMetrics(options.metrics, forwarder, events);
  events.put({ kind: "ready", forwards: forwarder.forwards });
  yield* events.until(options.signal);
  await forwarder[Symbol.asyncDispose]();
  const record = await traffic?.end();
  yield {
    kind: "ended",
    forwards: forwarder.forwards,
    ...(record === undefined ? {} : { record }),
  };
}

async function openMetrics(
  address: { hostname: string; port: number },
  forwarder: Forwarder,
  events: Events,
): Promise<AsyncDisposable> {
  const { metricsText, serveMetrics } = await import("../../forward/metrics.ts");
  const served = serveMetrics(
    address,
    () =>
      metricsText(
        forwarder.forwards.map((forward) => ({ local: addressText(forward.info), forward })),
      ),
  );
  events.put({ kind: "metrics", url: served.url });
  return served;
}

/** The pools of a group's targets in a context, or in several. */
interface GroupPools {
  pools: readonly Pool[];
  ports: readonly PortMapping[];
}

/** Opens the ports of the contexts that answer; those of a context that needs longer follow, unless they are joined. */
async function opened(
  host: Host,
  { contexts, selection, groups, graceMs, ...options }: ForwardOptions,
  { events, signal, traffic }: {
    events: Events;
    signal: AbortSignal;
    traffic: OpenTraffic | undefined;
  },
): Promise<Forwarder> {
  const answers = new ContextAnswers(host, contexts, async (name, bound) => {
    const client = await host.kube(name);
    const found = await Promise.all(
      groups.map(({ targets }) => poolsOf(host, client, { selection, targets, signal: bound })),
    );
    return { context: client.context, found };
  }, { signal, onWait: (wait) => events.put(wait) });
  const all: ForwardRequest[] = [];
  const add = async (found: readonly (readonly Pool[])[][]) => {
    const requests = (await Promise.all(groups.map(({ ports }, index) =>
      groupRequests(
        { pools: found.flatMap((one) => one[index] ?? []), ports },
        { ...options, host, events, signal },
      )
    ))).flat();
    requireApart([...all, ...requests]);
    all.push(...requests);
    for (const request of requests) await forwarder.add(request);
  };
  const first = options.balance
    ? await Array.fromAsync(answers.rest())
    : await answers.first(() => true);
  const found = first.flatMap((one) => one.kind === "answered" ? [one.value] : [])
    // The local ports of a selection are numbered in this order.
    .toSorted((a, b) => contexts.indexOf(a.context) - contexts.indexOf(b.context))
    .map((one) => one.found);
  for (const one of first) {
    if (one.kind === "answered") continue;
    const { context, error } = one;
    if (found.length === 0 || !isTransient(error)) throw error;
    events.put({ kind: "contextFailed", context, error });
  }
  const forwarder = new Forwarder({
    clock: host.clock,
    kube: (context) => host.kube(context),
    graceMs,
    onEvent: (event) => events.put(event),
    ...(traffic === undefined ? {} : { traffic: traffic.control }),
  });
  try {
    await add(found);
  } catch (error) {
    await forwarder[Symbol.asyncDispose]();
    throw error;
  }
  const late = async () => {
    for await (const one of answers.rest()) {
      if (signal.aborted) return;
      const context = one.kind === "answered" ? one.value.context : one.context;
      try {
        if (one.kind === "failed") throw one.error;
        await add([one.value.found]);
      } catch (error) {
        if (!(error instanceof KodamaError)) throw error;
        events.put({ kind: "contextFailed", context, error });
      }
    }
  };
  late().catch((error: unknown) => events.fail(error));
  return forwarder;
}

/** Returns the ports to open for a group, once its pods are known. */
async function groupRequests(
  { pools, ports }: GroupPools,
  { host, events, signal, ...options }: Pick<ForwardOptions, "balance" | "free" | "address"> & {
    host: Host;
    events: Events;
    signal: AbortSignal;
  },
): Promise<ForwardRequest[]> {
  const requests: ForwardRequest[] = [];
  for (const pool of options.balance ? [joined(pools)] : pools) {
    const pods = new PodSet();
    const list = new LiveList<Pod, ForwardPod>(pool.sources, {
      clock: host.clock,
      signal,
      pollMs,
    });
    const first = Promise.withResolvers<void>();
    const followed = follow(list, pods, { events, onFirst: first.resolve });
    followed.catch((error: unknown) => events.fail(error));
    await Promise.race([first.promise, followed]);
    requests.push(...requestsOf(pool, pods, { ...options, ports }));
  }
  return requests;
}

/** Pods that may be read and not watched are read at this interval. */
const pollMs = 2_000;

async function follow(
  list: LiveList<Pod, ForwardPod>,
  pods: PodSet,
  { events, onFirst }: { events: Events; onFirst: () => void },
): Promise<never> {
  let isOut = false;
  for await (const { objects, outage } of list.snapshots()) {
    if (outage !== undefined && !isOut) events.put({ kind: "outOfSync", error: outage.error });
    if (outage === undefined && isOut) events.put({ kind: "inSync" });
    isOut = outage !== undefined;
    pods.set([...objects.values()].toSorted((a, b) => compareNatural(a.pod, b.pod)));
    onFirst();
  }
  throw new Error("a list without an end has ended");
}

/** Several targets behind the same local port. */
function joined(pools: readonly Pool[]): Pool {
  const [first, ...others] = pools;
  if (first === undefined) throw new NoMatchError("no pod matches");
  return {
    ...first,
    target: [first, ...others].map(({ target }) => target).join(", "),
    sources: [first, ...others].flatMap(({ sources }) => sources),
    count: [first, ...others].reduce((sum, { count }) => sum + count, 0),
  };
}

/** @throws UsageError for ports that the pods don't have, or that can't be forwarded. */
export function requestsOf(
  { target, isSelection, declared, routeOf }: Pool,
  pods: PodSet,
  { ports, balance, free, address }: Pick<ForwardOptions, "balance" | "free" | "address"> & {
    ports: readonly PortMapping[];
  },
): ForwardRequest[] {
  const requested = ports.length > 0 ? ports : declared;
  if (requested.length === 0) {
    throw new UsageError(`no port of ${target} is named, and it declares none`, {
      hint: "name one: 8080:80",
    });
  }
  const usable = pods.pods.filter(({ state }) => state === "ready" || state === "running");
  const slots = balance || !isSelection ? 1 : usable.length;
  if (slots === 0) throw new NoMatchError(`no pod of ${target} is running`);
  return requested.flatMap(({ local, remote }, number) => {
    const mode: RouteMode = balance
      ? { kind: "balance" }
      : isSelection
      ? { kind: "own", group: String(number) }
      : { kind: "one" };
    if (local.kind === "unix" && slots > 1) {
      throw new UsageError(`${local.path} can't lead to ${slots} pods`, {
        hint: hint`with ${option("balance")} it leads to all of them`,
      });
    }
    const { remote: port, own } = routeOf(remote);
    requireNamed(port, pods.pods, target);
    const numbered = local.kind !== "same"
      ? local
      : localOf(own ?? pods.pods.map(({ namedPorts }) => namedPorts[port]).find(Boolean));
    return Array.from({ length: slots }, (_, index): ForwardRequest => ({
      address: addressOf(numbered, { index, address, free: free || ports.length === 0 }),
      target,
      remote: port,
      requested: String(remote),
      pods,
      mode,
    }));
  });
}

/** Without pods no number is known. */
function localOf(port: number | undefined): PlaceableLocal {
  return port === undefined ? { kind: "free" } : { kind: "port", port };
}

/** A local port whose number doesn't depend on the pods. */
type PlaceableLocal = Exclude<PortMapping["local"], { kind: "same" }>;

/** @throws UsageError if there are pods, and the port of none is for TCP, or has the name. */
function requireNamed(port: number | string, pods: readonly ForwardPod[], target: string): void {
  if (pods.length > 0 && pods.every(({ notTcp = [] }) => notTcp.includes(port))) {
    throw notTcpError(target, port);
  }
  if (typeof port === "number" || pods.length === 0) return;
  if (pods.some(({ namedPorts }) => namedPorts[port] !== undefined)) return;
  const named = Object.entries(pods[0]?.namedPorts ?? {});
  throw new UsageError(`no container of ${target} names a port ${port}`, {
    hint: named.length === 0
      ? "they name none: use its number"
      : `the names are ${named.map(([name, number]) => `${name} (${number})`).join(", ")}`,
  });
}

function addressOf(
  local: PlaceableLocal,
  { index, address, free }: { index: number; address: string; free: boolean },
): RequestedAddress {
  if (local.kind === "unix") return local;
  const port = local.kind === "free" ? 0 : local.port + index;
  if (port > 65_535) throw new UsageError("there are more pods than local ports");
  return { kind: "tcp", hostname: address, port, isFallbackAllowed: free };
}

/** @throws UsageError if two forwards need the same local port. */
function requireApart(requests: readonly ForwardRequest[]): void {
  const taken = new Map<string, ForwardRequest>();
  for (const request of requests) {
    const { address } = request;
    if (address.kind === "tcp" && (address.port === 0 || address.isFallbackAllowed)) continue;
    const key = address.kind === "tcp" ? String(address.port) : address.path;
    const other = taken.get(key);
    if (other !== undefined) {
      const remote = portText({ local: { kind: "free" }, remote: request.remote });
      throw new UsageError(
        `local ${key} is requested twice: for ${other.target} and ${request.target}`,
        {
          hint: hint`${remote.startsWith(":") ? remote : `:${remote}`} takes any free one; ${
            option("balance")
          } needs one for all pods`,
        },
      );
    }
    taken.set(key, request);
  }
}

/** A queue that never blocks those who fill it. */
class Events {
  #queue: ForwardActionEvent[] = [];
  #skipped = 0;
  #arrived = Promise.withResolvers<void>();
  #failure: { error: unknown } | undefined;

  put(event: ForwardActionEvent): void {
    // Only the events of connections are many.
    const isMany = event.kind === "opened" || event.kind === "closed" || event.kind === "traffic";
    if (isMany && this.#queue.length >= maxEvents) this.#skipped++;
    else this.#queue.push(event);
    this.#arrived.resolve();
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#arrived.resolve();
  }

  async *until(signal: AbortSignal): AsyncGenerator<ForwardActionEvent, void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => resolve(), { once: true });
    for (;;) {
      const events = this.#queue;
      const skipped = this.#skipped;
      this.#queue = [];
      this.#skipped = 0;
      this.#arrived = Promise.withResolvers<void>();
      yield* events;
      if (skipped > 0) yield { kind: "skipped", count: skipped };
      if (signal.aborted) return;
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#queue.length > 0) continue;
      await Promise.race([this.#arrived.promise, promise]);
    }
  }
}

/** Returns the address as programs are given it: `localhost:8080`, `unix:/run/web.sock`. */
export function addressText({ address }: Pick<ForwardInfo, "address">): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  const { hostname, port } = address;
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
