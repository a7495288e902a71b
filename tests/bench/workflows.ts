// deno-lint-ignore-file no-console -- a benchmark is a program of its own
/**
 * `deno task bench:workflows [--guard]`: the engine's own time for a step that does nothing, a plan for 5,000 pods,
 * and the checks of a file with 1,000 steps. With `--guard` the exit code tells whether a bound was left.
 */
import { systemClock } from "../../src/base/clock.ts";
import type { Target } from "../../src/kube/target.ts";
import { runWorkflow } from "../../src/workflow/engine/engine.ts";
import { nothingKept } from "../../src/workflow/engine/kept.ts";
import type { World } from "../../src/workflow/engine/world.ts";
import { planOf } from "../../src/workflow/full_plan.ts";
import { loaded } from "../../src/workflow/testing/stage_play.ts";

const steps = 1000;
const pods = 5000;
const bounds = { "a step, ms": 1, "a plan, ms": 200 };

const noops = Array.from({ length: steps }, (_, at) => `  - { id: s${at}, shell: ["true"] }\n`);
const large = `permissions: { run: ["true"] }\nsteps:\n${noops.join("")}`;
const several = "steps:\n  - exec: [id]\n  - exec: [date]\n  - exec: [ls]\n    targets: [pod-7]\n";

const absent = () => Promise.reject(new Error("a step that does nothing asked for it"));
const done = Promise.resolve({ exitCode: 0, stdout: "", stderr: "", truncated: false });

/** Every program has ended well before it began. */
const world: World = {
  clock: systemClock,
  env: () => undefined,
  find: absent,
  open: absent,
  kube: absent,
  ask: () => Promise.resolve(undefined),
  runScript: absent,
  nonce: () => "nonce",
  copy: absent,
  local: {
    protectedPaths: [],
    variables: absent,
    realPath: absent,
    run: () => done,
    fetch: absent,
    create: absent,
    readText: absent,
    forward: () => {
      throw new Error("nothing of this is there");
    },
    hold: absent,
  },
};

async function timed(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 7; round++) {
    const beganMs = performance.now();
    await work();
    times.push(performance.now() - beganMs);
  }
  return times.toSorted((a, b) => a - b)[3] ?? 0;
}

async function runAll(): Promise<void> {
  const { workflow, uses } = await noop;
  const { signal } = new AbortController();
  const events = runWorkflow(workflow, world, {
    run: "run",
    params: {},
    overrides: {},
    uses,
    yes: true,
    kept: nothingKept,
    signal,
    finallySignal: signal,
  });
  for await (const event of events) {
    if (event.kind === "workflowEnded" && event.outcome.kind !== "ok") throw new Error("it failed");
  }
}

const noop = loaded({ "w.yaml": large });
const targets = Array.from({ length: pods }, (_, at): Target => ({
  context: "lab",
  namespace: "n",
  pod: `pod-${at}`,
  container: "a",
  node: "",
  ip: "",
}));

async function planAll(): Promise<void> {
  const { workflow, uses } = await loaded({ "w.yaml": several });
  const find = () => Promise.resolve({ targets, skipped: [], dead: [] });
  await planOf(workflow, { params: {}, overrides: {}, uses, find });
}

const measured = {
  "a step, ms": await timed(runAll) / steps,
  "a plan, ms": await timed(planAll),
  "checks of 1,000 steps, ms": await timed(() => loaded({ "w.yaml": large })),
};
for (const [name, ms] of Object.entries(measured)) {
  console.log(`${name.padEnd(28)}${ms.toFixed(3)}`);
}
const left = Object.entries(bounds).filter(([name, bound]) =>
  measured[name as keyof typeof bounds] > bound
);
for (const [name, bound] of left) console.log(`beyond its bound of ${bound}: ${name}`);
if (Deno.args.includes("--guard") && left.length > 0) Deno.exit(1);
