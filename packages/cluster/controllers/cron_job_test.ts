import assert from "node:assert/strict";
import type { CronJob } from "kubernetes-types/batch/v1.d.ts";
import { isDue, isTimeZone, parseSchedule } from "./cron.ts";
import { TestCluster } from "./testing/fixture.ts";
import { namespace, workloadSpec } from "./testing/workloads.ts";

// 2026-01-01 is a Thursday.
const times: [schedule: string, at: string, due: boolean, timeZone?: string][] = [
  ["* * * * *", "2026-01-01T00:00:00Z", true],
  ["*/15 * * * *", "2026-01-01T00:30:00Z", true],
  ["*/15 * * * *", "2026-01-01T00:31:00Z", false],
  ["5/20 * * * *", "2026-01-01T00:45:00Z", true],
  ["0 9-17 * * mon-fri", "2026-01-01T17:00:00Z", true],
  ["0 9-17 * * MON-WED", "2026-01-01T17:00:00Z", false],
  ["0 0 1 jan,jul *", "2026-01-01T00:00:00Z", true],
  ["0 0 2 * 4", "2026-01-01T00:00:00Z", true],
  ["0 0 2 * *", "2026-01-01T00:00:00Z", false],
  ["0 0 1 * 5", "2026-01-01T00:00:00Z", true],
  ["0 0 */2 * 5", "2026-01-01T00:00:00Z", false],
  ["@hourly", "2026-01-01T13:00:00Z", true],
  ["0 1 * * *", "2026-01-01T00:00:00Z", true, "Europe/Berlin"],
  ["0 0 * * *", "2026-01-01T00:00:00Z", false, "Europe/Berlin"],
];

for (const [text, at, due, timeZone] of times) {
  Deno.test(`${text} ${due ? "names" : "doesn't name"} ${at} in ${timeZone ?? "UTC"}`, () => {
    const schedule = parseSchedule(text);
    assert.ok(schedule);
    assert.equal(isDue(schedule, new Date(at), timeZone), due);
  });
}

Deno.test("what isn't a schedule is refused", () => {
  const wrong = [
    "",
    "* * * *",
    "60 * * * *",
    "* * 0 * *",
    "* * * 13 *",
    "* * * * 7",
    "5-1 * * * *",
  ];
  for (const text of [...wrong, "*/0 * * * *", "a * * * *", "@often", "1- * * * *"]) {
    assert.equal(parseSchedule(text), undefined, text);
  }
  assert.ok(isTimeZone("Europe/Berlin"));
  assert.ok(!isTimeZone("Europe/Nowhere"));
});

function cronJob(spec: Partial<NonNullable<CronJob["spec"]>> = {}): TestCluster {
  const cluster = new TestCluster().addNode();
  cluster.put("cronJobs", {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name: "often", namespace },
    spec: { schedule: "* * * * *", jobTemplate: { spec: workloadSpec("often") }, ...spec },
  });
  return cluster;
}

/** Lets minutes pass, and settles after each. */
function pass(cluster: TestCluster, minutes: number): void {
  for (let minute = 0; minute < minutes; minute++) {
    cluster.now = new Date(cluster.now.getTime() + 60_000);
    cluster.settle();
  }
}

const names = (cluster: TestCluster) => cluster.list("jobs").map(({ metadata: { name } }) => name);

Deno.test("a CronJob starts a Job in each minute of its schedule, and keeps the last three", () => {
  const cluster = cronJob();
  cluster.behaviour = () => "succeeded";
  cluster.settle();
  assert.deepEqual(names(cluster), []);
  pass(cluster, 1);
  const minute = Date.parse("2026-01-01T00:01:00Z") / 60_000;
  assert.deepEqual(names(cluster), [`often-${minute}`]);
  pass(cluster, 4);
  assert.deepEqual(names(cluster), [2, 3, 4].map((later) => `often-${minute + later}`));
  const { status } = cluster.get("cronJobs", namespace, "often");
  assert.equal(status?.lastScheduleTime, "2026-01-01T00:05:00Z");
  assert.equal(status?.lastSuccessfulTime, "2026-01-01T00:05:00Z");
});

const policies: [string, Partial<NonNullable<CronJob["spec"]>>, jobs: number][] = [
  ["runs Jobs beside each other", {}, 3],
  ["forbids a second Job", { concurrencyPolicy: "Forbid" }, 1],
  ["replaces the Job before", { concurrencyPolicy: "Replace" }, 1],
  ["that is suspended starts none", { suspend: true }, 0],
];

for (const [name, spec, jobs] of policies) {
  Deno.test(`a CronJob ${name}`, () => {
    const cluster = cronJob(spec);
    pass(cluster, 3);
    assert.equal(names(cluster).length, jobs);
    const { status } = cluster.get("cronJobs", namespace, "often");
    assert.equal(status?.active?.length ?? 0, jobs);
  });
}

Deno.test("a start that was missed is made up for once, within its deadline", () => {
  for (const [startingDeadlineSeconds, jobs] of [[undefined, 1], [600, 1], [30, 0]] as const) {
    const cluster = cronJob({
      schedule: "0 * * * *",
      ...(startingDeadlineSeconds === undefined ? {} : { startingDeadlineSeconds }),
    });
    cluster.settle();
    cluster.now = new Date("2026-01-01T01:05:00Z");
    cluster.settle();
    assert.equal(names(cluster).length, jobs, `${startingDeadlineSeconds}`);
  }
});
