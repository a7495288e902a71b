/** Histories of a list that stays current (`LiveList`), and what must hold of them. */
import fc from "fast-check";
import { KodamaError } from "../../src/base/errors.ts";
import { untilSignal } from "../../packages/cluster/node/testing/scripted_machine.ts";
import { resources } from "../../packages/cluster/resources.ts";
import { type LiveEvent, LiveList } from "../../src/kube/live_list.ts";
import { PODS } from "../../src/kube/resources.ts";
import type { Pod } from "../../src/kube/types.ts";
import { answers, atMs, connectionsOf, incidents } from "./faults.ts";
import type { AnswerPlan } from "./server.ts";
import { StalledError, World, type WorldPlan } from "./world.ts";

/** A change of a pod that no node runs. */
interface PodChange {
  atMs: number;
  kind: "put" | "delete";
  name: string;
}

/** All that is given of a history. */
export interface WatchHistory extends WorldPlan {
  changes: readonly PodChange[];
  /** What the reader takes for each event. */
  readerMs: number;
}

/** Every history. */
export const watchHistories: fc.Arbitrary<WatchHistory> = fc.record({
  pods: fc.array(fc.constant({}), { minLength: 1, maxLength: 2 }),
  connections: fc.array(connectionsOf(["cut", "halfClosed"]), { maxLength: 6 }),
  answers: fc.array(answers.filter(({ request }) => request > 0), { maxLength: 2 }),
  incidents: fc.array(incidents, { maxLength: 2 }),
  changes: fc.array(
    fc.record({
      atMs,
      kind: fc.constantFrom("put" as const, "put" as const, "delete" as const),
      name: fc.constantFrom("a", "b", "c"),
    }),
    { maxLength: 12 },
  ),
  readerMs: fc.constantFrom(0, 0, 50),
});

/** Longer than the longest delay between two attempts after the last fault. */
const settledMs = 180_000;

/** Lets a history happen; returns what contradicts the invariants. */
export async function judgeWatch(history: WatchHistory): Promise<string[]> {
  using world = await World.create(history, untilSignal);
  for (const change of history.changes) world.clock.timer(change.atMs, () => apply(world, change));
  const { client } = await world.open();
  const end = new AbortController();
  const source = { client, resource: PODS, scope: {} };
  const list = new LiveList<Pod>([source], { clock: world.clientClock, signal: end.signal });
  const seen = new Map<string, string>();
  const wrong: string[] = [];
  let failed: unknown;
  const reading = (async () => {
    for await (const event of list.events()) {
      wrong.push(...disagreement(seen, event));
      if (history.readerMs > 0) await world.passed(history.readerMs);
    }
  })().catch((error: unknown) => failed = error);
  await world.settle(settledMs);
  const present = new Map(
    world.store.list(resources.pods).map(({ metadata: { uid = "", resourceVersion = "" } }) => [
      uid,
      resourceVersion,
    ]),
  );
  // A first list that fails isn't repeated: its error is the answer.
  if (failed instanceof KodamaError && !list.isInSync && seen.size === 0) return wrong;
  // So is a refusal that a retry can't change.
  if (failed instanceof KodamaError && history.answers.some(isFinal)) return wrong;
  if (failed !== undefined) wrong.push(`the list has ended: ${failed}`);
  else if (!list.isInSync) wrong.push("it isn't in sync again");
  else if (!sameEntries(seen, present)) {
    wrong.push(`it has ${[...seen]}, and there are ${[...present]}`);
  }
  end.abort();
  try {
    await world.until(reading, settledMs);
  } catch (error) {
    if (!(error instanceof StalledError)) throw error;
    wrong.push(`after its end ${error.message}`);
  }
  await client[Symbol.asyncDispose]();
  if (world.clientTimers > 0) wrong.push(`${world.clientTimers} timers are left`);
  return wrong;
}

function isFinal({ answer }: AnswerPlan): boolean {
  return answer === 401 || answer === 409 || answer === 410;
}

function apply({ store }: World, { kind, name }: PodChange): void {
  const present = store.get(resources.pods, "default", name);
  if (kind === "delete") {
    if (present !== undefined) store.remove(resources.pods, "default", name);
    return;
  }
  const labels = { changes: String(Number(present?.metadata.labels?.["changes"] ?? 0) + 1) };
  if (present !== undefined) {
    const metadata = { ...present.metadata, labels };
    store.update(resources.pods, { ...present, metadata });
    return;
  }
  store.create(resources.pods, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", labels },
    spec: { containers: [{ name: "main", image: "scripted" }] },
  });
}

/** Applies an event to what was seen before; returns what it contradicts. */
function disagreement(seen: Map<string, string>, event: LiveEvent<Pod>): string[] {
  if (event.kind !== "changed") return [];
  return event.changes.flatMap(({ kind, key, object }) => {
    const { name, resourceVersion = "" } = object.metadata ?? {};
    const before = seen.get(key);
    const isRight = (kind === "added") === (before === undefined) &&
      Number(before ?? 0) <= Number(resourceVersion);
    if (kind === "deleted") seen.delete(key);
    else seen.set(key, resourceVersion);
    return isRight ? [] : [`${name} is ${kind} at ${resourceVersion}, and was at ${before}`];
  });
}

function sameEntries(one: Map<string, string>, other: Map<string, string>): boolean {
  return one.size === other.size && [...one].every(([key, value]) => other.get(key) === value);
}
