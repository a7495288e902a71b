/** Pods for tests of forwards: the results of each attempt to reach them. */
import type {
  KubeClient,
  PortLink,
  PortStream,
  WatchEvent,
  WatchOptions,
} from "../../kube/client.ts";
import { onAbort, orAborted } from "../../base/abort.ts";
import { Changes } from "../../base/testing/changes.ts";
import { PortError } from "../../kube/failures.ts";

/**
 * The behaviour of a connection to a pod's port: echoes behind the pod's name; says nothing until its input has ended,
 * then how long it was; reads, and says nothing; reads, and then the link breaks; or fails as the API reports it.
 */
export type PortBehaviour = "echo" | "count" | "silent" | "lost" | PortError;

/** The result of opening a link to a pod; none until it is given up. */
export type LinkBehaviour = Error | "hangs" | PortBehaviour;

/** A client whose links behave as listed, the last behaviour for all later links. */
export function clientOfPods(pods: Record<string, LinkBehaviour[]>): {
  client: KubeClient;
  /** Links that were opened. */
  links: PortLink[];
  /** Bytes that the pods have received. */
  received(): number;
  /** Reports each attempt to reach a pod, and each reception. */
  changes: Changes;
  /** Deletes a pod, whose links go on. */
  remove(pod: string): void;
} {
  const changes = new Changes();
  const watched = new Map<string, PromiseWithResolvers<void>>();
  const removed = (pod: string) => {
    const known = watched.get(pod) ?? Promise.withResolvers<void>();
    watched.set(pod, known);
    return known;
  };
  const podOf = (scope: { fieldSelector?: string }) =>
    (scope.fieldSelector ?? "").replace("metadata.name=", "");
  const objectOf = (name: string) => ({ metadata: { name, namespace: "n", uid: name } });
  const links: PortLink[] = [];
  let received = 0;
  const next = (pod: string) => {
    const [first, ...others] = pods[pod] ?? [];
    if (others.length > 0) pods[pod]?.shift();
    return first ?? new Error(`a test has no pod ${pod}`);
  };
  const client = {
    server: "https://lab",
    async *list(_resource: unknown, scope: { fieldSelector?: string }) {
      yield await Promise.resolve({ items: [objectOf(podOf(scope))], resourceVersion: "1" });
    },
    watch(_resource: unknown, scope: { fieldSelector?: string }, options: WatchOptions) {
      return Promise.resolve(changesOf(podOf(scope), options.signal));
    },
    portLink({ pod }: { pod: string }, { signal }: { signal: AbortSignal }) {
      changes.changed();
      const [first] = pods[pod] ?? [];
      if (first === "hangs") {
        next(pod);
        return orAborted(new Promise<never>(() => {}), signal);
      }
      if (first instanceof Error && !(first instanceof PortError)) {
        next(pod);
        return Promise.reject(first);
      }
      const ended = Promise.withResolvers<string>();
      const streams = new Set<PortStream>();
      const link: PortLink & { end: string | undefined } = {
        isBlocked: false,
        isSpent: false,
        ended: ended.promise,
        end: undefined,
        probe() {},
        open() {
          const behaviour = next(pod);
          if (behaviour === "hangs") return new Promise<never>(() => {});
          if (behaviour instanceof Error && !(behaviour instanceof PortError)) {
            link[Symbol.dispose]();
            return Promise.reject(new PortError("linkLost", behaviour.message));
          }
          const stream = streamOf(pod, behaviour, (count) => {
            received += count;
            changes.changed();
          });
          streams.add(stream);
          return Promise.resolve(stream);
        },
        [Symbol.dispose]() {
          link.end = "disposed";
          for (const stream of streams) stream[Symbol.dispose]();
          ended.resolve("disposed");
        },
      };
      links.push(link);
      return Promise.resolve(link);
    },
  };
  async function* changesOf(pod: string, signal = new AbortController().signal) {
    await Promise.race([removed(pod).promise, new Promise<void>((end) => onAbort(signal, end))]);
    if (signal.aborted) return;
    const event: WatchEvent<unknown> = {
      kind: "deleted",
      object: objectOf(pod),
      resourceVersion: "2",
    };
    yield event;
    await new Promise<void>((end) => onAbort(signal, end));
  }
  const remove = (pod: string) => removed(pod).resolve();
  return {
    client: client as unknown as KubeClient,
    links,
    received: () => received,
    changes,
    remove,
  };
}

function streamOf(
  pod: string,
  behaviour: PortBehaviour,
  onReceived: (count: number) => void,
): PortStream {
  const encoder = new TextEncoder();
  const queue: Uint8Array[] = behaviour === "echo" ? [encoder.encode(`${pod}:`)] : [];
  let failure: PortError | undefined = behaviour instanceof PortError ? behaviour : undefined;
  let count = 0;
  let isEnded = false;
  let wake = () => {};
  return {
    async read() {
      for (;;) {
        const bytes = queue.shift();
        if (bytes !== undefined) return bytes;
        if (failure !== undefined) throw failure;
        if (isEnded && behaviour !== "silent") return null;
        await new Promise<void>((resolve) => wake = resolve);
      }
    },
    write(bytes) {
      if (behaviour === "echo") queue.push(bytes.slice());
      count += bytes.length;
      onReceived(bytes.length);
      if (behaviour === "lost") failure = new PortError("linkLost", "the link is gone");
      wake();
      return Promise.resolve();
    },
    closeWrite() {
      if (behaviour === "count") queue.push(encoder.encode(`${pod}:${count}`));
      isEnded = true;
      wake();
      return Promise.resolve();
    },
    [Symbol.dispose]() {
      failure ??= new PortError("cut", "it was closed");
      wake();
    },
  };
}
