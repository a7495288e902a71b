/** Selects the current task of all tasks in a pod. Pure. */
import type { Task } from "./model.ts";

/**
 * Returns the working task; else the newest that needs an answer and hasn't been continued; else the newest.
 *
 * @param tasks the oldest first.
 */
export function currentOf<T extends Pick<Task, "number" | "status" | "continues">>(
  tasks: readonly T[],
): T | undefined {
  const answered = new Set(tasks.map(({ continues }) => continues));
  return tasks.find(({ status }) => status.state === "working") ??
    tasks.findLast(({ number, status }) => status.state === "waiting" && !answered.has(number)) ??
    tasks.at(-1);
}
