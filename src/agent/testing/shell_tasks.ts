/** Tasks for pods of tests. */
import { systemClock } from "../../base/clock.ts";
import { commandAdapter } from "../adapters.ts";
import { followTaskInPod } from "../follow_task.ts";
import type { NewTask } from "../start_task.ts";
import { type ShellPod, shellTarget } from "./shell_pod.ts";

/** Never aborts. */
export const never = new AbortController().signal;

/** A task for {@link commandAdapter} that runs a line of shell. */
export function task(script: string, more: Partial<NewTask> = {}): NewTask {
  return {
    adapter: commandAdapter,
    prompt: "do it",
    args: ["sh", "-c", script],
    environment: {},
    workdir: "/",
    createdAt: new Date(Date.UTC(2026, 0, 1)),
    key: crypto.randomUUID().replaceAll("-", ""),
    conversation: { id: "none", isNew: true },
    permissions: "bypass",
    ...more,
  };
}

/** Follows to the end, and waits for `onBytes`; returns the sent bytes, and the reported states. */
export async function followed(
  pod: ShellPod,
  number: number,
  offset = 0,
  onBytes: (bytes: Uint8Array) => Promise<unknown> = () => Promise.resolve(),
): Promise<{ text: string; states: string[] }> {
  const states: string[] = [];
  let text = "";
  const streams = { ...pod.streams, clock: systemClock };
  for await (const part of followTaskInPod(streams, shellTarget, { number, offset }, never)) {
    if (part.kind === "state") states.push(part.state);
    if (part.kind !== "bytes") continue;
    text += new TextDecoder().decode(part.bytes);
    await onBytes(part.bytes);
  }
  return { text, states };
}
