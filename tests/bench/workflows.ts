// deno-lint-ignore-file no-console -- a benchmark is a program of its own
/**
 * `deno task bench:workflows [--guard]`: the engine's own time for a step that does nothing, a plan for 5,000 pods,
 * the checks of a file with 1,000 steps, and of the slowest of the files that are wrong. With `--guard` the exit code reports whether a bound was left.
 */
import { simulatedHost } from "../../src/actions/testing/simulated_host.ts";
import { checkWorkflows } from "../../src/actions/workflow/files.ts";
import { systemClock } from "../../src/base/clock.ts";
import type { Target } from "../../src/kube/select/target.ts";
import { executeWorkflow } from "../../src/workflow/engine/engine.ts";
import { nothingRetained } from "../../src/workflow/engine/step_identity.ts";
import type { Environment } from "../../src/workflow/engine/environment.ts";
import { planOf } from "../../src/workflow/full_plan.ts";
import { loaded } from "../../src/workflow/testing/step_fixture.ts";
import { brokenWorkflows } from "../broken_workflows.ts";

const steps = 1000;
const pods = 5000;
const bounds = { "a step, ms": 1, "a plan, ms": 200, "the slowest broken file, ms": 100 };

const noops = Array.from({ length: steps }, (_, at) => `  - { id: s${at}, shell: ["true"] }\n`);
const large = `permissions: { run: ["true"] }\nsteps:\n${noops.join("")}`;
const several = "steps:\n  - exec: [id]\n  - exec: [date]\n  - exec: [ls]\n    targets: [pod-7]\n";

const absent = () => Promise.reject(new Error("a step that does nothing asked for it"));
const done = Promise.resolve({ exitCode: 0, stdout: "", stderr: "", truncated: [] });

/** Every program has ended well before it began. */
const environment: Environment = {
  clock: systemClock,
  env: () => undefined,
  find: absent,
  open: absent,
  kube: absent,
  openPanes: absent,
  confirmChange: () => Promise.resolve(true),
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
  const events = executeWorkflow(workflow, environment, {
    run: "run",
    params: {},
    overrides: {},
    uses,
    yes: true,
    retained: nothingRetained,
    signal,
    finallySignal: signal,
  });
  for await (const event of events) {
    if (event.event === "runEnded" && event.outcome !== "ok") throw new Error("it failed");
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

/** The slowest of the broken files: each is checked once, as by a person who has just saved it. */
async function slowestBroken(): Promise<number> {
  let slowestMs = 0;
  for (const broken of Object.values(brokenWorkflows)) {
    const files = Object.entries(typeof broken === "string" ? { "w.yaml": broken } : broken);
    const paths = files.map(([name, text]): [string, string] => [`/project/${name}`, text]);
    const { host } = simulatedHost({}, { files: Object.fromEntries(paths) });
    const beganMs = performance.now();
    await checkWorkflows(host, ["./w.yaml"]);
    slowestMs = Math.max(slowestMs, performance.now() - beganMs);
  }
  return slowestMs;
}

const measured = {
  "a step, ms": await timed(runAll) / steps,
  "a plan, ms": await timed(planAll),
  "the slowest broken file, ms": await slowestBroken(),
  "checks of 1,000 steps, ms": await timed(() => loaded({ "w.yaml": large })),
};
for (const [name, ms] of Object.entries(measured)) {
  console.log(`${name.padEnd(30)}${ms.toFixed(3)}`);
}
const left = Object.entries(bounds).filter(([name, bound]) =>
  measured[name as keyof typeof bounds] > bound
);
for (const [name, bound] of left) console.log(`beyond its bound of ${bound}: ${name}`);
if (Deno.args.includes("--guard") && left.length > 0) Deno.exit(1);
