/** A synchronisation's report for tests: with two folders in sync. */
import { firstState } from "../../../sync/engine/status.ts";
import type { SyncReport, SyncSpec } from "../../../sync/daemon/model.ts";

/** Returns a report with the given parts; the others are of a sync of pod `web-0` with `/home/me/site` at 0 ms. */
export function syncReport(
  state: Partial<SyncReport["state"]> = {},
  spec: Partial<SyncSpec> = {},
): SyncReport {
  return {
    spec: {
      key: "team.web-0",
      local: "/home/me/site",
      target: { context: "lab", namespace: "team", pod: "web-0", container: "main" },
      remotePath: "/w",
      mode: "two-way-safe",
      git: false,
      useGitignore: true,
      excludePatterns: [],
      kubeconfig: null,
      session: null,
      ...spec,
    },
    pid: 42,
    state: { ...firstState("two-way-safe", 0), phase: "watching", connections: 1, ...state },
    log: "/log",
  };
}
