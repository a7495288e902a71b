/** The task that a pod is about, of all that it has. Pure. */
import type { Task } from "./model.ts";

/**
 * The one that works; else the newest that needs an answer and hasn't been gone on with; else the newest.
 *
 * @param tasks the oldest first.
 */
export function currentTask<T extends Pick<Task, "number" | "status" | "continues">>(
  tasks: readonly T[],
): T | undefined {
  const answered = new Set(tasks.map(({ continues }) => continues));
  return tasks.find(({ status }) => status.state === "working") ??
    tasks.findLast(({ number, status }) => status.state === "waiting" && !answered.has(number)) ??
    tasks.at(-1);
}
