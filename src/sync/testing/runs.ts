/** The number of runs of properties. */

/** Returns the given number, or that of `KODAMA_SYNC_RUNS` for a long run. */
export function runs(usual: number): number {
  const asked = Number(Deno.env.get("KODAMA_SYNC_RUNS") ?? "");
  return asked > 0 ? asked : usual;
}
