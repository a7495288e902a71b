import assert from "node:assert/strict";
import type { Stored } from "../../model.ts";
import { resources, resourceTypes } from "../../resources.ts";
import { selectorText, shortDuration } from "./column.ts";
import { tableOf } from "./table.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const durations: [number, string][] = [
  [-5 * second, "<invalid>"],
  [0, "0s"],
  [119 * second, "119s"],
  [2 * minute, "2m"],
  [5 * minute + 30 * second, "5m30s"],
  [10 * minute + 30 * second, "10m"],
  [3 * hour - second, "179m"],
  [3 * hour + 5 * minute, "3h5m"],
  [8 * hour + 5 * minute, "8h"],
  [47 * hour, "47h"],
  [50 * hour, "2d2h"],
  [8 * day, "8d"],
  [729 * day, "729d"],
  [731 * day, "2y1d"],
  [9 * 365 * day, "9y"],
];

for (const [ms, expected] of durations) {
  Deno.test(`an age of ${ms / second} seconds is ${expected}`, () => {
    assert.equal(shortDuration(ms), expected);
  });
}

const running = { running: { startedAt: "2026-01-01T00:00:00Z" } };
const ready = [{ type: "Ready", status: "True" }];

const pods: [string, Record<string, unknown>, unknown[]][] = [
  ["running", {
    status: {
      phase: "Running",
      containerStatuses: [{ ready: true, restartCount: 0, state: running }],
    },
  }, ["1/1", "Running", "0"]],
  ["waiting for its image", {
    status: {
      phase: "Pending",
      containerStatuses: [{
        ready: false,
        restartCount: 0,
        state: { waiting: { reason: "ErrImagePull" } },
      }],
    },
  }, ["0/1", "ErrImagePull", "0"]],
  ["restarted", {
    status: {
      phase: "Running",
      containerStatuses: [{
        ready: true,
        restartCount: 3,
        state: running,
        lastState: { terminated: { exitCode: 1, finishedAt: "2026-01-01T00:00:00Z" } },
      }],
    },
  }, ["1/1", "Running", "3 (60s ago)"]],
  ["ended by a signal", {
    status: {
      phase: "Failed",
      containerStatuses: [{
        ready: false,
        restartCount: 0,
        state: { terminated: { exitCode: 137, signal: 9 } },
      }],
    },
  }, ["0/1", "Signal:9", "0"]],
  ["being deleted", {
    metadata: { name: "p", deletionTimestamp: "2026-01-01T00:00:30Z" },
    status: {
      phase: "Running",
      conditions: ready,
      containerStatuses: [{ ready: true, restartCount: 0, state: running }],
    },
  }, ["1/1", "Terminating", "0"]],
  ["in its first init container", {
    spec: { containers: [{ name: "main" }], initContainers: [{ name: "i" }, { name: "j" }] },
    status: {
      phase: "Pending",
      initContainerStatuses: [{ name: "i", ready: false, restartCount: 0, state: running }],
    },
  }, ["0/1", "Init:0/2", "0"]],
];

for (const [name, more, expected] of pods) {
  Deno.test(`a pod that is ${name} reads ${expected.join(" ")}`, () => {
    const base = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p" },
      spec: { containers: [{ name: "main" }] },
    };
    const options = {
      includeObject: "None" as const,
      now: new Date("2026-01-01T00:01:00Z"),
      metadata: {},
      withColumns: true,
    };
    const table = tableOf(resources.pods, [{ ...base, ...more } as unknown as Stored], options);
    const [row] = table["rows"] as { cells: unknown[] }[];
    assert.deepEqual(row?.cells.slice(1, 4), expected);
  });
}

Deno.test("a selector reads as on the command line", () => {
  const matchExpressions = [
    { key: "tier", operator: "In", values: ["b", "a"] },
    { key: "old", operator: "DoesNotExist" },
  ];
  assert.equal(
    selectorText({ matchLabels: { app: "x" }, matchExpressions }),
    "app=x,tier in (a,b),!old",
  );
  assert.equal(selectorText(undefined), "<none>");
});

