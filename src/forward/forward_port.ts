/** A local port for a program that finds the pod by itself: the steps of a workflow. */
import { onAbort, passed } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";
import { KodamaError } from "../base/errors.ts";
import type { KubeClient } from "../kube/client.ts";
import { LiveList } from "../kube/live_list.ts";
import { PODS } from "../kube/resources.ts";
import type { Pod } from "../kube/types.ts";
import type { Target } from "../kube/select/target.ts";
import { Forwarder } from "./forwarder.ts";
import type { ForwardEvent, ForwardPod } from "./model.ts";
import { PodSet } from "./pods.ts";

/** The longest time that a connection waits for a pod. */
const graceMs = 15_000;
/** How often the pod is looked for while there is none. */
const pollMs = 500;

/** A local port that leads to a pod's. */
export interface PortForward {
  remote: number;
  /** 0 is any free port. */
  local: number;
  target: Target;
  /** Returns the next target when the current target is missing. */
  again(): Promise<Target | undefined>;
  /** Reports events of connections and of the pod. */
  onLine(line: string): void;
}

/** The dependencies of a forward. */
interface ForwardParts {
  kube(context: string): Promise<KubeClient>;
  clock: Clock;
}

/**
 * Listens only on this machine, until it is disposed of. A pod that is gone is resolved again, and connections wait for
 * the next pod.
 *
 * @throws KodamaError as {@link Forwarder.add}.
 */
export async function forwardPort(
  { kube, clock }: ForwardParts,
  { remote, local, target, again, onLine }: PortForward,
): Promise<AsyncDisposable & { port: number }> {
  const stop = new AbortController();
  const pods = new PodSet();
  let name = target.pod;
  let search: Promise<void> | undefined;
  let following: Promise<void> = Promise.resolve();
  /** Uses a pod until it is deleted: it may answer for a while after that, by a link that is open. */
  const use = (found: Target) => {
    const pod = podOf(found);
    name = found.pod;
    pods.set([pod]);
    following = untilDeleted(found, { kube, clock, signal: stop.signal })
      .then(() => stop.signal.aborted ? undefined : pods.suspect(pod.uid));
  };
  use(target);
  /** Looks for the pod until it finds a pod that hasn't refused. */
  const find = async () => {
    const untilMs = clock.elapsedMs() + graceMs;
    while (!stop.signal.aborted && clock.elapsedMs() < untilMs) {
      const found = await again().catch((error: unknown) => {
        // Between two pods there may be none.
        if (error instanceof KodamaError) return undefined;
        throw error;
      });
      if (found !== undefined && !pods.isSuspect(podOf(found).uid)) {
        if (found.pod !== name) onLine(`${name} is gone; it is ${found.pod} now`);
        return use(found);
      }
      await passed(clock, pollMs, { signal: stop.signal });
    }
  };
  const onEvent = (event: ForwardEvent) => {
    if (event.kind === "closed" && event.summary.failure !== undefined) {
      onLine(`${name}:${remote}: ${event.summary.failure.message}`);
    }
    if (event.kind === "pod" && event.to === undefined) {
      search ??= find().finally(() => search = undefined);
    }
  };
  const forwarder = new Forwarder({ clock, kube, graceMs, onEvent });
  const forward = await forwarder.add({
    address: { kind: "tcp", hostname: "127.0.0.1", port: local, isFallbackAllowed: false },
    target: name,
    remote,
    requested: String(remote),
    pods,
    mode: { kind: "one" },
  });
  const { address } = forward.info;
  return {
    port: address.kind === "tcp" ? address.port : 0,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await forwarder[Symbol.asyncDispose]();
      await Promise.all([search, following]);
    },
  };
}

/**
 * Resolves when a pod is deleted; never, but for an aborted signal, if it can't be watched: then a connection that is
 * refused shows that it is gone.
 */
async function untilDeleted(
  { context, namespace, pod }: Target,
  { kube, clock, signal }: ForwardParts & { signal: AbortSignal },
): Promise<void> {
  try {
    const source = { client: await kube(context), resource: PODS, scope: { namespace }, name: pod };
    const list = new LiveList<Pod>([source], { clock, signal });
    for await (const event of list.events()) {
      if (event.kind === "inSync" && list.objects.size === 0) return;
      if (event.kind === "changed" && event.changes.some(({ kind }) => kind === "deleted")) return;
    }
  } catch (error) {
    if (!(error instanceof KodamaError) && !signal.aborted) throw error;
    if (!signal.aborted) await new Promise<void>((resolve) => onAbort(signal, resolve));
  }
}

function podOf({ context, namespace, pod, uid }: Target): ForwardPod {
  return { context, namespace, pod, uid: uid ?? pod, state: "ready", namedPorts: {} };
}
