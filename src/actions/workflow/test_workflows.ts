/** Tests of workflows: each case is a real run, against an embedded cluster that is removed afterwards. */
import { readYamlShape } from "../../base/yaml/shape.ts";
import { exitCodeOfKind, KodamaError, UnconfirmedError } from "../../base/errors.ts";
import type { JsonValue } from "../../base/json_value.ts";
import { stepReason } from "../../workflow/engine/policy.ts";
import { resolved } from "../../workflow/load_workflow.ts";
import { absolute } from "../../workflow/permissions.ts";
import {
  differences,
  type TestCase,
  type TestedRun,
  testShape,
} from "../../workflow/test_shape.ts";
import { ownWorkflowFolders, workflowFolders } from "../../workflow/find_workflow.ts";
import type { Host } from "../host.ts";
import { runSteps } from "./run_steps.ts";

/** The events of tests. */
type TestEvent =
  | { kind: "clusterStarting"; world: string }
  | {
    kind: "caseEnded";
    file: string;
    name: string;
    /** The differences from the expected result; empty if there are none. */
    differences: readonly string[];
    durationMs: number;
  };

const ending = /\.test\.ya?ml$/;
const maxBytes = 256 * 1024;

/**
 * Runs the cases of these files; of every `*.test.yaml` beside the workflows of a repository if none is named.
 *
 * @throws FileError for an invalid test file; KodamaError `noMatch` if there is none.
 */
export async function* testWorkflows(
  host: Host,
  wanted: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<TestEvent, void> {
  const files = wanted.length > 0
    ? wanted.map((one) => absolute(one, host.places.workingDir))
    : await nearTests(host);
  const tests = await Promise.all(files.map((file) => readTest(host, file)));
  for (const [world, group] of Map.groupBy(tests, (test) => test.world)) {
    yield { kind: "clusterStarting", world };
    await using cluster = await host.testCluster(world, signal);
    for (const { file, workflow, cases } of group) {
      for (const one of cases) {
        const beganMs = host.clock.elapsedMs();
        await using temp = await cluster.folder();
        const found = await runCase(cluster.host, { workflow, one, temp: temp.path, signal });
        const durationMs = Math.round(host.clock.elapsedMs() - beganMs);
        const failed = differences(one.expect, found);
        yield { kind: "caseEnded", file, name: one.name, differences: failed, durationMs };
      }
    }
  }
}

interface Test {
  file: string;
  workflow: string;
  world: string;
  cases: readonly TestCase[];
}

async function readTest(host: Host, file: string): Promise<Test> {
  const text = await host.files.readText(file, maxBytes);
  if (text === undefined) throw new KodamaError("notFound", `there is no test file ${file}`);
  const { value } = await readYamlShape({ path: file, text }, testShape);
  const own = `./${file.split("/").at(-1)?.replace(ending, "")}.yaml`;
  const world = value.world ?? "weka";
  return {
    file,
    workflow: resolved(value.workflow ?? own, file),
    // A path of a world is relative to the file, like any path in it.
    world: world.startsWith(".") ? resolved(world, file) : world,
    cases: value.cases,
  };
}

async function nearTests(host: Host): Promise<string[]> {
  const { shippedWorkflowsDir: shipped, workingDir } = host.places;
  // Shipped workflows have been tested, unless this is kodama's own repository.
  const isOwn = `${workingDir}/`.startsWith(shipped.slice(0, shipped.lastIndexOf("/") + 1));
  const others = ownWorkflowFolders(host.places).filter((own) => own !== shipped || !isOwn);
  const folders = workflowFolders(host.places).filter((folder) => !others.includes(folder));
  for (const folder of folders) {
    const found = (await host.files.listFiles(folder)).filter((name) => ending.test(name));
    if (found.length > 0) return found.map((name) => `${folder}/${name}`);
  }
  throw new KodamaError("noMatch", "there is no test of a workflow from here upwards", {
    hint: "a test is a file such as workflows/NAME.test.yaml",
  });
}

async function runCase(
  host: Host,
  { workflow, one, temp, signal }: {
    workflow: string;
    one: TestCase;
    temp: string;
    signal: AbortSignal;
  },
): Promise<TestedRun> {
  const params = Object.entries(one.params ?? {})
    .map(([name, value]): [string, string] => [name, wordOf(value).replaceAll("{temp}", temp)]);
  const steps = new Map<string, string>();
  const lines: string[] = [];
  const events = runSteps(host, {
    workflow,
    params: new Map(params),
    overrides: {},
    yes: one.yes ?? false,
    confirm: { ask: () => answerOf(one) },
    trustNow: true,
    ask: () => Promise.resolve(one.yes === undefined ? undefined : one.yes ? "yes" : "no"),
    signal,
    finallySignal: signal,
  });
  try {
    for await (const event of events) {
      if (event.kind === "stepEnded") steps.set(event.step, event.outcome.kind);
      if (event.kind === "stepLine") lines.push(event.text);
      if (event.kind !== "workflowEnded") continue;
      const { outcome, exitCode } = event;
      const outputs = event.outputs as Record<string, JsonValue>;
      return {
        outcome: outcome.kind,
        reason: stepReason(outcome),
        exitCode,
        outputs,
        steps,
        lines,
      };
    }
  } catch (error) {
    // It wasn't started: a parameter, a file. The case may expect that.
    if (!(error instanceof KodamaError)) throw error;
    const outcome = error.kind === "declined" ? "refused" : "failed";
    const exitCode = exitCodeOfKind(error.kind);
    return { outcome, reason: error.message, exitCode, outputs: {}, steps, lines };
  }
  throw new Error("a run ended without its last event");
}

/** Answers the question before a change; a case without an answer is a run without a terminal. */
function answerOf({ yes }: TestCase): Promise<boolean> {
  if (yes !== undefined) return Promise.resolve(yes);
  throw new UnconfirmedError("refusing to change anything without confirmation", {
    hint: "the case needs yes: true or false",
  });
}

function wordOf(value: unknown): string {
  if (Array.isArray(value)) return JSON.stringify(value);
  return String(value);
}
