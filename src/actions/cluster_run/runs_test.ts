import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
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
