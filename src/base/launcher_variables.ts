/**
 * What a launcher of kodama sets in the environment of its Deno alone. A program that kodama starts inherits them, and
 * where it is another's, it has them taken away: with them another Deno would look for its files among kodama's.
 */
export const launcherVariables: readonly string[] = [
  "KODAMA_ARGV0",
  "KODAMA_LAUNCHER",
  "DENO_DIR",
  "DENO_NO_UPDATE_CHECK",
  "DENO_TLS_CA_STORE",
];
