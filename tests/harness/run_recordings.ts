/**
 * Runs of commands and of workflows in every situation, recorded: the action itself makes the events, on simulated pods
 * and a manual clock. Each recording is replayed through every face.
 */
import { exec } from "../../src/actions/exec/exec.ts";
import type { ExecEvent, ExecOptions } from "../../src/actions/exec/events.ts";
import { watchRun } from "../../src/actions/exec/watch.ts";
import type { WatchEvent } from "../../src/actions/rounds.ts";
import { findAnyRun, type FoundRun } from "../../src/actions/runs/past_runs.ts";
import { rerun } from "../../src/actions/runs/rerun.ts";
import {
  rerunSteps,
  runSteps,
  type RunStepsOptions,
  type StepsEvent,
} from "../../src/actions/workflow/run_steps.ts";
import { watchSteps } from "../../src/actions/workflow/watch_steps.ts";
import {
  type SimulatedCluster,
  type SimulatedHost,
  simulatedHost,
  type SimulatedSurroundings,
} from "../../src/actions/testing/simulated_host.ts";
import { KodamaError } from "../../src/base/errors.ts";
import type { PodScript } from "../../src/exec/testing/simulated_pod.ts";
import { wholeSelection } from "../../src/kube/select/target.ts";

/** One situation. */
interface Situation {
  /** By context; one of three pods if absent. */
  clusters?: Readonly<Record<string, SimulatedCluster>>;
  surroundings?: SimulatedSurroundings;
  /** A person stops the run three seconds after its start. */
  isStopped?: true;
  /** The run is repeated, and the repetition is recorded. */
  again?: "failed" | "all";
}

/** A command. */
type CommandSituation = Situation & Partial<Omit<ExecOptions, "signal">>;

/** A workflow: its text. */
type WorkflowSituation = Situation & {
  text: string;
  /** Text that the file has in addition when the run is repeated. */
  edit?: string;
  /** Another run of its group is running. */
  isHeld?: true;
};

const encoder = new TextEncoder();

/** A pod whose command writes a text and ends. */
function pod(text: string, exitCode = 0, changes: Partial<PodScript> = {}): PodScript {
  return {
    openMs: 1,
    output: [{ afterMs: 1, stream: "stdout", bytes: encoder.encode(text) }],
    end: { kind: "exited", exitCode },
    diesOn: "TERM",
    ...changes,
  };
}

const hanging = pod("begun\n", 0, { end: "hangs" });
const unreachable = pod("", 0, { refusal: new KodamaError("unreachable", "no route to host") });
const forbidden = pod("", 0, {
  refusal: new KodamaError("forbidden", "pods/exec is forbidden for bob"),
});
/** The connection breaks after the first line. */
const unknown = pod("begun\n", 0, { end: { kind: "cut", reason: "the connection was reset" } });
const notStarted = pod("", 0, {
  end: {
    kind: "refused",
    status: {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: 'exec: "nope": executable file not found in $PATH: unknown',
      reason: "InternalError",
    },
  },
});

const good = { lab: { pods: { "web-0": pod("a\n"), "web-1": pod("a\n"), "db-0": pod("b\n") } } };
const mixed = { lab: { pods: { ...good.lab.pods, "web-1": pod("broken\n", 3) } } };
const skipped = [{ namespace: "n", pod: "web-9", reason: "is Pending: 0/1 containers ready" }];
const away = new KodamaError("unreachable", "no answer from https://far:6443");

/** The situations of commands, by the names of their files. */
const commands: Readonly<Record<string, CommandSituation>> = {
  "command-ok": {},
  "command-failed": { clusters: mixed },
  "command-killed": { clusters: { lab: { pods: { "web-0": pod("a\n"), "web-1": pod("", 137) } } } },
  "command-not-started": { clusters: { lab: { pods: { "web-0": notStarted, "web-1": pod("") } } } },
  "command-forbidden": { clusters: { lab: { pods: { "web-0": pod("a\n"), "web-1": forbidden } } } },
  "command-unreachable": {
    clusters: { lab: { pods: { "web-0": pod("a\n"), "web-1": unreachable } } },
  },
  "command-unknown": { clusters: { lab: { pods: { "web-0": pod("a\n"), "web-1": unknown } } } },
  "command-not-ready": { clusters: { lab: { ...good.lab, skipped } } },
  "command-timeout": {
    clusters: { lab: { pods: { "web-0": pod("a\n"), "web-1": hanging } } },
    timeoutMs: 5000,
  },
  "command-no-stream": {
    clusters: { lab: { pods: { "web-0": pod("a\n"), "web-1": pod("", 0, { openMs: 60_000 }) } } },
    connectTimeoutMs: 2000,
  },
  "command-fail-fast": { clusters: mixed, fanout: 1, failFast: true },
  "command-batches": {
    clusters: mixed,
    serial: [{ kind: "count", count: 2 }],
    maxFail: { kind: "count", count: 0 },
  },
  "command-stopped": {
    clusters: { lab: { pods: { "web-0": pod("a\n"), "web-1": hanging } } },
    isStopped: true,
  },
  "command-contexts": {
    clusters: {
      near: { pods: { "web-0": pod("a\n") } },
      late: { answersAfterMs: 4000, pods: { "web-0": pod("b\n", 1) } },
      far: { failure: away },
    },
    contexts: ["near", "late", "far"],
  },
  "command-not-recorded": { surroundings: { fullDisk: () => true } },
  "command-rerun": { clusters: mixed, again: "failed" },
};

