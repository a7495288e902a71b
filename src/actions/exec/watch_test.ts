import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import { ManualClock } from "../../base/testing/manual_clock.ts";
import type { PodScript } from "../../exec/testing/simulated_pod.ts";
import { wholeSelection } from "../../kube/select/target.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import type { Confirm } from "../confirm_change.ts";
import { type Round, roundConfirmation, type WatchEvent } from "../rounds.ts";
import type { ExecEvent } from "./events.ts";
import { exec } from "./exec.ts";
import { watchRun } from "./watch.ts";

function prints(text: string, exitCode = 0): PodScript {
  const bytes = new TextEncoder().encode(text);
  return {
    openMs: 1,
    output: [{ afterMs: 1, stream: "stdout", bytes }],
    end: { kind: "exited", exitCode },
    diesOn: "TERM",
  };
}

/** One state of the clusters, by context: scripts of the pods by name, or why they can't be listed. */
type Situation = Readonly<Record<string, Readonly<Record<string, PodScript>> | KodamaError>>;

/** Runs a round in each situation, and stops the watch after the last. */
async function watched(
  situations: readonly Situation[],
  { stopInRound = 0, confirm }: { stopInRound?: number; confirm?: Confirm } = {},
) {
  const confirmed = confirm && roundConfirmation(confirm);
  const clock = new ManualClock();
  const stop = new AbortController();
  const started: { atMs: number; files: Map<string, string> }[] = [];
  const events: WatchEvent<ExecEvent>[] = [];
  let round = 0;
  const watch = async () => {
    for await (
      const event of watchRun({
        intervalMs: 10_000,
        clock,
        signal: stop.signal,
        start: ({ isFirst, observe }) => {
          const situation = situations[round++] ?? {};
          const clusters = Object.fromEntries(
            Object.entries(situation).map(([context, state]) => [
              context,
              state instanceof KodamaError ? { failure: state } : { pods: state },
            ]),
          );
          const { host, files } = simulatedHost(clusters, { clock });
          started.push({ atMs: clock.elapsedMs(), files });
          if (round === stopInRound) stop.abort(new KodamaError("cancelled", "stopped"));
          return exec(host, {
            contexts: Object.keys(situation),
            selection: wholeSelection,
            command: ["x"],
            outputMode: "none",
            signal: stop.signal,
            observe,
            unrecorded: !isFirst,
            ...(confirmed && { confirm: isFirst ? confirmed.first : confirmed.later }),
          });
        },
      })
    ) {
      events.push(event);
      if (event.kind === "roundEnded" && event.round === situations.length) {
        stop.abort(new KodamaError("cancelled", "stopped"));
      }
    }
  };
  await clock.runUntil(watch());
  return {
    events,
    started,
    rounds: events.filter((one): one is Round => one.kind === "roundEnded"),
  };
}

/** Returns the changes of a round in short form. */
function changesOf({ diff }: Round): string {
  assert(diff?.kind === "run");
  const { changed, added, gone, same } = diff.changes;
  return [
    ...changed.map(({ names, pairs: [pair] }) =>
      `${names} ${pair?.before.output?.stdout.trim()} -> ${pair?.after.output?.stdout.trim()}`
    ),
    ...added.map(({ names }) => `+ ${names}`),
    ...gone.map(({ names }) => `- ${names}`),
    `${same} same`,
  ].join("; ");
}

const [old, now] = [prints("4.4.2\n"), prints("4.4.1\n")];
const three = { "w-0": old, "w-1": old, "w-2": old };
const away = new KodamaError("unreachable", "no answer from https://c:6443");

Deno.test("each round selects the pods again, and has what changed since the one before", async () => {
  const { rounds, started } = await watched([
    { c: three },
    { c: three },
    { c: { ...three, "w-1": now, "w-2": now, "w-3": old } },
    { c: { "w-1": now, "w-2": prints("", 3) } },
    { c: {} },
    { c: three },
  ]);
  assert.deepEqual(rounds.map(changesOf), [
    "+ w-[0-2]; 0 same",
    "3 same",
    "w-[1-2] 4.4.2 -> 4.4.1; + w-3; 1 same",
    "w-2 4.4.1 -> ; - w-[0,3]; 1 same",
    "- w-1; - w-2; 0 same",
    "+ w-[0-2]; 0 same",
  ]);
  assert.deepEqual(rounds.map(({ exitCode }) => exitCode), [0, 0, 0, 5, 2, 0]);
  // From the end of a round.
  const gaps = started.slice(1).map(({ atMs }, index) =>
    atMs - (rounds[index]?.at.getTime() ?? 0) + Date.UTC(2026, 0, 1)
  );
  assert.deepEqual(gaps, [10_000, 10_000, 10_000, 10_000, 10_000]);
  assert.deepEqual(started.map(({ files }) => files.size), [1, 0, 0, 0, 0, 0]);
});

Deno.test("pods of a context that fails are compared with their next answer", async () => {
  const { rounds } = await watched([
    { a: { "w-0": old }, b: { "w-1": old } },
    { a: { "w-0": now }, b: away },
    { a: { "w-0": now }, b: { "w-1": now } },
  ]);
  assert.deepEqual(rounds.map(changesOf).slice(1), [
    "a/w-0 4.4.2 -> 4.4.1; 1 same",
    "b/w-1 4.4.2 -> 4.4.1; 1 same",
  ]);
  assert.deepEqual(rounds.map(({ failures }) => failures.map(({ context }) => context)), [
    [],
    ["b"],
    [],
  ]);
});

Deno.test("an error of a later round is reported, and the watch continues", async () => {
  const { rounds } = await watched([{ c: three }, { c: away }, { c: { ...three, "w-0": now } }]);
  assert.deepEqual(rounds.map(({ failures }) => failures.length), [0, 1, 0]);
  assert.deepEqual(rounds.map(changesOf).slice(1), ["3 same", "w-0 4.4.2 -> 4.4.1; 2 same"]);
  assert.deepEqual(rounds.map(({ exitCode }) => exitCode), [0, 4, 0]);
  await assert.rejects(watched([{ c: away }, { c: three }]), { kind: "unreachable" });
});

Deno.test("a watch that is stopped in a round ends with the exit code of the one before", async () => {
  const failing = { c: { "w-0": prints("", 3) } };
  const { events, rounds } = await watched([failing, { c: { "w-0": old } }, {}], {
    stopInRound: 2,
  });
  assert.equal(rounds.length, 1);
  assert.deepEqual(events.at(-1), { kind: "watchEnded", exitCode: 3 });
});

Deno.test("a round that has grown beyond the confirmed pods doesn't run, and a later one does", async () => {
  const pods = (...names: string[]) => Object.fromEntries(names.map((name) => [name, prints("x")]));
  const asked: number[] = [];
  const { rounds } = await watched(
    [{ c: pods("a", "b") }, { c: pods("a", "b", "d") }, { c: pods("b") }],
    { confirm: { above: 1, ask: ({ count }) => Promise.resolve(asked.push(count) > 0) } },
  );
  assert.deepEqual(asked, [2]);
  assert.deepEqual(rounds.map(({ targets }) => targets), [2, 0, 1]);
  assert.deepEqual(rounds.map(({ failures }) => failures.map(({ error }) => error.message)), [
    [],
    ["this round would change what no one was asked about: d"],
    [],
  ]);
  // Few pods need no question, more than that do.
  const grown = await watched([{ c: pods("a") }, { c: pods("a", "b") }], {
    confirm: { above: 1, ask: () => assert.fail("it was asked") },
  });
  assert.deepEqual(grown.rounds.map(({ targets }) => targets), [1, 0]);
});
