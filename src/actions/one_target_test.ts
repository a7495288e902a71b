import assert from "node:assert/strict";
import { KodamaError } from "../base/errors.ts";
import { wholeSelection } from "../kube/select/target.ts";
import { allTargets, onlyTarget, runningTarget } from "./one_target.ts";
import { simulatedHost } from "./testing/simulated_host.ts";

const failure = new KodamaError("unreachable", "connection refused");
const { signal } = new AbortController();

async function errorOf(contexts: readonly string[]): Promise<unknown> {
  const { host, clock } = simulatedHost({ dead: { failure }, empty: {} });
  const all = allTargets(host, { contexts, selection: wholeSelection }, signal);
  return await clock.runUntil(all.catch((error: unknown) => error));
}

Deno.test("a context that can't be asked is not one without pods", async () => {
  assert.equal(await errorOf(["dead"]), failure);
  assert.equal(await errorOf(["dead", "dead"]), failure);
  assert.equal(await errorOf(["dead", "empty"]), failure);
  assert.match(String(await errorOf(["empty"])), /no pod/);
});

Deno.test("`runningTarget()` says why a named pod can't be used; `onlyTarget()` leaves that to the server", async () => {
  const { host } = simulatedHost({ c: {} });
  const found = (trouble?: string) => ({
    ...host,
    select: () =>
      Promise.resolve({
        targets: [{
          ...{ context: "c", namespace: "n", pod: "web-0", container: "main", node: "", ip: "" },
          ...(trouble === undefined ? {} : { trouble }),
        }],
        skipped: [],
        nearest: [],
      }),
  });
  const asked = { contexts: [], selection: wholeSelection };
  assert.equal((await runningTarget(found(), asked, signal)).pod, "web-0");
  const pending = found("is Pending: 0/1 containers ready");
  assert.equal((await onlyTarget(pending, asked, signal)).target.pod, "web-0");
  await assert.rejects(runningTarget(pending, asked, signal), {
    kind: "noMatch",
    message:
      'pod "web-0" in namespace "n" (context c) isn\'t running: it is Pending: 0/1 containers ready',
  });
});
