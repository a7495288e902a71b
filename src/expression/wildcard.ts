/** `web-*`: the only kind of pattern. Regular expressions aren't supported: some never end. */
import type { Budget } from "./budget.ts";

/**
 * Returns whether the whole text matches: `*` stands for any characters, `?` for one. Takes at most the product of both
 * lengths, which is charged to the budget.
 */
export function fitsWildcard(text: string, pattern: string, budget: Budget): boolean {
  budget.spend(Math.ceil((text.length * (1 + pattern.split("*").length)) / 64));
  let [at, from] = [0, 0];
  /** Position after the last star, and how much of the text it has matched. */
  let star: { from: number; at: number } | undefined;
  while (at < text.length) {
    if (pattern[from] === "*") {
      star = { from, at };
      from++;
    } else if (pattern[from] === "?" || pattern[from] === text[at]) {
      at++;
      from++;
    } else if (star !== undefined) {
      budget.spend(1);
      star.at++;
      at = star.at;
      from = star.from + 1;
    } else return false;
  }
  while (pattern[from] === "*") from++;
  return from === pattern.length;
}
