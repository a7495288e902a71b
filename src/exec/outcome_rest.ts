/** The description of what remains of a command that was ended. */
import type { Rest } from "./model.ts";

/** Returns a description of what remains of a command that was ended. */
export function restOf({ left, unread }: Rest): string[] {
  return [
    ...(left === undefined ? [] : [left]),
    ...(unread === true ? ["the end of its output was not waited for"] : []),
  ];
}
