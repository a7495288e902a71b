/** Tests of workflows: each case is a real run, against an embedded cluster that is removed afterwards. */
import { readYamlShape } from "../../base/yaml/shape.ts";
import { exitCodeOfKind, KodamaError, UnconfirmedError } from "../../base/errors.ts";
import type { JsonValue } from "../../base/json_value.ts";
import { resolved } from "../../workflow/load_workflow.ts";
import { absolute } from "../../workflow/permissions.ts";
import {
  differences,
  type TestCase,
  type TestedRun,
  testShape,
} from "../../workflow/test_shape.ts";
import { ownWorkflowFolders, workflowFolders } from "../../workflow/find_workflow.ts";
import type { TrustedFiles } from "../../sandbox/trust.ts";
import { noPermissions } from "../../workflow/model.ts";
import type { Host } from "../host.ts";
import { readWorkflow } from "./files.ts";
import { workflowFiles } from "./workflow_files.ts";
import { runSteps } from "./run_steps.ts";
import { ensureTrusted, type TrustOptions, type TrustSubject } from "./trust.ts";
import { trustSubject } from "./trust_subject.ts";

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
const maxWorldBytes = 4 * 1024 * 1024;

/**
 * Runs the cases of these files; of every `*.test.yaml` beside the workflows of a repository if none is named. A test
 * runs processes of this machine: nothing is started before all of them are trusted.
 *
 * @throws FileError for an invalid test file; KodamaError `noMatch` if there is none, as {@link ensureTrusted} if one
 *   isn't trusted.
 */
export async function* testWorkflows(
  host: Host,
  wanted: readonly string[],
  { signal, trust }: { signal: AbortSignal; trust: TrustOptions },
): AsyncGenerator<TestEvent, void> {
  const files = wanted.length > 0
    ? wanted.map((one) => absolute(one, host.places.workingDir))
    : await nearTests(host);
  const tests: TrustedTest[] = [];
  for (const file of files) tests.push(await trustedTest(host, await readTest(host, file), trust));
  for (const [world, group] of Map.groupBy(tests, (test) => test.world)) {
    yield { kind: "clusterStarting", world };
    const [{ trusted: first }] = group as [TrustedTest];
    await using cluster = await host.testCluster(world, first, signal);
    for (const { file, workflow, cases, trusted, isLoaded } of group) {
      const pinned = withTexts(cluster.host, trusted.texts);
      for (const one of cases) {
        const beganMs = host.clock.elapsedMs();
        await using temp = await cluster.folder();
        const found = await runCase(pinned, {
          workflow,
          one,
          temp: temp.path,
          trustNow: isLoaded,
          signal,
        });
        const durationMs = Math.round(host.clock.elapsedMs() - beganMs);
        const failed = differences(one.expect, found);
        yield { kind: "caseEnded", file, name: one.name, differences: failed, durationMs };
      }
    }
  }
}

interface Test {
  file: string;
  text: string;
  workflow: string;
  world: string;
  cases: readonly TestCase[];
}

async function readTest(host: Host, file: string): Promise<Test> {
  const text = await (await workflowFiles(host)).readText(file, maxBytes);
  if (text === undefined) throw new KodamaError("notFound", `there is no test file ${file}`);
  const { value } = await readYamlShape({ path: file, text }, testShape);
  const own = `./${file.split("/").at(-1)?.replace(ending, "")}.yaml`;
  const world = value.world ?? "weka";
  return {
    file,
    text,
    workflow: resolved(value.workflow ?? own, file),
    // A path of a world is relative to the file, like any path in it.
    world: world.startsWith(".") ? resolved(world, file) : world,
    cases: value.cases,
  };
}

interface TrustedTest extends Test {
  trusted: TrustedFiles;
  /** Its workflow can be read. */
  isLoaded: boolean;
}

/** Throws as {@link ensureTrusted}. */
async function trustedTest(host: Host, test: Test, trust: TrustOptions): Promise<TrustedTest> {
  const { subject, isLoaded } = await subjectOf(host, test);
  const trusted = await ensureTrusted(host, subject, trust);
  return { ...test, trusted, isLoaded };
}

/**
 * Returns the subjects of trust in the tests of these workflows, which are files beside them.
 *
 * @throws FileError for an invalid test file.
 */
export async function testSubjects(
  host: Host,
  workflows: readonly TrustSubject[],
): Promise<TrustSubject[]> {
  const paths = workflows.map(({ path }) => absolute(path, host.places.workingDir));
  const folders = new Set(paths.map((path) => path.slice(0, path.lastIndexOf("/"))));
  const subjects: TrustSubject[] = [];
  for (const folder of folders) {
    for (const name of await host.files.listFiles(folder)) {
      if (!ending.test(name)) continue;
      const test = await readTest(host, `${folder}/${name}`);
      if (!paths.includes(test.workflow)) continue;
      subjects.push((await subjectOf(host, test)).subject);
    }
  }
  return subjects;
}

/** Returns the test, its world, its workflow and all files of that, as one subject. */
async function subjectOf(
  host: Host,
  { file, text, world, workflow }: Test,
): Promise<{ subject: TrustSubject; isLoaded: boolean }> {
  const files = new Map([[file, text]]);
  // Sizes follow the path: `./lab.yaml:nodes=3`.
  const worldFile = world.replace(/:[^/]*=[^/]*$/, "");
  const isPath = worldFile.includes("/");
  if (isPath) {
    const reader = await workflowFiles(host);
    files.set(worldFile, await reader.readText(worldFile, maxWorldBytes) ?? "");
  }
  const tested = await workflowSubject(host, workflow);
  for (const one of tested?.files ?? []) files.set(one.path, one.text);
  const subject: TrustSubject = {
    name: file.slice(file.lastIndexOf("/") + 1),
    path: file,
    files: [...files].map(([path, text]) => ({ path, text })),
    permissions: tested?.permissions ?? noPermissions,
    changes: [...(isPath ? [`the pods of ${world}`] : []), ...tested?.changes ?? []],
    // They are of a cluster of its own.
    secrets: [],
    hidesShipped: false,
    isTest: true,
  };
  return { subject, isLoaded: tested !== undefined };
}

/** Returns undefined for a workflow that can't be read: its cases may expect that, and nothing of it runs. */
async function workflowSubject(host: Host, workflow: string): Promise<TrustSubject | undefined> {
  try {
    return await trustSubject(host, await readWorkflow(host, workflow));
  } catch (error) {
    if (!(error instanceof KodamaError)) throw error;
    return undefined;
  }
}

/** Returns the host with the texts of files as they were when they were trusted. */
function withTexts(host: Host, texts: ReadonlyMap<string, string>): Host {
  const { files } = host;
  return {
    ...host,
    files: {
      ...files,
      readText: async (path, maxBytes, options) =>
        texts.get(path) ?? await files.readText(path, maxBytes, options),
    },
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
  { workflow, one, temp, trustNow, signal }: {
    workflow: string;
    one: TestCase;
    temp: string;
    trustNow: boolean;
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
    trustNow,
    ask: () => Promise.resolve(one.yes === undefined ? undefined : one.yes ? "yes" : "no"),
    signal,
    finallySignal: signal,
  });
  try {
    for await (const event of events) {
      if (event.event === "stepEnded") steps.set(event.step, event.outcome);
      if (event.event === "line") lines.push(event.text);
      if (event.event !== "runEnded") continue;
      const { outcome, exitCode, error: reason } = event;
      const outputs = event.outputs as Record<string, JsonValue>;
      return { outcome: outcome ?? "ok", reason: reason ?? "", exitCode, outputs, steps, lines };
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
