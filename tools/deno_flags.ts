/** How an installed kodama's Deno is started: its flags, and the names of its files. */
import { fixedFlags } from "../src/sandbox/run_script.ts";
import { bundleEntry } from "./bundle.ts";

/** Names below the folder of one version. */
export const installed = {
  deno: "deno",
  cache: "cache",
  entry: bundleEntry,
  /** Fills the cache of the folder that is its argument (`warm_code_cache.ts`). */
  warm: "warm.js",
} as const;

/**
 * V8 flags for a program that mostly exits within a tenth of a second, and sometimes connects to thousands of pods.
 *
 * - `--no-lazy`: functions are compiled with their module, which puts all of them into the code cache; a function
 *   compiled at its first call is never cached, and is compiled again at each start. 8 ms of an exec's 80.
 * - `--min-semi-space-size`, in MiB: V8 starts with a young generation so small that a start collects it twice.
 * - `--max-semi-space-size`, `--heap-growing-percent`: connections hold memory that V8 doesn't see, and release it
 *   when it collects. With its own schedule, 5,000 targets take 310 MB, with this 150, in the same time.
 */
const v8Flags: readonly string[] = [
  "--no-lazy",
  "--min-semi-space-size=4",
  "--max-semi-space-size=4",
  "--heap-growing-percent=30",
];

/** Args that start Deno, before the permissions. */
export const runFlags: readonly string[] = [...fixedFlags, `--v8-flags=${v8Flags.join(",")}`];

/** A line of sh that fills the code cache of the folder `home` by the executable `deno`, both as sh has them. */
export function warmLine(home: string, deno: string): string {
  const allowed = `--allow-read --allow-env --allow-run="${deno}" --allow-write="${home}"`;
  // Without the variable, Deno would make a cache in the home folder of the installing user.
  const cache = `DENO_DIR="${home}/${installed.cache}"`;
  return `${cache} "${deno}" run --quiet --no-prompt --no-config --no-lock ${allowed} "${home}/${installed.warm}" "${home}"`;
}
