import assert from "node:assert/strict";
import fc from "fast-check";
import { readiness, rollout } from "./readiness.ts";
import { RolloutSimulation, simulated } from "./testing/rollout_simulation.ts";

const order = fc.array(fc.nat(1000), { maxLength: 400, size: "max" });
/** A status that is late says nothing of pods that a change of the size removed before: scaling is an only change. */
const changes = fc.oneof(
  fc.array(fc.record({ size: fc.constant(undefined), order }), { minLength: 1, maxLength: 3 }),
  fc.array(fc.record({ size: fc.integer({ min: 1, max: 5 }), order }), {
    minLength: 1,
    maxLength: 1,
  }),
);

Deno.test("a changed workload is ready, or rolled out, in no order of events too early, and in each at last", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...simulated),
      fc.integer({ min: 1, max: 4 }),
      changes,
      (kind, size, changes) => {
        const simulation = new RolloutSimulation(kind, size);
        const verdict = () => readiness(simulation.resource, simulation.object);
        assert.deepEqual([verdict(), simulation.isDone], [{ kind: "met" }, true]);
        const check = () => {
          const met = verdict().kind === "met";
          if (met) assert.ok(simulation.isServing, "ready too early");
          const isRolledOut = rollout(simulation.resource, simulation.object).kind === "met";
          assert.ok(isRolledOut || !met, "ready, and not rolled out");
        };
        for (const { size, order } of changes) {
          if (size === undefined) simulation.restart();
          else simulation.scale(size);
          check();
          for (const choice of order) {
            simulation.step(choice);
            check();
          }
        }
        simulation.settle();
        assert.deepEqual([verdict(), simulation.isDone], [{ kind: "met" }, true]);
      },
    ),
    { numRuns: 200 },
  );
});
