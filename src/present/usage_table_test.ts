import assert from "node:assert/strict";
import type { UsageRow } from "../actions/top/usage.ts";
import { usageData, usageSummary, usageTable } from "./usage_table.ts";

const gibi = 2 ** 30;

const busy: UsageRow = {
  context: "lab",
  namespace: "shop",
  name: "web-0",
  node: "n1",
  cpu: { used: 0.2404, requested: 0.25, limit: 1 },
  memory: { used: 0.97 * gibi, requested: 0.5 * gibi, limit: gibi },
  measuredAt: "2026-01-01T00:00:00Z",
};

const fresh: UsageRow = {
  ...busy,
  name: "web-\x1b[1m1",
  cpu: { used: undefined, requested: 0.25, limit: undefined },
  memory: { used: undefined, requested: undefined, limit: undefined },
  measuredAt: undefined,
};

const columns = { subject: "pods", context: false, namespace: true } as const;

Deno.test("a table has amounts beside their shares of requests and limits", () => {
  assert.deepEqual(usageTable([busy, fresh], columns).map((line) => line.split(/ {2,}/)), [
    ["NAMESPACE", "POD", "CPU", "CPU/REQ", "CPU/LIM", "MEMORY", "MEM/REQ", "MEM/LIM"],
    [
      "shop",
      "web-0",
      "241m",
      "96% of 250m",
      "24% of 1",
      "993Mi",
      "194% of 512Mi",
      "97% of 1Gi",
    ],
    ["shop", "web-\\x1b[1m1", "-", "of 250m", "-", "-", "-", "-"],
  ]);
});

Deno.test("a summary counts what isn't measured yet", () => {
  const usage = { rows: [busy, fresh], skipped: [], failed: [] };
  assert.equal(usageSummary(usage, columns), "2 pods: 241m CPU, 993Mi memory, 1 not measured yet");
});

Deno.test("data has cores and bytes, and null for what isn't known", () => {
  assert.deepEqual(usageData(fresh).cpuCores, { used: null, requested: 0.25, limit: null });
  assert.deepEqual(usageData(busy).memoryBytes, {
    used: 0.97 * gibi,
    requested: 0.5 * gibi,
    limit: gibi,
  });
});
