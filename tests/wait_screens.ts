/** What `kodama wait` shows on a terminal while it waits: each has a picture in `tests/screens/wait/`. */
import type { WaitState } from "../src/actions/wait/wait.ts";
import { WaitProgress } from "../src/present/wait_painter.ts";
import { type Grid, span } from "../src/terminal/grid.ts";
import type { Screens } from "./screens.ts";

const crash: WaitState = {
  name: "deployment/web",
  id: "deployment.apps/web",
  verdict: {
    kind: "stuck",
    cause: "CrashLoopBackOff",
    reason: "0 of 2 pods are available; pod/web-1: container main: CrashLoopBackOff",
  },
  warning: "Unhealthy: Readiness probe failed: connection refused",
  log: { container: "main", lines: ["connecting to db:5432", "no database \x1b[2J"] },
};

const rollout: WaitState = {
  name: "statefulset/db",
  id: "statefulset.apps/db",
  verdict: { kind: "waiting", reason: "1 of 3 pods are ready" },
};

const job: WaitState = { name: "job/migrate", id: "job.batch/migrate", verdict: { kind: "met" } };

const later: WaitState = {
  name: "job/smoke-test",
  id: "job.batch/smoke-test",
  verdict: { kind: "waiting", reason: "it comes after deployment/web" },
};

const many = Array.from({ length: 12 }, (_, index): WaitState => ({
  name: `pod/web-${index}`,
  id: `pod/web-${index}`,
  verdict: index < 4 ? { kind: "met" } : { kind: "waiting", reason: "it is Pending" },
}));

const drawn = (states: readonly WaitState[], elapsedMs: number, rows: number): Grid => {
  const progress = new WaitProgress();
  progress.follow({ kind: "started", states });
  return {
    lines: progress.statusLine(elapsedMs, rows).split("\n").map((line) => [span(line)]),
  };
};

/** By the name of the picture. */
export const waitScreens: Screens = {
  "reasons": () => drawn([job, rollout, crash, later], 12_300, 23),
  "few-rows": () => drawn([job, rollout, crash, later], 12_300, 7),
  "many-objects": () => drawn(many, 61_000, 9),
  "one-row": () => drawn([crash], 1000, 1),
};
