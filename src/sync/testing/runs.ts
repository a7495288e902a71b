/** How often properties are tried. */

/** The given number, or that of `KODAMA_SYNC_RUNS` for a long run. */
export function runs(usual: number): number {
  const asked = Number(Deno.env.get("KODAMA_SYNC_RUNS") ?? "");
  return asked > 0 ? asked : usual;
}
