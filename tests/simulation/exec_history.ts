/** Histories of `exec`: what is given of one, how it happens, and what was seen of it. */
import fc from "fast-check";
import { exec } from "../../src/actions/exec/exec.ts";
import { type ExecEvent, type Outcome, wholeSelection } from "../../src/actions/exec/events.ts";
import { KodamaError } from "../../src/base/errors.ts";
import { passed } from "../../src/base/abort.ts";
import type { OutputMode } from "../../src/exec/run_options.ts";
import { answers, atMs, calm, connectionsOf, incidents } from "./faults.ts";
import type { LinkPlan } from "./network.ts";
import { untilSignal } from "../../packages/cluster/node/testing/scripted_machine.ts";
import { type CommandPlan, type CommandStart, PodShells } from "./pod_shell.ts";
import type { AnswerPlan, StreamRecord } from "./server.ts";
import { type Incident, StalledError, World, type WorldPlan } from "./world.ts";

/** All that is given of a history of `exec`; everything else follows. */
export interface ExecHistory extends WorldPlan {
  /** The command in each pod. */
  pods: readonly CommandPlan[];
  outputMode: OutputMode;
  fanout: number;
  batch: number | undefined;
  failFast: boolean;
  timeoutMs: number | undefined;
  connectTimeoutMs: number;
  /** Standard input; none if undefined. */
  input: readonly string[] | undefined;
  /** When the user cancels: at last a run of a command that hangs. */
  cancelledAtMs: number;
  /** What the front end takes for each event. */
  readerMs: number;
}

const streams = fc.constantFrom("stdout" as const, "stderr" as const);

/** Commands. */
export const commands: fc.Arbitrary<CommandPlan> = fc.record({
  output: fc.array(
    fc.record({
      afterMs: fc.constantFrom(0, 0, 1, 30, 2000),
      stream: streams,
      text: fc.constantFrom("one\n", "part", "two\nthree\n", "kodama:", "\n", "x".repeat(300)),
    }),
    { maxLength: 4 },
  ),
  readsInput: fc.boolean(),
  end: fc.constantFrom(0, 0, 0, 3, 137, "hangs" as const),
  diesOn: fc.constantFrom("TERM" as const, "TERM" as const, "KILL" as const, "nothing" as const),
});

function historiesWith(faults: {
  connections: fc.Arbitrary<LinkPlan>;
  answers: fc.Arbitrary<AnswerPlan[]>;
  incidents: fc.Arbitrary<Incident[]>;
}): fc.Arbitrary<ExecHistory> {
  return fc.record({
    pods: fc.array(commands, { minLength: 1, maxLength: 3 }),
    connections: fc.array(faults.connections, { maxLength: 6 }),
    answers: faults.answers,
    incidents: faults.incidents,
    outputMode: fc.constantFrom("raw", "prefix", "group", "fold", "report", "none"),
    fanout: fc.integer({ min: 1, max: 3 }),
    batch: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
    failFast: fc.boolean(),
    timeoutMs: fc.constantFrom(undefined, undefined, 500, 10_000),
    connectTimeoutMs: fc.constantFrom(1000, 10_000),
    input: fc.option(fc.array(fc.constantFrom("a\n", "bc"), { maxLength: 2 }), { nil: undefined }),
    cancelledAtMs: fc.oneof(fc.constant(40_000), atMs),
    readerMs: fc.constantFrom(0, 0, 0, 50),
  });
}

const none = fc.constant<never[]>([]);

/** Every history: of some nothing is broken. */
export const execHistories: fc.Arbitrary<ExecHistory> = fc.oneof(
  { arbitrary: historiesWith({ connections: calm, answers: none, incidents: none }), weight: 1 },
  {
    arbitrary: historiesWith({
      connections: connectionsOf(["cut", "halfClosed", "silent"]),
      answers: fc.array(answers, { maxLength: 2 }),
      incidents: fc.array(incidents, { maxLength: 2 }),
    }),
    weight: 7,
  },
);

/** What was seen of one target. */
export interface SeenTarget {
  pod: string;
  uid: string | undefined;
  /** One, if all is well. */
  outcomes: readonly Outcome[];
  /** What the front end got of its output; undefined in a mode without. */
  output: Record<"stdout" | "stderr", string> | undefined;
  /** When its outcome was known. */
  startsAtEnd: readonly (CommandStart & { isRunning: boolean })[];
}

/** What was seen of a history. */
export interface ExecSeen {
  history: ExecHistory;
  targets: readonly SeenTarget[];
  /** The starts and ends of targets, by index, in the order of the events. */
  order: readonly { kind: "started" | "ended"; target: number; isOk?: boolean }[];
  /** Every start of a command, as it was some seconds after the client had gone. */
  starts: readonly CommandStart[];
  streams: readonly StreamRecord[];
  /** The end of the run: its events ended, or it failed as a whole; or it never ended. */
  end:
    | { kind: "ended"; outcomes: readonly Outcome[] }
    | { kind: "failed"; error: KodamaError }
    | { kind: "stalled"; error: StalledError };
  endedAtMs: number;
  /** Timers of the client that were pending after it was released. */
  timersLeft: number;
}

