/** Requests to a session's watcher, by its files: `life_script.ts`. Pure. */
import { plainText } from "../base/plain_text.ts";
import { lifeFolder } from "./idle_watcher.ts";
import type { Life } from "./limits.ts";

/** The args that print the pod's time, its start and its last use, a line each. */
export const lifeWords: readonly string[] = [
  "sh",
  "-c",
  `cd ${lifeFolder} && date +%s && cat began active`,
];

/** The args that request as much time as an idle session has. */
export const keepWords: readonly string[] = ["sh", "-c", `: >${lifeFolder}/keep`];

/** Returns the parsed lines; undefined for anything else. A pod can write anything there. */
export function lifeOf(answer: string): Life | undefined {
  const match = /^(\d{1,12})\n(\d{1,12})\n(\d{1,12})(?: ([^\n]{0,200}))?\n?$/.exec(answer);
  if (match === null) return undefined;
  const [now = 0, began = 0, active = 0] = match.slice(1, 4).map(Number);
  return { now, began, active, use: plainText(match[4] ?? "", 100) };
}
