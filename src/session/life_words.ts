/** What is asked of a session's watcher, by its files: `life_script.ts`. Pure. */
import { plainText } from "../base/plain_text.ts";
import { lifeFolder } from "./life_script.ts";
import type { Life } from "./limits.ts";

/** The words that tell the pod's time, its beginning and its last use, a line each. */
export const lifeWords: readonly string[] = [
  "sh",
  "-c",
  `cd ${lifeFolder} && date +%s && cat began active`,
];

/** The words that ask for as much time as an idle session has. */
export const keepWords: readonly string[] = ["sh", "-c", `: >${lifeFolder}/keep`];

/** What those lines say; undefined for anything else. A pod can write there what it likes. */
export function lifeOf(answer: string): Life | undefined {
  const match = /^(\d{1,12})\n(\d{1,12})\n(\d{1,12})(?: ([^\n]{0,200}))?\n?$/.exec(answer);
  if (match === null) return undefined;
  const [now = 0, began = 0, active = 0] = match.slice(1, 4).map(Number);
  return { now, began, active, use: plainText(match[4] ?? "", 100) };
}
