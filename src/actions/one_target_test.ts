import assert from "node:assert/strict";
import { KodamaError } from "../base/errors.ts";
import { wholeSelection } from "../kube/select/target.ts";
import { allTargets } from "./one_target.ts";
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
