/**
 * Variables that a launcher of kodama sets for its Deno alone. Programs that kodama starts inherit them, and they are
 * removed for programs other than kodama: with them another Deno would look for its files among kodama's.
 */
export const launcherVariables: readonly string[] = [
  "KODAMA_ARGV0",
  "KODAMA_LAUNCHER",
  "DENO_DIR",
  "DENO_NO_UPDATE_CHECK",
  "DENO_TLS_CA_STORE",
];