/** Returns the cells of an object, without its name and its age. */
function cellsOf(plural: string, object: Record<string, unknown>): unknown[] {
  const type = resourceTypes.find((each) => each.plural === plural);
  assert.ok(type, plural);
  const stored = { apiVersion: "v1", kind: type.kind, metadata: { name: "a" }, ...object };
  const table = tableOf(type, [stored as Stored], {
    includeObject: "None",
    now: new Date("2026-01-01T00:01:00Z"),
    metadata: {},
    withColumns: true,
  });
  const columns = table["columnDefinitions"] as { name: string }[];
  const [{ cells = [] } = {}] = table["rows"] as { cells?: unknown[] }[];
  return cells.filter((_, index) => !["Name", "Age"].includes(columns[index]?.name ?? ""));
}

const utilization = (value: number) => ({ averageUtilization: value });

const others: [string, Record<string, unknown>, unknown[]][] = [
  ["ingresses", {
    spec: {
      ingressClassName: "nginx",
      rules: ["a", "b", "c", "d"].map((host) => ({ host })),
      tls: [{}],
    },
    status: { loadBalancer: { ingress: [{ hostname: "b" }, { ip: "1.2.3.4" }] } },
  }, ["nginx", "a,b,c + 1 more...", "1.2.3.4,b", "80, 443"]],
  ["ingresses", { spec: {}, status: {} }, ["<none>", "*", "", "80"]],
  ["horizontalpodautoscalers", {
    spec: {
      scaleTargetRef: { kind: "Deployment", name: "web" },
      maxReplicas: 5,
      metrics: [
        { type: "Resource", resource: { name: "cpu", target: utilization(80) } },
        { type: "External", external: { target: { averageValue: "4" } } },
        { type: "Pods", pods: { target: { averageValue: "1k" } } },
      ],
    },
    status: {
      currentMetrics: [{ type: "Resource", resource: { name: "cpu", current: utilization(7) } }],
    },
  }, ["Deployment/web", "cpu: 7%/80%, <unknown>/4 (avg) + 1 more...", "<unset>", 5, 0]],
  ["poddisruptionbudgets", { spec: { minAvailable: "50%" } }, ["50%", "N/A", 0]],
  ["resourcequotas", {
    status: { hard: { pods: "3", "limits.cpu": "2" }, used: { pods: "1" } },
  }, ["pods: 1/3", "limits.cpu: 0/2"]],
  ["endpoints", {
    subsets: [{ addresses: [{ ip: "10.0.0.1" }, { ip: "10.0.0.2" }], ports: [{ port: 80 }] }],
  }, ["10.0.0.1:80,10.0.0.2:80"]],
  ["endpointslices", {
    addressType: "IPv4",
    ports: [{ port: 80 }, { name: "x" }, {}],
    endpoints: [{ addresses: ["10.0.0.1"] }],
  }, ["IPv4", "80,x,*", "10.0.0.1"]],
  ["certificatesigningrequests", {
    spec: { signerName: "s", username: "u", expirationSeconds: 3600 },
    status: { conditions: [{ type: "Approved" }], certificate: "AA==" },
  }, ["s", "u", "60m", "Approved,Issued"]],
  ["controllerrevisions", {
    metadata: {
      name: "a",
      ownerReferences: [{ apiVersion: "apps/v1", kind: "DaemonSet", name: "d", controller: true }],
    },
    revision: 2,
  }, ["daemonset.apps/d", 2]],
  ["limitranges", { metadata: { name: "a", creationTimestamp: "2026-01-01T00:00:00Z" } }, [
    "2026-01-01T00:00:00Z",
  ]],
  ["volumesnapshots", { status: { readyToUse: true, creationTime: "2026-01-01T00:00:00Z" } }, [
    true,
    null,
    null,
    null,
    null,
    null,
    "60s",
  ]],
];

for (const [plural, object, expected] of others) {
  Deno.test(`a row of ${plural} is ${expected.join(", ")}`, () => {
    assert.deepEqual(cellsOf(plural, object), expected);
  });
}

Deno.test("every kind has a table, of an object with nothing in it too", () => {
  // The schema of these requires a template, and of pods their containers.
  const whole = ["daemonsets", "deployments", "jobs", "pods", "replicasets", "statefulsets"];
  for (const { plural } of resourceTypes.filter((each) => !whole.includes(each.plural))) {
    const object = { spec: {}, involvedObject: {}, roleRef: {} };
    assert.ok(cellsOf(plural, object).every((cell) => cell !== undefined), plural);
  }
});
