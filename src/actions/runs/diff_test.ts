/** Runs of the same work that were recorded as a command, or as a workflow. */
import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import type { PodScript } from "../../exec/testing/simulated_pod.ts";
import { wholeSelection } from "../../kube/select/target.ts";
import { exec } from "../exec/exec.ts";
import type { Host } from "../host.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { runWorkflow, shortWorkflow } from "../workflow/run_workflow.ts";
import { runSteps } from "../workflow/run_steps.ts";
import { diffRuns } from "./diff.ts";
import { findAnyRun, runBefore } from "./past_runs.ts";

const signal = new AbortController().signal;
const short = "/project/short.yaml";
const long = "/project/long.yaml";

/** A pod that answers something else each time. */
function counting(): PodScript {
  let answers = 0;
  return {
    openMs: 1,
    get output() {
      const bytes = new TextEncoder().encode(`answer ${answers++}\n`);
      return [{ afterMs: 1, stream: "stdout" as const, bytes }];
    },
    end: { kind: "exited", exitCode: 0 },
    diesOn: "TERM",
  };
}

function machine() {
  const same: PodScript = { ...counting(), output: [] };
  const { host, clock } = simulatedHost({ lab: { pods: { "web-0": same, "web-1": counting() } } }, {
    files: {
      [short]: "version: 2\ncommand: id\n",
      [long]: "steps: [{ exec: id }, { check: true }]\n",
    },
  });
  const local = {
    protectedPaths: [],
    variables: () => Promise.resolve(new Map()),
    readText: () => Promise.resolve(undefined),
  };
  const own: Host = { ...host, workflowMachine: () => Promise.resolve({ local } as never) };
  const run = async (events: AsyncIterable<unknown>) => {
    await clock.runUntil(Array.fromAsync(events));
    clock.advance(1000);
    return await findAnyRun(own, undefined);
  };
  const trust = { trustNow: true as const };
  return {
    host: own,
    byExec: () =>
      run(exec(own, {
        ...{ contexts: [], selection: wholeSelection, signal },
        ...{ command: ["id"], shell: true },
      })),
    byCommandLine: async () => {
      const workflow = await shortWorkflow(own, short);
      assert(workflow !== undefined);
      return await run(runWorkflow(own, { workflow, overrides: {}, signal, trust }));
    },
    byPage: (workflow = short) =>
      run(runSteps(own, {
        ...{ workflow, params: new Map(), overrides: { all: true as const }, yes: true, ...trust },
        ...{ signal, finallySignal: signal },
      })),
  };
}

Deno.test("a workflow that is recorded as a command, and as its step, is compared pod by pod", async () => {
  const { host, byCommandLine, byPage } = machine();
  const first = await byCommandLine();
  const second = await byPage();
  assert.deepEqual([first.kind, second.kind], ["run", "workflow"]);
  assert.equal((await runBefore(host, second)).run.header.id, first.run.header.id);
  const third = await byCommandLine();
  assert.equal((await runBefore(host, third)).run.header.id, second.run.header.id);
  for (const later of [second, third]) {
    const diff = await diffRuns(host, later);
    assert(diff.kind === "run");
    assert.deepEqual(diff.changes.changed.map(({ names }) => names), ["web-1"]);
    assert.equal(diff.changes.same, 1);
  }
});

Deno.test("a run of exec is compared with a workflow of one step, and not with one of several", async () => {
  const { host, byExec, byPage } = machine();
  const command = await byExec();
  const one = await diffRuns(host, await byPage(), command);
  assert(one.kind === "run");
  assert.deepEqual(one.changes.changed.map(({ names }) => names), ["web-1"]);
  const several = await byPage(long);
  await assert.rejects(
    diffRuns(host, several, command),
    (error) => error instanceof KodamaError && error.kind === "conflict",
  );
});
