/** Histories of `logs -f`, and what must hold of them. */
import fc from "fast-check";
import { type LogsEvent, textOf } from "../../src/actions/logs/events.ts";
import { readLogs } from "../../src/actions/logs/read_logs.ts";
import { wholeSelection } from "../../src/actions/exec/events.ts";
import { KodamaError } from "../../src/base/errors.ts";
import { logFields } from "../../src/logs/logs.ts";
import { readFields } from "../../src/operation/operation.ts";
import {
  type ScriptedProcess,
  untilSignal,
} from "../../packages/cluster/node/testing/scripted_machine.ts";
import { resources } from "../../packages/cluster/resources.ts";
import { answers, connectionsOf, incidents } from "./faults.ts";
import { StalledError, World, type WorldPlan } from "./world.ts";

/** What a container writes, and then runs on: to the API a log has no name but that of its container. */
interface LogPlan {
  /** Before each line. */
  delaysMs: readonly number[];
}

/** All that is given of a history. */
export interface LogsHistory extends WorldPlan {
  pods: readonly LogPlan[];
  readerMs: number;
}

/** Every history. */
export const logsHistories: fc.Arbitrary<LogsHistory> = fc.record({
  pods: fc.array(
    fc.record({
      delaysMs: fc.array(fc.constantFrom(0, 0, 1, 40, 900, 6000), { maxLength: 8 }),
    }),
    { minLength: 1, maxLength: 2 },
  ),
  connections: fc.array(connectionsOf(["cut", "halfClosed"]), { maxLength: 8 }),
  answers: fc.array(answers, { maxLength: 2 }),
  incidents: fc.array(
    incidents.filter(({ kind }) => kind !== "slept" && kind !== "podReplaced"),
    { maxLength: 2 },
  ),
  readerMs: fc.constantFrom(0, 0, 50),
});

/** By then every fault is over, and every attempt after it too. */
const readMs = 240_000;

/** To read what was written before. */
const lastReadMs = 60_000;

/** A line as its container wrote it. */
interface Written {
  uid: string;
  text: string;
  atMs: number;
}

/** Lets a history happen; returns what contradicts the invariants. */
export async function judgeLogs(history: LogsHistory): Promise<string[]> {
  const written: Written[] = [];
  using world = await World.create(history, (process, world) => write(world, process, written));
  const { host, client } = await world.open();
  const stop = new AbortController();
  const seen = new SeenLogs();
  let failed: unknown;
  const reading = (async () => {
    for await (
      const event of readLogs(host, {
        ...readFields(logFields, { follow: true }),
        contexts: [],
        selection: wholeSelection,
        signal: stop.signal,
      })
    ) {
      seen.take(event);
      if (history.readerMs > 0) await world.passed(history.readerMs);
    }
  })().catch((error: unknown) => failed = error);
  await world.settle(readMs);
  const countsUntilMs = world.clock.elapsedMs();
  await world.pass(lastReadMs);
  const present = new Set(world.store.list(resources.pods).map(({ metadata }) => metadata.uid));
  stop.abort();
  const wrong: string[] = [];
  try {
    await world.until(reading, readMs);
  } catch (error) {
    if (!(error instanceof StalledError)) throw error;
    wrong.push(`every wait ends: ${error.message}`);
  }
  // The pods couldn't be listed: that is the answer.
  if (failed instanceof KodamaError && seen.sources.length === 0) return wrong;
  if (failed !== undefined) wrong.push(`the run has failed: ${failed}`);
  for (const { uid, lines, mayMiss } of seen.sources) {
    const all = written.filter((line) => line.uid === uid);
    const texts = all.map(({ text }) => text);
    const due = all.filter((line) => line.atMs < countsUntilMs).map(({ text }) => text);
    const isWhole = !present.has(uid) || mayMiss ||
      lines.slice(0, due.length).join() === due.join();
    if (isWhole && isSubsequence(lines, texts)) continue;
    wrong.push(`each line once, or a gap: ${uid} has ${lines}, and wrote ${texts}`);
  }
  await client[Symbol.asyncDispose]();
  if (world.clientTimers > 0) wrong.push(`${world.clientTimers} timers are left`);
  return wrong;
}

async function write(world: World, process: ScriptedProcess, written: Written[]): Promise<number> {
  const { hostname } = process.container;
  const { delaysMs } = world.plan.pods[Number(hostname.slice(4))] as LogPlan;
  const pod = world.store.get(resources.pods, "default", hostname);
  const uid = pod?.metadata.uid ?? "";
  for (const delayMs of delaysMs) {
    if (delayMs > 0) await process.passed(delayMs);
    if (process.killed.aborted) return 137;
    const text = `line ${written.length}`;
    const atMs = world.clock.elapsedMs();
    written.push({ uid, text, atMs });
    await process.print(`${text}\n`);
  }
  return await untilSignal(process);
}

function isSubsequence(lines: readonly string[], all: readonly string[]): boolean {
  let at = 0;
  for (const line of lines) {
    at = all.indexOf(line, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

/** Reads the events as a front end does. */
class SeenLogs {
  readonly sources: { uid: string; lines: string[]; mayMiss: boolean }[] = [];

  take(event: LogsEvent): void {
    switch (event.kind) {
      case "sourcesAdded":
        for (const { uid = "" } of event.sources) {
          this.sources.push({ uid, lines: [], mayMiss: false });
        }
        return;
      case "lines":
        for (const line of event.lines) this.sources[line.source]?.lines.push(textOf(line));
        return;
      case "gap":
      case "failed": {
        const source = this.sources[event.source];
        if (source !== undefined) source.mayMiss = true;
        return;
      }
    }
  }
}