const shell = 'exec: "id"';

/** The situations of workflows. */
const workflows: Readonly<Record<string, WorkflowSituation>> = {
  "workflow-captures": {
    text: `steps:
  - id: read
    ${shell}
  - id: compare
    check: \${{ steps.read.distinct.size() == 2 }}
outputs: { answers: "\${{ steps.read.distinct }}" }
`,
  },
  "workflow-failed": {
    clusters: mixed,
    text: `steps: [{ id: read, ${shell} }, { check: true }]\n`,
  },
  "workflow-unreachable": {
    clusters: { near: good.lab, far: { failure: away } },
    text: `select: { context: [near, far] }\nsteps: [{ id: read, ${shell} }]\n`,
  },
  "workflow-not-ready": {
    clusters: { lab: { ...good.lab, skipped } },
    text: `steps: [{ id: read, ${shell} }]\n`,
  },
  "workflow-timeout": {
    clusters: { lab: { pods: { "web-0": pod("a\n"), "web-1": hanging } } },
    text: `steps: [{ id: read, ${shell}, commandTimeout: 5s }]\n`,
  },
  "workflow-step-timeout": {
    clusters: { lab: { pods: { "web-0": hanging } } },
    text: `steps: [{ id: read, ${shell}, timeout: 5s }]\n`,
  },
  "workflow-unknown": {
    clusters: { lab: { pods: { "web-0": pod("a\n"), "web-1": unknown } } },
    text: `steps: [{ id: read, ${shell} }]\n`,
  },
  "workflow-skipped": {
    text: `steps: [{ id: never, ${shell}, when: "\${{ false }}" }, { id: read, ${shell} }]\n`,
  },
  "workflow-tolerated": {
    clusters: mixed,
    text: `steps: [{ id: read, ${shell}, allowFailure: true }, { check: true }]\n`,
  },
  "workflow-stopped": {
    clusters: { lab: { pods: { "web-0": hanging } } },
    isStopped: true,
    text: `steps: [{ id: read, ${shell} }]\nfinally: [{ id: clean, wait: 1ms }]\n`,
  },
  "workflow-rescued": {
    clusters: mixed,
    text: `steps:
  - id: deploy
    group: { steps: [{ id: read, ${shell} }], rescue: [{ id: back, wait: 1ms }] }
`,
  },
  "workflow-batches": {
    text: `steps:
  - id: roll
    batches: { serial: [1, 2], steps: [{ id: read, ${shell} }] }
`,
  },
  "workflow-attempts": {
    clusters: mixed,
    text: `steps: [{ id: read, ${shell}, attempts: { most: 2, delay: 1s } }]\n`,
  },
  "workflow-foreach": {
    text: `steps:
  - id: each
    foreach: [x, y]
    steps: [{ id: read, ${shell} }]
`,
  },
  "workflow-not-recorded": {
    surroundings: { fullDisk: () => true },
    text: `steps: [{ id: read, ${shell} }]\n`,
  },
  "workflow-waits": { text: `concurrency: wait\nsteps: [{ id: read, ${shell} }]\n`, isHeld: true },
  "workflow-resumed": {
    clusters: mixed,
    again: "failed",
    edit: "# another comment\n",
    text: `steps: [{ id: first, wait: 1ms }, { id: read, ${shell} }]\n`,
  },
};

/** A recorded run. */
export interface RunRecording {
  name: string;
  events: readonly (ExecEvent | StepsEvent)[];
  /** The run as its record has it; undefined if it isn't recorded. */
  recorded: FoundRun | undefined;
}

/** The names of all recordings. */
export const recordingNames: readonly string[] = [
  ...Object.keys(commands),
  ...Object.keys(workflows),
];

const file = "/project/w.yaml";

