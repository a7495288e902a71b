/** Which synchronisations may run at the same time. */
import assert from "node:assert/strict";
import { firstState } from "../../sync/engine/status.ts";
import type { SyncReport, SyncSpec } from "../../sync/daemon/model.ts";
import { requireNoOverlap } from "./overlap.ts";

function spec(key: string, local: string, remotePath: string, changes: Partial<SyncSpec> = {}) {
  const whole: SyncSpec = {
    ...{ key, local, remotePath, mode: "two-way-safe", excludePatterns: [] },
    ...{ git: false, useGitignore: true },
    target: { context: "c", namespace: "dev", pod: "kodama-web", container: "workspace" },
    ...{ kubeconfig: null, session: { name: "web", uid: "u" } },
    ...changes,
  };
  return whole;
}

Deno.test("`requireNoOverlap()` refuses folders that another sync of the pod has on both sides", () => {
  const running = spec("dev.web", "/home/a/site", "/workspace");
  const report = (pid: number | null): SyncReport => (
    { spec: running, pid, state: firstState("two-way-safe", 0), log: "/log" }
  );
  const anotherPod = { target: { ...running.target, pod: "kodama-api" } };
  const cases: [refused: boolean, asked: SyncSpec][] = [
    [true, spec("dev.sub", "/home/a/site", "/workspace/sub")],
    [true, spec("dev.sub", "/home/a/site/", "sub")],
    [true, spec("dev.sub", "/home/a/site/../site/sub", "/workspace/./sub")],
    [true, spec("dev.up", "/home/a", "/")],
    [true, spec("dev.twin", "/home/a/site", ".")],
    [false, running],
    [false, spec("dev.next", "/home/a/site-2", "/workspace/sub")],
    [false, spec("dev.data", "/home/a/site", "/workspace-2")],
    [false, spec("dev.api", "/home/a/site", "/workspace", anotherPod)],
  ];
  for (const [refused, asked] of cases) {
    const check = () => requireNoOverlap(asked, [report(1)]);
    if (refused) assert.throws(check, { kind: "usage", message: /overlap with the sync dev\.web/ });
    else check();
    requireNoOverlap(asked, [report(null)]);
  }
});
