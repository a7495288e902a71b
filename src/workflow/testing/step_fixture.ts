/** A run of a workflow's text in a test environment: local programs by a function, pods by their scripts. */
import { ManualClock } from "../../base/testing/manual_clock.ts";
import type { JsonValue } from "../../base/json_value.ts";
import { type PodScript, SimulatedPod } from "../../exec/testing/simulated_pod.ts";
import type { Target } from "../../kube/select/target.ts";
import { executeWorkflow, type RunInput } from "../engine/engine.ts";
import { nothingRetained } from "../engine/step_identity.ts";
import type { Environment, LocalEnd } from "../engine/environment.ts";
import { inspectWorkflow, loadWorkflow } from "../load_workflow.ts";
import { paramValues } from "../params.ts";
import type { WorkflowEvent } from "../step_events.ts";

/** The environment of a test. */
export interface Play {
  /** The workflow, `w.yaml`, and files beside it. */
  files: Readonly<Record<string, string>>;
  params?: Readonly<Record<string, string>>;
  /** Pods by name; each selection matches all of them. */
  pods?: Readonly<Record<string, PodScript>>;
  /** A local program: its exit code, or its whole end. Nothing is run. */
  run?: (argv: readonly string[], signal: AbortSignal) => Promise<number> | number;
  answers?: readonly (string | undefined)[];
  input?: Partial<RunInput>;
  environment?: Partial<Environment>;
  local?: Partial<Environment["local"]>;
  clock?: ManualClock;
}

/** The result. */
export interface Played {
  events: WorkflowEvent[];
  /** The args of every program, in order. */
  ran: string[][];
  clock: ManualClock;
  pods: ReadonlyMap<string, SimulatedPod>;
}

/** Returns a pod whose command writes a text and exits with a code. */
export function saying(text: string, exitCode = 0, afterMs = 1): PodScript {
  return {
    openMs: 1,
    output: [{ afterMs, stream: "stdout", bytes: new TextEncoder().encode(text) }],
    end: { kind: "exited", exitCode },
    diesOn: "TERM",
  };
}

/** Runs it to its end. Rejects as the engine does. */
export async function play(play: Play): Promise<Played> {
  const clock = play.clock ?? new ManualClock();
  const ran: string[][] = [];
  const pods = new Map(
    Object.entries(play.pods ?? {}).map((
      [name, script],
    ) => [name, new SimulatedPod(script, clock)]),
  );
  const { workflow, uses } = await loaded(play.files);
  const given = new Map(Object.entries(play.params ?? {}));
  const { values } = await paramValues(workflow, given, () => undefined);
  const { signal } = new AbortController();
  const events = executeWorkflow(workflow, {
    ...environmentOf(play, { clock, ran, pods }),
    ...play.environment,
  }, {
    run: "run-1",
    params: values,
    overrides: {},
    uses,
    yes: false,
    retained: nothingRetained,
    signal,
    finallySignal: signal,
    ...play.input,
  });
  return { events: await clock.runUntil(Array.fromAsync(events)), ran, clock, pods };
}

const folder = "/project/workflows";
const paths = { workingDir: "/project", userDir: "/config", shippedWorkflowsDir: "/shipped" };

/** Returns the workflow `w.yaml` of these files. */
export async function loaded(files: Readonly<Record<string, string>>) {
  return await loadWorkflow(filesOf(files), paths, "w");
}

/** The same, with all of its problems. */
export async function inspected(files: Readonly<Record<string, string>>) {
  return await inspectWorkflow(filesOf(files), paths, "w");
}

function filesOf(files: Readonly<Record<string, string>>) {
  return {
    readText: (path: string) => Promise.resolve(files[path.slice(folder.length + 1)]),
    listFiles: (listed: string) => Promise.resolve(listed === folder ? Object.keys(files) : []),
  };
}

function environmentOf(
  play: Play,
  { clock, ran, pods }: { clock: ManualClock; ran: string[][]; pods: Map<string, SimulatedPod> },
): Environment {
  const absent = () =>
    Promise.reject(new Error("a test used a part of the environment that it doesn't have"));
  const answers = [...play.answers ?? []];
  return {
    clock,
    env: (name) => name === "USER" ? "me" : undefined,
    find: () => Promise.resolve({ targets: [...pods.keys()].map(targetOf), skipped: [], dead: [] }),
    confirmChange: () => Promise.resolve(true),
    open: ({ pod }, request, signal) => (pods.get(pod) as SimulatedPod).open(request, signal),
    copy: absent,
    kube: absent,
    openPanes: absent,
    local: {
      run: async (argv, { signal, onLine }): Promise<LocalEnd> => {
        ran.push([...argv]);
        const stdout = argv[0] === "echo" ? argv.slice(1).join(" ") : "";
        if (stdout !== "") onLine("stdout", stdout);
        const exitCode = await (play.run?.(argv, signal) ?? 0);
        return { exitCode, stdout: `${stdout}\n`, stderr: "", truncated: [] };
      },
      protectedPaths: ["/config"],
      variables: absent,
      fetch: absent,
      create: absent,
      readText: absent,
      realPath: (path) => Promise.resolve(path),
      forward: () => {
        throw new Error("a test used a part of the environment that it doesn't have");
      },
      hold: () => Promise.resolve({ [Symbol.asyncDispose]: () => Promise.resolve() }),
      ...play.local,
    },
    ask: () => Promise.resolve(answers.shift()),
    runScript: absent,
    nonce: () => "nonce",
  };
}

function targetOf(pod: string): Target {
  return { context: "lab", namespace: "n", pod, container: "a", node: "", ip: "", uid: `u-${pod}` };
}

/** Returns the ends of steps: `a ok`, `b failed: …`. */
export function endsOf(events: readonly WorkflowEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.event === "finallyStarted") return ["finally"];
    if (event.event === "stepKept") return [`${event.step} kept`];
    if (event.event !== "stepEnded" && event.event !== "runEnded") return [];
    const { outcome, error } = event;
    const reason = error === null || outcome === "timeout" ? "" : `: ${error}`;
    const name = event.event === "stepEnded" ? event.step : "=";
    return [`${name} ${outcome}${reason}`];
  });
}

/** Returns the outputs of the run. */
export function outputsOf(events: readonly WorkflowEvent[]): JsonValue {
  const end = events.at(-1);
  return end?.event === "runEnded" ? end.outputs as JsonValue : null;
}
