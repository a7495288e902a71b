/**
 * Workflows whose scripts try to get out, by the real engine and the real sandbox: each is stopped with its step
 * named, the steps of `finally` run, and the program around them goes on.
 */
import assert from "node:assert/strict";
import { ManualClock } from "../src/base/testing/manual_clock.ts";
import { systemClock } from "../src/base/clock.ts";
import { scriptRunner } from "../src/sandbox/run_script.ts";
import { executeWorkflow } from "../src/workflow/engine/engine.ts";
import { nothingRetained } from "../src/workflow/engine/step_identity.ts";
import type { Environment } from "../src/workflow/engine/environment.ts";
import { loadWorkflow } from "../src/workflow/load_workflow.ts";
import type { RunScript } from "../src/workflow/model.ts";
import type { WorkflowEvent } from "../src/workflow/step_events.ts";

/** The real sandbox, whose time is up as soon as a script has logged "begun". */
function sandbox(): RunScript {
  const clock = new ManualClock();
  const run = scriptRunner({ clock, deno: Deno.execPath(), hasShell: true, protectedPaths: [] });
  return (script, permissions, api, bounds) => {
    const log = (line: string) => {
      api.log(line);
      if (line === "begun") clock.step();
    };
    return run(script, permissions, { ...api, log }, bounds);
  };
}

/** A world in which there is a sandbox, and nothing else. */
function environmentOf(runScript: RunScript): Environment {
  const absent = () => Promise.reject(new Error("nothing of this is there"));
  return {
    clock: systemClock,
    env: () => undefined,
    find: absent,
    open: absent,
    copy: absent,
    kube: absent,
    openPanes: absent,
    local: {
      protectedPaths: [],
      variables: absent,
      run: absent,
      fetch: absent,
      create: absent,
      readText: absent,
      realPath: absent,
      forward: () => {
        throw new Error("nothing of this is there");
      },
      hold: absent,
    },
    confirmChange: () => Promise.resolve(true),
    ask: () => Promise.resolve(undefined),
    runScript,
    nonce: () => "nonce",
  };
}

/** Scripts run in the folder of their workflow: it must be there. */
const root = Deno.makeTempDirSync({ prefix: "kodama-hostile-" });
globalThis.addEventListener("unload", () => Deno.removeSync(root, { recursive: true }));
const folder = `${root}/workflows`;
Deno.mkdirSync(folder);

async function eventsOf(text: string): Promise<WorkflowEvent[]> {
  const files = {
    readText: (path: string) => Promise.resolve(path === `${folder}/bad.yaml` ? text : undefined),
    listFiles: (listed: string) => Promise.resolve(listed === folder ? ["bad.yaml"] : []),
  };
  const places = { workingDir: root, userDir: "/config", shippedWorkflowsDir: "/shipped" };
  const { workflow, uses } = await loadWorkflow(files, places, "bad");
  const { signal } = new AbortController();
  return await Array.fromAsync(executeWorkflow(workflow, environmentOf(sandbox()), {
    run: "1",
    params: {},
    overrides: {},
    uses,
    yes: true,
    retained: nothingRetained,
    signal,
    finallySignal: signal,
  }));
}

/** What a script does, and how its step ends: one of each kind. `src/sandbox/hostile_test.ts` has all that it may try. */
const attempts: readonly (readonly [title: string, code: string, kind: string, reason: RegExp])[] =
  [
    ["the file system", 'Deno.readTextFileSync("/etc/passwd")', "denied", /read access/],
    [
      "the cluster",
      'await kodama.get("pods", { namespace: "a" })',
      "denied",
      /cluster access: list/,
    ],
    ["all time", 'console.log("begun"); for (;;);', "timeout", /not done within 30s/],
    ["2 GB of memory", "new Uint8Array(2e9).fill(1)", "failed", /limit of memory/],
    ["the program around it", "Deno.exit(0)", "failed", /ended with exit code 0/],
  ];

for (const [title, code, kind, reason] of attempts) {
  Deno.test(`a script that reaches for ${title} is stopped, and finally runs`, async () => {
    const events = await eventsOf(`
steps:
  - id: hostile
    script: ${JSON.stringify(code)}
  - id: after
    script: kodama.output(1)
finally:
  - id: cleaned
    script: kodama.output("clean")
`);
    const ends = events.flatMap((event) => event.event === "stepEnded" ? [event] : []);
    const [hostile] = ends;
    assert.equal(hostile?.step, "hostile");
    assert.equal(hostile.outcome, kind, `${hostile.error}`);
    assert.match(hostile.error ?? "", reason);
    const byStep = new Map(ends.map(({ step, outcome }) => [step, outcome]));
    assert.equal(byStep.get("finally/cleaned"), "ok");
    assert.notEqual(byStep.get("after"), "ok");
    const last = events.at(-1);
    assert.equal(last?.event, "runEnded");
    assert.notEqual(last?.event === "runEnded" ? last.exitCode : 0, 0);
  });
}
