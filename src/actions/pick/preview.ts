/** Details of a pod in a preview, besides its row: its events, and its last log lines. */
import { BoundedQueue } from "../../base/bounded_queue.ts";
import { KodamaError } from "../../base/errors.ts";
import { definedOnly } from "../../base/json_value.ts";
import type { KubeClient } from "../../kube/client.ts";
import { eventsAbout } from "../../kube/object_ref.ts";
import { EVENTS, PODS } from "../../kube/resources.ts";
import type { Target } from "../../kube/select/target.ts";
import type { Event } from "../../kube/types.ts";
import type { Host } from "../host.ts";

/** One event of a pod. */
interface PreviewEvent {
  /** Milliseconds since the epoch; NaN if not reported. */
  atMs: number;
  warning: boolean;
  reason: string;
  message: string;
  count: number;
}

/** A part of the preview; the parts arrive in any order. */
export type PreviewPart =
  /** The newest first. */
  | { kind: "events"; events: readonly PreviewEvent[] }
  /** The oldest first. */
  | { kind: "log"; container: string; lines: readonly string[] }
  | { kind: "failed"; part: "events" | "log"; error: KodamaError };

const maxEvents = 8;
const logLines = 30;
const maxLogBytes = 64 * 1024;

/** Requests both parts at once; neither waits for the other. */
export async function* previewPod(
  host: Host,
  target: Target,
  signal: AbortSignal,
): AsyncGenerator<PreviewPart, void> {
  const client = await host.kube(target.context);
  const parts = new BoundedQueue<PreviewPart>(2);
  const load = async (part: "events" | "log", answer: Promise<PreviewPart>) => {
    try {
      await parts.push(await answer);
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      await parts.push({ kind: "failed", part, error });
    }
  };
  const loading = [
    load("events", eventsOf(client, target, signal)),
    load("log", logOf(client, target, signal)),
  ];
  Promise.all(loading).then(() => parts.close(), (error: unknown) => parts.fail(error));
  yield* parts;
}

async function eventsOf(
  client: KubeClient,
  { namespace, pod, uid }: Target,
  signal: AbortSignal,
): Promise<PreviewPart> {
  const scope = eventsAbout(PODS, { name: pod, namespace, ...definedOnly({ uid }) });
  const events: PreviewEvent[] = [];
  for await (const { items } of client.list<Event>(EVENTS, scope, { signal })) {
    events.push(...items.map(previewEvent));
    // One page is enough for a pod; the server sends events in no order of time.
    break;
  }
  events.sort((a, b) => (b.atMs || 0) - (a.atMs || 0));
  return { kind: "events", events: events.slice(0, maxEvents) };
}

function previewEvent(event: Event): PreviewEvent {
  const { lastTimestamp, eventTime, firstTimestamp, metadata } = event;
  const at = lastTimestamp ?? eventTime ?? firstTimestamp ?? metadata?.creationTimestamp ?? "";
  return {
    atMs: Date.parse(String(at)),
    warning: event.type === "Warning",
    reason: event.reason ?? "",
    message: event.message ?? "",
    count: event.count ?? 1,
  };
}

async function logOf(
  client: KubeClient,
  { namespace, pod, container }: Target,
  signal: AbortSignal,
): Promise<PreviewPart> {
  const request = {
    namespace,
    pod,
    container,
    follow: false,
    previous: false,
    tailLines: logLines,
  };
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of await client.logs(request, { signal })) {
    bytes += chunk.length;
    text += decoder.decode(chunk, { stream: true });
    if (bytes > maxLogBytes) break;
  }
  const lines = text.split("\n").map(withoutTime);
  if (lines.at(-1) === "") lines.pop();
  return { kind: "log", container, lines: lines.slice(-logLines) };
}

/** Each line is prefixed by its time and a blank. */
function withoutTime(line: string): string {
  return line.replace(/^\d{4}-\d\d-\d\dT\S+ /, "");
}
