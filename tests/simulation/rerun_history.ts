/** Histories of a run and of `runs rerun --failed` after it, and what must hold of them. */
import fc from "fast-check";
import { type ExecEvent, type Outcome, wholeSelection } from "../../src/actions/exec/events.ts";
import { exec } from "../../src/actions/exec/exec.ts";
import { rerun } from "../../src/actions/runs/rerun.ts";
import { KodamaError } from "../../src/base/errors.ts";
import { untilSignal } from "../../packages/cluster/node/testing/scripted_machine.ts";
import { resources } from "../../packages/cluster/resources.ts";
import { commands } from "./exec_history.ts";
import { answers, atMs, connectionsOf, incidents } from "./faults.ts";
import { type CommandPlan, PodShells } from "./pod_shell.ts";
import { StalledError, World, type WorldPlan } from "./world.ts";

/** All that is given of a history. */
export interface RerunHistory extends WorldPlan {
  pods: readonly CommandPlan[];
  fanout: number;
  cancelledAtMs: number;
  /** Whether the rerun accepts pods that were replaced. */
  recreated: boolean;
}

/** Every history. */
export const rerunHistories: fc.Arbitrary<RerunHistory> = fc.record({
  pods: fc.array(commands, { minLength: 1, maxLength: 3 }),
  connections: fc.array(connectionsOf(["cut", "halfClosed", "silent"]), { maxLength: 8 }),
  answers: fc.array(answers, { maxLength: 1 }),
  incidents: fc.array(incidents, { maxLength: 2 }),
  fanout: fc.integer({ min: 1, max: 3 }),
  cancelledAtMs: fc.oneof(fc.constant(40_000), atMs),
  recreated: fc.boolean(),
});

const limitMs = 30 * 60_000;
/** By then a request of the first run that was on its way has arrived. */
const betweenMs = 5000;

/** Lets a history happen; returns what contradicts the invariants. */
export async function judgeRerun(history: RerunHistory): Promise<string[]> {
  const shells = new PodShells((pod) => history.pods[Number(pod.slice(4))] as CommandPlan);
  const uidOf = (world: World, pod: string) =>
    world.store.get(resources.pods, "default", pod)?.metadata.uid;
  using world = await World.create(
    history,
    (process, world) =>
      process.role === "main"
        ? untilSignal(process)
        : shells.run(process, uidOf(world, process.container.hostname)),
  );
  const { host, client } = await world.open();
  const limits = { fanout: history.fanout, connectTimeoutMs: 1000, timeoutMs: 20_000 };
  const first = await outcomesOf(
    world,
    history.cancelledAtMs,
    (signal) =>
      exec(host, { contexts: [], selection: wholeSelection, command: ["task"], ...limits, signal }),
  );
  if (typeof first === "string") return [first];
  await world.pass(betweenMs);
  const before = shells.starts.length;
  const again = await outcomesOf(
    world,
    40_000,
    (signal) => rerun(host, { failed: true, recreated: history.recreated, ...limits, signal }),
  );
  if (typeof again === "string") return [again];
  const starts = shells.starts.slice(before);
  await client[Symbol.asyncDispose]();
  const failed = first.filter(({ outcome }) => outcome.kind !== "ok");
  const wrong = world.clientTimers > 0 ? [`${world.clientTimers} timers are left`] : [];
  for (const { pod, uid, outcome } of first) {
    const own = starts.filter((start) => start.pod === pod);
    if (outcome.kind === "ok" && own.length > 0) wrong.push(`${pod} was ok, and is started again`);
    if (own.length > 1) wrong.push(`${pod} is started ${own.length} times by the rerun`);
    const strangers = own.filter((start) => start.uid !== uid);
    if (!history.recreated && strangers.length > 0) {
      wrong.push(`${pod} is another pod, and is started in`);
    }
  }
  if (
    again.length > 0 && again.map(({ pod }) => pod).join() !== failed.map(({ pod }) => pod).join()
  ) {
    wrong.push(`the rerun has ${again.map(({ pod }) => pod)}, not ${failed.map(({ pod }) => pod)}`);
  }
  return wrong;
}

interface TargetOutcome {
  pod: string;
  uid: string | undefined;
  outcome: Outcome;
}

/** Returns the outcomes of a run; none if it failed as a whole; or what is wrong with it. */
async function outcomesOf(
  world: World,
  cancelledAfterMs: number,
  run: (signal: AbortSignal) => AsyncIterable<ExecEvent>,
): Promise<TargetOutcome[] | string> {
  const cancel = new AbortController();
  using _cancelling = world.clock.timer(cancelledAfterMs, () => cancel.abort());
  try {
    const events = await world.until(Array.fromAsync(run(cancel.signal)), limitMs);
    const targets = events.flatMap((event) =>
      event.kind === "runStarted" || event.kind === "targetsAdded" ? event.targets : []
    );
    const last = events.at(-1);
    if (last?.kind !== "runEnded") return "the run has no end";
    return targets.map(({ pod, uid }, index) => ({
      pod,
      uid,
      outcome: last.outcomes[index] as Outcome,
    }));
  } catch (error) {
    if (error instanceof StalledError) return `every wait ends: ${error.message}`;
    if (error instanceof KodamaError) return [];
    throw error;
  }
}
