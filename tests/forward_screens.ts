/** Screens of `kodama forward`: its live rows, as wide as the terminal allows. */
import {
  type ForwardInfo,
  ForwardStatistics,
  type OpenForward,
} from "../src/actions/forward/forward.ts";
import { ForwardProgress } from "../src/present/forward_painter.ts";
import { type Grid, span } from "../src/terminal/grid.ts";
import type { Screens } from "./screens.ts";

const web: ForwardInfo = {
  forward: 1,
  address: { kind: "tcp", hostname: "localhost", port: 8080 },
  target: "svc/web",
  remote: "80",
  pod: "web-77cdcbcb4-k5ffg",
};
const db: ForwardInfo = {
  forward: 2,
  address: { kind: "unix", path: "/tmp/db.sock" },
  target: "sts/db",
  remote: "5432",
};

function opened(info: ForwardInfo, changes: Partial<ForwardStatistics> = {}): OpenForward {
  return { info, statistics: Object.assign(new ForwardStatistics(), changes) };
}

/** The rows after some seconds, in each of which a forward carried so many bytes. */
function screen(
  columns: number,
  forwards: readonly OpenForward[],
  bytes: readonly number[] = [],
): Grid {
  const progress = new ForwardProgress(() => columns);
  progress.follow({ kind: "ready", forwards });
  for (const [second, count] of bytes.entries()) {
    for (const { statistics } of forwards) statistics.fromPod += count;
    progress.statusLine((second + 1) * 1000);
  }
  const text = progress.statusLine(bytes.length * 1000);
  const lines = text.split("\n").map((line) => [span(line)]);
  return { lines };
}

const busy = () => [
  opened(web, { toPod: 12_345, active: 3, opened: 41, failures: { reset: 2 } }),
  opened(db, { active: 1, opened: 1 }),
];
const bytes = [0, 40_000, 200_000, 1_000_000, 700_000, 0, 0, 300_000];

/** States by the names of their pictures. */
export const forwardScreens: Screens = {
  "unused": () => screen(80, [opened(web)]),
  "busy": () => screen(100, busy(), bytes),
  "busy-narrow": () => screen(40, busy(), bytes),
  "busy-20-columns": () => screen(20, busy(), bytes),
  "no-pod": () => screen(80, [opened({ ...db, target: "svc/db" }, { active: 4, opened: 4 })]),
};
