import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import type { ApiResource, ListScope } from "../../kube/client.ts";
import type { Host } from "../host.ts";
import { listSchedules } from "./runs.ts";

/** A host whose server refuses every list. */
function refusing(error: Error): Host {
  // deno-lint-ignore require-yield -- it ends with its first page
  const list = async function* () {
    await Promise.resolve();
    throw error;
  };
  const client = { context: "lab", defaultNamespace: "shop", list };
  return { kube: () => Promise.resolve(client) } as unknown as Host;
}

const refusals: readonly (readonly [error: KodamaError, message: RegExp])[] = [
  [
    new KodamaError("notFound", "the server could not find the requested resource"),
    /^the cluster of context lab has no CronJobs$/,
  ],
  [
    new KodamaError("notFound", 'namespaces "shop" not found'),
    /^namespaces "shop" not found$/,
  ],
  [new KodamaError("forbidden", "cronjobs.batch is forbidden"), /^cronjobs.batch is forbidden$/],
];

for (const [error, message] of refusals) {
  Deno.test(`schedules: "${error.message}" is reported as ${message.source}`, async () => {
    await assert.rejects(listSchedules(refusing(error), { namespace: "shop" }), { message });
  });
}

Deno.test("a schedule says which runs it missed, since when, and what holds the present one up", async () => {
  const cronJob = {
    metadata: {
      name: "kodama-nightly",
      namespace: "shop",
      uid: "c",
      labels: { "kodama.dev/schedule": "nightly", "app.kubernetes.io/managed-by": "platform" },
    },
    spec: { schedule: "* * * * *" },
    status: { active: [{ name: "kodama-nightly-1" }] },
  };
  const job = { metadata: { name: "kodama-nightly-1", namespace: "shop", uid: "j" }, spec: {} };
  const event = (reason: string, message: string, count: number) => ({
    type: "Warning",
    reason,
    message,
    count,
    firstTimestamp: "2026-11-25T02:00:00Z",
    metadata: {},
  });
  const events = new Map([
    ["involvedObject.uid=c", [event("JobAlreadyActive", "Not starting job", 10)]],
    ["involvedObject.uid=j", [event("FailedCreate", "Error creating: failed quota: x", 3)]],
  ]);
  const list = async function* ({ kind }: ApiResource, { fieldSelector = "" }: ListScope) {
    const items = kind === "CronJob"
      ? [cronJob]
      : kind === "Event"
      ? events.get(fieldSelector) ?? []
      : [];
    yield await Promise.resolve({ items, resourceVersion: "1" });
  };
  const client = {
    context: "lab",
    defaultNamespace: "shop",
    list,
    get: () => Promise.resolve(job),
  };
  const host = { kube: () => Promise.resolve(client) } as unknown as Host;
  const [schedule] = await listSchedules(host, {});
  assert.deepEqual(schedule?.missed, { count: 10, since: new Date("2026-11-25T02:00:00Z") });
  assert.match(schedule?.obstacle ?? "", /^FailedCreate: Error creating: failed quota: x/);
});