/** Runs a situation. `changes` replace options of a command. */
export async function recordRun(
  name: string,
  changes: Partial<ExecOptions> = {},
): Promise<RunRecording> {
  const command = commands[name];
  const workflow = workflows[name];
  const situation: Situation = command ?? workflow ?? {};
  const { clusters = good, surroundings, isStopped = false, again } = situation;
  const { host, clock, files } = hostOf(clusters, {
    ...surroundings,
    ...(workflow === undefined ? {} : { files: { [file]: workflow.text } }),
  }, workflow?.isHeld);
  const stop = new AbortController();
  const signal = stop.signal;
  const start = workflow === undefined
    ? () => {
      const { clusters: _c, surroundings: _s, isStopped: _t, again: _a, ...options } = command ??
        {};
      return exec(host, {
        contexts: [],
        selection: wholeSelection,
        command: ["id"],
        outputMode: "prefix",
        signal,
        ...options,
        ...changes,
      });
    }
    : () => runSteps(host, { ...stepsOptions(signal), workflow: file, overrides: { all: true } });
  const events: (ExecEvent | StepsEvent)[] = [];
  const follow = async (started: AsyncIterable<ExecEvent | StepsEvent>) => {
    for await (const event of started) {
      events.push(event);
      const isStart = "event" in event
        ? event.event === "targetsAdded"
        : event.kind === "runStarted";
      if (isStopped && isStart) clock.timer(3000, () => stop.abort());
    }
  };
  await clock.runUntil(follow(start()));
  const isStored = () => [...files.values()].some((text) => text.startsWith('{"event":'));
  if (again !== undefined) {
    const before = await findAnyRun(host, undefined);
    events.length = 0;
    clock.advance(1000);
    if (workflow?.edit !== undefined) files.set(file, workflow.text + workflow.edit);
    await clock.runUntil(follow(
      before.kind === "workflow"
        ? rerunSteps(host, before.run, { ...stepsOptions(signal), resume: { kind: again } })
        : rerun(host, {
          failed: again === "failed",
          recreated: false,
          signal,
          outputMode: "prefix",
        }),
    ));
  }
  return { name, events, recorded: isStored() ? await findAnyRun(host, undefined) : undefined };
}

/** A host of these clusters, on whose machine workflows run. `isHeld`: by another run, at first. */
function hostOf(
  clusters: Readonly<Record<string, SimulatedCluster>>,
  surroundings: SimulatedSurroundings,
  isHeld = false,
): SimulatedHost {
  const simulated = simulatedHost(clusters, surroundings);
  let turns = 0;
  const machine = {
    local: {
      protectedPaths: [],
      variables: () => Promise.resolve(new Map()),
      readText: () => Promise.resolve(undefined),
      hold: () =>
        Promise.resolve(
          turns++ === 0 && isHeld
            ? { heldBy: "run-0" }
            : { [Symbol.asyncDispose]: () => Promise.resolve() },
        ),
    },
    runScript: () => Promise.reject(new Error("no script")),
  };
  const workflowMachine = () => Promise.resolve(machine as never);
  return { ...simulated, host: { ...simulated.host, workflowMachine } };
}

function stepsOptions(signal: AbortSignal) {
  return {
    params: new Map<string, string>(),
    yes: true,
    trustNow: true,
    signal,
    finallySignal: new AbortController().signal,
  } satisfies Partial<RunStepsOptions>;
}

/** A watch of a command or of a workflow, whose second round differs from the first, and whose third doesn't. */
export async function recordWatch(
  kind: "command" | "workflow",
  outputMode: "prefix" | "report",
): Promise<WatchEvent<ExecEvent | StepsEvent>[]> {
  let round = 0;
  const changing: PodScript = {
    ...pod(""),
    get output() {
      const bytes = encoder.encode(round < 2 ? "before\n" : "after\n");
      return [{ afterMs: 1, stream: "stdout" as const, bytes }];
    },
  };
  const { host, clock } = hostOf({ lab: { pods: { "web-0": pod("same\n"), "web-1": changing } } }, {
    files: { [file]: `steps: [{ id: read, ${shell} }]\n` },
  });
  const stop = new AbortController();
  const times = { intervalMs: 10_000, clock, signal: stop.signal };
  const { signal } = new AbortController();
  const watch: AsyncIterable<WatchEvent<ExecEvent | StepsEvent>> = kind === "command"
    ? watchRun({
      ...times,
      start: ({ observe }) => {
        round++;
        const request = { contexts: [], selection: wholeSelection, command: ["id"] };
        return exec(host, { ...request, outputMode, signal, observe });
      },
    })
    : watchSteps(host, {
      ...times,
      start: () => {
        round++;
        return runSteps(host, {
          ...stepsOptions(signal),
          workflow: file,
          overrides: { all: true },
        });
      },
    });
  const events: WatchEvent<ExecEvent | StepsEvent>[] = [];
  await clock.runUntil((async () => {
    for await (const event of watch) {
      events.push(event);
      if (event.kind === "roundEnded" && event.round === 3) stop.abort();
    }
  })());
  return events;
}