/** Longer than all limits of a history together. */
const limitMs = 30 * 60_000;

/** Longer than what a pod's watcher takes to end a command whose client has gone. */
const afterwardsMs = 5000;

/** Lets a history happen. */
export async function happen(history: ExecHistory): Promise<ExecSeen> {
  const shells = new PodShells((pod) => history.pods[Number(pod.slice(4))] as CommandPlan);
  using world = await World.create(
    history,
    (process) => process.role === "main" ? untilSignal(process) : shells.run(process),
  );
  const cancel = new AbortController();
  world.clock.timer(history.cancelledAtMs, () => cancel.abort());
  const { host, client } = await world.open();
  const seen = new Spectator(shells);
  const { input, batch, timeoutMs, outputMode, fanout, failFast, connectTimeoutMs } = history;
  const events = exec(host, {
    contexts: [],
    selection: wholeSelection,
    command: ["task"],
    unrecorded: true,
    signal: cancel.signal,
    outputMode,
    fanout,
    failFast,
    connectTimeoutMs,
    ...(batch === undefined ? {} : { serial: [{ kind: "count", count: batch }] }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(input === undefined ? {} : { stdin: pieces(input) }),
  });
  const reading = async () => {
    for await (const event of events) {
      seen.take(event);
      if (history.readerMs > 0) await passed(world.clock, history.readerMs);
    }
  };
  let end: ExecSeen["end"];
  try {
    await world.until(reading(), limitMs);
    end = { kind: "ended", outcomes: seen.outcomes };
  } catch (error) {
    if (error instanceof StalledError) end = { kind: "stalled", error };
    else if (error instanceof KodamaError) end = { kind: "failed", error };
    else throw error;
  }
  const endedAtMs = world.clock.elapsedMs();
  await client[Symbol.asyncDispose]();
  const timersLeft = world.clientTimers;
  // The kernel gives up connections of a client that has gone.
  world.network.cut();
  await world.pass(afterwardsMs);
  return {
    history,
    targets: seen.targets,
    order: seen.order,
    starts: shells.starts,
    streams: world.server.streams,
    end,
    endedAtMs,
    timersLeft,
  };
}

async function* pieces(input: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of input) yield new TextEncoder().encode(text);
}

/** Reads the events as a front end does. */
class Spectator {
  outcomes: readonly Outcome[] = [];
  readonly order: { kind: "started" | "ended"; target: number; isOk?: boolean }[] = [];
  readonly targets: {
    pod: string;
    uid: string | undefined;
    outcomes: Outcome[];
    output: Record<"stdout" | "stderr", string> | undefined;
    startsAtEnd: (CommandStart & { isRunning: boolean })[];
  }[] = [];

  constructor(private readonly shells: PodShells) {}

  take(event: ExecEvent): void {
    switch (event.kind) {
      case "runStarted":
      case "targetsAdded":
        for (const { pod, uid } of event.targets) {
          this.targets.push({ pod, uid, outcomes: [], output: undefined, startsAtEnd: [] });
        }
        return;
      case "targetStarted":
        return void this.order.push({ kind: "started", target: event.target });
      case "output":
        return this.#add(event.target, event.stream, text(event.bytes));
      case "line":
        return this.#add(
          event.target,
          event.stream,
          `${text(event.bytes)}${event.endedBy === "newline" ? "\n" : ""}`,
        );
      case "block":
        for (const { stream, bytes } of event.output) this.#add(event.target, stream, text(bytes));
        return;
      case "report":
        this.#add(event.target, "stdout", event.report.stdout);
        return this.#add(event.target, "stderr", event.report.stderr);
      case "folded":
        for (const group of event.groups) {
          for (const target of group.targets) {
            this.#add(target, "stdout", text(group.stdout));
            this.#add(target, "stderr", text(group.stderr));
          }
        }
        return;
      case "targetEnded": {
        const target = this.targets[event.target];
        const isOk = event.outcome.kind === "ok";
        this.order.push({ kind: "ended", target: event.target, isOk });
        target?.outcomes.push(event.outcome);
        target?.startsAtEnd.push(
          ...this.shells.starts.filter(({ pod }) => pod === target.pod)
            .map((start) => ({ ...start, isRunning: start.end === undefined })),
        );
        return;
      }
      case "runEnded":
        this.outcomes = event.outcomes;
        return;
    }
  }

  #add(target: number, stream: "stdout" | "stderr", output: string): void {
    const seen = this.targets[target];
    if (seen === undefined) return;
    seen.output ??= { stdout: "", stderr: "" };
    seen.output[stream] += output;
  }
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
