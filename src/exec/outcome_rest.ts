/** The words for what remains of a command that was ended. */
import type { Rest } from "./model.ts";

/** What remains of a command that was ended, in words. */
export function restOf({ left, unread }: Rest): string[] {
  return [
    ...(left === undefined ? [] : [left]),
    ...(unread === true ? ["the end of its output was not waited for"] : []),
  ];
}
