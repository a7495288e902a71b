/**
 * The obstacles of objects that are awaited: the latest warnings about them, and the last lines of their containers.
 */
import { KodamaError, unlessError } from "../../base/errors.ts";
import { definedOnly } from "../../base/json_value.ts";
import { plainText } from "../../base/plain_text.ts";
import type { ApiResource, KubeClient } from "../../kube/client.ts";
import { wholeList } from "../../kube/http/list.ts";
import { eventsAbout } from "../../kube/object_ref.ts";
import { EVENTS } from "../../kube/resources.ts";
import type { ContainerStatus, Event, ObjectMeta, Pod } from "../../kube/types.ts";
import { type AnyObject, isRefusal } from "../../wait/readiness.ts";

const maxLines = 5;
const maxLogChars = 8 * 1024;
/** Warnings are remembered of this many objects, and logs read while waiting of this many instances of containers. */
const maxWarned = 10_000;
const maxRead = 200;

/** The last lines of a container. */
export interface ContainerLog {
  container: string;
  lines: readonly string[];
}

/** Returns the events about this object, and about no earlier one of its name; none to a caller who may not read them. */
export async function eventsOf(
  client: Pick<KubeClient, "list">,
  resource: ApiResource,
  metadata: ObjectMeta,
  signal?: AbortSignal,
): Promise<readonly Event[]> {
  const scope = eventsAbout(resource, metadata);
  const list = wholeList(() => client.list<Event>(EVENTS, scope, definedOnly({ signal })));
  return (await unlessError(["forbidden"], list))?.items ?? [];
}

/** Warnings that hold up nothing: a cluster without DNS prints them about every pod, several times. */
const noise: ReadonlySet<string> = new Set(["MissingClusterDNS", "DNSConfigForming"]);

/** Reports of the controller of claims as Normal, although they are why a claim isn't bound. */
const claimReasons: ReadonlySet<string> = new Set(["FailedBinding", "WaitForFirstConsumer"]);

/** Returns whether an Event may say why an object isn't ready. */
export function isRevealing({ type, reason = "" }: Event): boolean {
  return type === "Warning" ? !noise.has(reason) : claimReasons.has(reason);
}

function timeOf({ series, lastTimestamp, eventTime }: Event): string {
  return series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? "";
}

/** Sorts Events by their last time. */
export function byTime(a: Event, b: Event): number {
  return timeOf(a) < timeOf(b) ? -1 : timeOf(a) > timeOf(b) ? 1 : 0;
}

/** Returns an Event as a line. */
export function eventText({ reason, message = "" }: Event): string {
  return plainText(`${reason}: ${message}`, 300);
}

/** Returns whether a warning repeats a reason. */
export function repeats(reason: string, warning: string): boolean {
  const [cause = "", message = ""] = warning.split(/: (.*)/s);
  if (reason.includes(message.replace(/^Error: /, ""))) return true;
  if (cause === "BackOff") return /BackOff/.test(reason);
  return cause === "Failed" && /ImagePull/.test(reason) && /image|ImagePull/i.test(message);
}

/** The latest warning about each object, as they come. */
export class Warnings {
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

  /** Returns the latest warning about any of the objects. */
  latest(objects: readonly AnyObject[]): string | undefined {
    const found = objects.flatMap(({ metadata }) => this.#latest.get(metadata?.uid ?? "") ?? [])
      .toSorted(byTime).at(-1);
    return found === undefined ? undefined : eventText(found);
  }

  /** Returns why the server refuses a workload's pods, such as a quota; undefined if it doesn't. */
  refusedPod({ metadata }: AnyObject): string | undefined {
    const event = this.#latest.get(metadata?.uid ?? "");
    const message = event?.message ?? "";
    const isRefused = event?.reason === "FailedCreate" && isRefusal(message);
    return isRefused ? plainText(`FailedCreate: ${message}`, 300) : undefined;
  }
}

/** The last lines of the containers that hold up objects, read once for each of their instances. */
export class BlockingLogs {
  readonly #read = new Map<string, { log?: ContainerLog }>();

  constructor(
    private readonly client: KubeClient,
    private readonly signal: AbortSignal,
    private readonly onRead: () => void,
  ) {}

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
    lastLines(this.client, pod, this.signal).then((log) => {
      if (log === undefined) return;
      entry.log = log;
      this.onRead();
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
 * Returns the last lines of the container that isn't ready, of its latest instance that has written some: a restarted
 * instance may have none, and the kubelet removes the logs of all but the last that ended.
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
