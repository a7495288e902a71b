/** Follows what an agent does. */
import { adapterOf } from "../../agent/adapters.ts";
import { EventReader } from "../../agent/event_lines.ts";
import * as following from "../../agent/follow_task.ts";
import type { AgentEvent, Task } from "../../agent/model.ts";
import { readEvents } from "../../agent/read_tasks.ts";
import type { Target } from "../../kube/select/target.ts";
import type { Host } from "../host.ts";
import { isBehind, noTask, oneTask, podStreams, workingTask } from "./tasks.ts";

/** The events of a follow. */
export type FollowEvent =
  /** The task: before anything else. */
  | { kind: "task"; task: Task }
  /** It waits for its turn, or its turn came after that. */
  | { kind: "turn"; number: number; came: boolean }
  /** Its state after all events: it has ended, if it was followed. */
  | { kind: "end"; task: Task }
  /** `offset` is where a follow resumes after the line of this event. */
  | { kind: "agent"; event: AgentEvent; offset: number }
  | { kind: "lost"; reason: string };

/**
 * Yields a task's events from an offset on, as they arrive, until it has ended; reconnects after broken connections.
 *
 * @param options without a number the task that the agent works on, or else the newest one: others wait for their turn.
 */
export async function* followTask(
  host: Host,
  target: Target,
  options: { number?: number; offset?: number; signal: AbortSignal },
): AsyncGenerator<FollowEvent, void> {
  const { signal, offset = 0 } = options;
  const streams = await podStreams(host);
  const chosen = options.number ?? await workingTask(host, target, signal);
  const task = await oneTask(host, target, {
    ...(chosen === undefined ? {} : { number: chosen }),
    signal,
  });
  yield { kind: "task", task };
  const { number } = task;
  const reader = new EventReader(adapterOf(task), offset);
  let waits = false;
  for await (const part of following.followTaskInPod(streams, target, { number, offset }, signal)) {
    if (part.kind === "lost") yield part;
    else if (part.kind === "bytes") {
      for (const event of reader.take(part.bytes)) {
        yield { kind: "agent", event, offset: reader.offset };
      }
    } else if (part.state === (waits ? "working" : "queued")) {
      if (!waits && !await isBehind(host, target, number, signal)) continue;
      yield { kind: "turn", number, came: waits };
      waits = !waits;
    }
  }
  for (const event of reader.end()) yield { kind: "agent", event, offset: reader.offset };
  yield { kind: "end", task: await oneTask(host, target, { number, signal }) };
}

/** Yields a task's events so far, and its state. As {@link followTask}. */
export async function* showTask(
  host: Host,
  target: Target,
  options: { number?: number; offset?: number; isStopped?: boolean; signal: AbortSignal },
): AsyncGenerator<FollowEvent, void> {
  const { signal, offset = 0 } = options;
  const streams = await podStreams(host);
  const found = await readEvents(streams, target, options, signal);
  if (found === undefined) throw noTask(target, options.number);
  const { task, pieces } = found;
  yield { kind: "task", task };
  for (const { bytes, at } of pieces) {
    const skipped = Math.min(bytes.length, Math.max(0, offset - at));
    const reader = new EventReader(adapterOf(task), at + skipped);
    for (const event of reader.take(bytes.subarray(skipped))) {
      yield { kind: "agent", event, offset: reader.offset };
    }
    for (const event of reader.end()) yield { kind: "agent", event, offset: reader.offset };
  }
  yield { kind: "end", task };
}
