import assert from "node:assert/strict";
import fc from "fast-check";
import { KodamaError } from "../../base/errors.ts";
import { onAbort, passed } from "../../base/abort.ts";
import { ManualClock } from "../../base/testing/manual_clock.ts";
import type { Environment } from "../engine/environment.ts";
import { servedClient, simulatedServer } from "../../wait/testing/simulated_client.ts";
import { RolloutSimulation, simulated } from "../../wait/testing/rollout_simulation.ts";
import { endsOf, play } from "../testing/step_fixture.ts";

/** Runs a wait for pods while the server has exactly these; returns its lines and its end. */
async function waited(
  step: string,
  pods: readonly { ready: boolean }[],
  listingMs = 1,
  outageMs = 0,
) {
  const clock = new ManualClock();
  const items = pods.map(({ ready }, index) => ({
    metadata: { name: `p-${index}`, namespace: "n", uid: `u-${index}` },
    status: { phase: "Running", conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
  }));
  const client = {
    context: "lab",
    namespace: "n",
    list: async function* () {
      await passed(clock, listingMs);
      if (clock.elapsedMs() < outageMs) throw new KodamaError("unreachable", "no route");
      yield { items, resourceVersion: "1" };
    },
    // Nothing changes while the watch is open.
    watch: (_resource: unknown, _scope: unknown, { signal }: { signal: AbortSignal }) =>
      Promise.resolve((async function* () {
        yield* [];
        await new Promise<void>((resolve) => void onAbort(signal, resolve));
      })()),
  };
  const kube = () => Promise.resolve(client) as unknown as ReturnType<Environment["kube"]>;
  const { events } = await play({
    clock,
    files: { "w.yaml": `steps:\n  - { ${step} }\n` },
    environment: { kube },
  });
  const lines = events.flatMap((event) => event.event === "line" ? [event.text] : []);
  return { lines, end: endsOf(events)[0], seconds: Math.round(clock.elapsedMs() / 1000) };
}

Deno.test("a wait without a timeout has a limit, and reports it", async () => {
  const bounded = await waited("wait: ready", [{ ready: true }, { ready: false }], 10 * 60_000);
  assert.deepEqual(bounded, {
    lines: [
      "1 of 2 pods are ready; p-1: it is not ready",
      "ended after 30m, the limit of a wait without `timeout`",
    ],
    end: "wait-1 timeout",
    seconds: 1800,
  });
  const own = await waited("wait: ready, timeout: 2s", [{ ready: false }]);
  assert.deepEqual([own.lines, own.end, own.seconds], [
    ["0 of 1 pods are ready; p-0: it is not ready"],
    "wait-1 timeout",
    2,
  ]);
  assert.deepEqual((await waited("wait: ready", [{ ready: true }])).lines, []);
});

Deno.test("a wait until pods are gone reports if there were none at the start", async () => {
  const { lines, end } = await waited("wait: gone", []);
  assert.deepEqual([lines, end], [["no pod matches: there was nothing to wait for"], "wait-1 ok"]);
});

Deno.test("a wait continues if a server is unreachable for less than a minute", async () => {
  const short = await waited("wait: ready", [{ ready: true }], 1, 50_000);
  assert.deepEqual([short.lines, short.end], [["no route"], "wait-1 ok"]);
  const long = await waited("wait: ready", [{ ready: true }], 1, 200_000);
  assert.deepEqual([long.lines, long.end], [["no route"], "wait-1 failed: no route"]);
});

Deno.test("a wait after a restart is over only when the new pods are ready, whatever the order of events", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...simulated),
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.nat(1000), { maxLength: 200, size: "max" }),
      async (kind, size, order) => {
        const simulation = new RolloutSimulation(kind, size);
        simulation.restart();
        const clock = new ManualClock();
        const server = simulatedServer(simulation, order, clock);
        const { events } = await play({
          clock,
          files: { "w.yaml": "steps:\n  - { wait: ready, timeout: 10m }\n" },
          environment: { kube: () => Promise.resolve(server.client) },
        });
        assert.deepEqual([endsOf(events)[0], server.wasDone], ["wait-1 ok", true]);
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("a wait for pods whose workload may not be read fails, unless outdated pods count", async () => {
  const clock = new ManualClock();
  const { pods } = new RolloutSimulation("StatefulSet", 1);
  const client = servedClient({
    list: () => pods,
    get: () => {
      throw new KodamaError("forbidden", "no");
    },
  }, clock);
  const played = async (step: string) => {
    const { events } = await play({
      clock,
      files: { "w.yaml": `steps:\n  - { ${step} }\n` },
      environment: { kube: () => Promise.resolve(client) },
    });
    return endsOf(events)[0];
  };
  assert.match(await played("wait: ready") ?? "", /wait-1 .*no; with `outdated: true` only/);
  assert.equal(await played("wait: ready, outdated: true"), "wait-1 ok");
  assert.equal(await played("wait: running, outdated: true"), "wait-1 ok");
});
