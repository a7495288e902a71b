/**
 * Returns the folder of what tests and benchmarks download or build once: `$KODAMA_CACHE`, else the user's cache
 * folder.
 *
 * @param name of the caller's own part.
 */
export function cacheFolder(name: string): string {
  const caches = Deno.env.get("XDG_CACHE_HOME") || `${Deno.env.get("HOME") ?? "/root"}/.cache`;
  return `${Deno.env.get("KODAMA_CACHE") || `${caches}/kodama`}/${name}`;
}
