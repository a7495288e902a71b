/** Ages that a server printed: from which moment they count. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ageText, parseAge } from "../../base/duration.ts";
import type { ApiResource } from "../../kube/client.ts";
import { CRON_JOBS, EVENTS, JOBS, PODS } from "../../kube/resources.ts";
import { printedAges } from "./printed_ages.ts";

const widgets: ApiResource = {
  group: "example.com",
  version: "v1",
  plural: "widgets",
  kind: "Widget",
  namespaced: true,
};

const nowMs = Date.parse("2026-01-10T12:00:00Z");
const ago = (seconds: number) => new Date(nowMs - seconds * 1000).toISOString();

/** Returns the age of a cell, with the seconds since its moment. */
function age(
  resource: ApiResource,
  [title, type, cell]: readonly [title: string, type: string, cell: unknown],
  fields: Record<string, unknown> = {},
) {
  const columns = [{ name: title, type, isName: false, isWide: false }];
  const [found] = printedAges({ resource, fields }, { columns, cells: [cell] }, nowMs) ?? [];
  if (found === undefined) return undefined;
  const { sinceMs, ...others } = found;
  return { seconds: (nowMs - sinceMs) / 1000, ...others };
}

const exact = { precisionMs: 0, before: "", after: "" };
const created = (seconds: number) => ({ metadata: { creationTimestamp: ago(seconds) } });

Deno.test("a date of a custom kind counts from the time of the object that gives its text", () => {
  const fields = { ...created(45), spec: { born: ago(3 * 86_400 + 200) } };
  assert.deepEqual(age(widgets, ["Age", "date", "3d"], fields), {
    seconds: 3 * 86_400 + 200,
    ...exact,
  });
  assert.deepEqual(age(widgets, ["Age", "date", "45s"], fields), { seconds: 45, ...exact });
});

Deno.test("a text of a custom kind is an age only if it is that of its creation", () => {
  assert.equal(age(widgets, ["Age", "string", "3d"], created(45)), undefined);
  assert.deepEqual(age(widgets, ["Age", "string", "45s"], created(45)), { seconds: 45, ...exact });
  const born = { spec: { born: ago(60) } };
  for (const title of ["Last Seen", "Last Schedule", "Restarts", "Duration", "Size"]) {
    assert.equal(age(widgets, [title, "string", "60s"], born), undefined, title);
  }
});

Deno.test("times of Kubernetes' own kinds count", () => {
  const event = { ...created(4000), firstTimestamp: ago(4000), lastTimestamp: ago(61) };
  assert.deepEqual(age(EVENTS, ["Last Seen", "string", "61s"], event), { seconds: 61, ...exact });
  const series = { ...event, series: { lastObservedTime: ago(7) } };
  assert.deepEqual(age(EVENTS, ["Last Seen", "string", "7s"], series), { seconds: 7, ...exact });
  const cronJob = { ...created(900), status: { lastScheduleTime: ago(17) } };
  assert.deepEqual(age(CRON_JOBS, ["Last Schedule", "string", "17s"], cronJob), {
    seconds: 17,
    ...exact,
  });
  assert.equal(age(CRON_JOBS, ["Last Schedule", "string", "<none>"], created(900)), undefined);
});

Deno.test("the duration of a job counts until the job is over", () => {
  const status = { startTime: ago(90) };
  const cell = ["Duration", "string", "90s"] as const;
  assert.deepEqual(age(JOBS, cell, { status }), { seconds: 90, ...exact });
  assert.equal(age(JOBS, cell, { status: { ...status, completionTime: ago(0) } }), undefined);
});

Deno.test("restarts of a pod count from the last one", () => {
  const finishedAt = ago(300);
  const status = { containerStatuses: [{ lastState: { terminated: { finishedAt } } }] };
  const restarts = { ...created(4000), status };
  assert.deepEqual(age(PODS, ["Restarts", "string", "3 (5m ago)"], restarts), {
    seconds: 300,
    precisionMs: 0,
    before: "3 (",
    after: " ago)",
  });
  for (const cell of ["0", 3, "3 (ago)", null]) {
    assert.equal(age(PODS, ["Restarts", "string", cell], restarts), undefined);
  }
});

Deno.test("if the clock here is wrong, ages are those that the server printed", () => {
  // The object was created 20 minutes later than it is by the clock here.
  assert.deepEqual(age(PODS, ["Age", "string", "15m"], created(-300)), {
    ...exact,
    seconds: 900,
    precisionMs: 60_000,
  });
});

Deno.test("property: at the moment of an answer each age shows what the server printed", () => {
  const seconds = fc.oneof(fc.nat({ max: 700 }), fc.nat({ max: 100_000 }), fc.nat({ max: 1e8 }));
  const times = fc.array(seconds, { maxLength: 4 });
  fc.assert(
    fc.property(seconds, times, fc.integer({ min: -4000, max: 4000 }), (real, others, skew) => {
      const fields = { ...created(others[0] ?? 5), all: others.map(ago), real: ago(real + skew) };
      const text = ageText(real * 1000);
      const found = age(widgets, ["Since", "date", text], fields);
      const { ms, precisionMs } = parseAge(text) ?? { ms: NaN, precisionMs: NaN };
      // A time of the object may differ by the duration of a request.
      assert.ok(found && found.seconds * 1000 >= ms - 2000);
      assert.ok(found.seconds * 1000 < ms + precisionMs + 2000);
    }),
  );
});
