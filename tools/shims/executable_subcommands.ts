/**
 * Replaces `node:child_process`, `node:fs` and `node:path` in commander, which uses them for
 * sub-commands that are separate executables. kodama has none.
 */
export default new Proxy({} as Record<string, never>, {
  get(_, name) {
    throw new Error(`commander reached for ${String(name)}: kodama has no executable sub-commands`);
  },
});
