import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import type { Host } from "../host.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import type { Round, WatchEvent } from "../rounds.ts";
import { runSteps, type StepsEvent } from "./run_steps.ts";
import { askedOnce, watchSteps } from "./watch_steps.ts";

const workflow = `permissions: { run: [version] }
steps:
  - id: version
    shell: [version]
  - id: same
    check: \${{ 1 == 1 }}
outputs: { version: "\${{ steps.version.stdout }}" }
`;

/** Runs a round for each answer of the program, and stops the watch after the last; an error is thrown at the start. */
async function watched(answers: readonly (string | KodamaError)[]) {
  const { host, clock, files } = simulatedHost({ lab: {} }, {
    files: { "/project/watched.yaml": workflow },
  });
  const stop = new AbortController();
  let round = 0;
  const local = {
    protectedPaths: [],
    variables: () => Promise.resolve(new Map()),
    readText: () => Promise.resolve(undefined),
    run: () =>
      Promise.resolve({
        exitCode: 0,
        stdout: String(answers[round - 1]),
        stderr: "",
        truncated: [],
      }),
  };
  const machine = { local, runScript: () => Promise.reject(new Error("no script")) };
  const own: Host = { ...host, workflowMachine: () => Promise.resolve(machine as never) };
  const options = {
    workflow: "/project/watched.yaml",
    params: new Map<string, string>(),
    overrides: {},
    signal: new AbortController().signal,
    finallySignal: new AbortController().signal,
  };
  const events: WatchEvent<StepsEvent>[] = [];
  const watch = async () => {
    for await (
      const event of watchSteps(own, {
        intervalMs: 10_000,
        clock,
        signal: stop.signal,
        start: () => {
          const answer = answers[round++];
          if (answer instanceof KodamaError) throw answer;
          return runSteps(own, { ...options, yes: true, trustNow: true });
        },
      })
    ) {
      events.push(event);
      if (event.kind === "roundEnded" && event.round === answers.length) stop.abort();
    }
  };
  await clock.runUntil(watch());
  const rounds = events.filter((event): event is Round => event.kind === "roundEnded");
  const records = [...files.keys()].filter((path) => path.startsWith("/config/runs/"));
  return { events, rounds, records };
}

/** The output `version` in a diff: what it was, and what it is. */
function outputsOf({ diff }: Round): unknown {
  assert(diff?.kind === "workflow");
  return diff.outputs.map(({ before, after }) => [before, after]);
}

Deno.test("watchSteps() reports what differs from the round before, and keeps the first and the last record", async () => {
  const { events, rounds, records } = await watched(["1", "1", "2", "3", "3"]);
  assert.deepEqual(rounds.map(({ round, diff }) => [round, diff?.isDifferent]), [
    [1, undefined],
    [2, false],
    [3, true],
    [4, true],
    [5, false],
  ]);
  assert.deepEqual(rounds.slice(2, 4).map(outputsOf), [[["1", "2"]], [["2", "3"]]]);
  const [, , third] = rounds;
  assert(third?.diff?.kind === "workflow");
  assert.deepEqual(third.diff.steps.map(({ step, before, after }) => [step, before, after]), [
    ["version", "ok", "ok"],
    ["same", "ok", "ok"],
  ]);
  assert.equal(records.length, 2);
  assert(events.some(({ kind }) => kind === "first"));
  assert.deepEqual(events.at(-1), { kind: "watchEnded", exitCode: 0 });
});

Deno.test("watchSteps() compares with the last round that ran; an error of a later one doesn't end it", async () => {
  const away = new KodamaError("unreachable", "the server is away");
  const { rounds } = await watched(["1", away, "2"]);
  assert.deepEqual(rounds.map(({ exitCode, failures }) => [exitCode, failures[0]?.error]), [
    [0, undefined],
    [4, away],
    [0, undefined],
  ]);
  assert.deepEqual(outputsOf(rounds[2] as Round), [["1", "2"]]);
  await assert.rejects(watched([away, "1"]), away);
});

Deno.test("askedOnce() asks again only what wasn't answered, or has other choices", async () => {
  const asked: string[] = [];
  const ask = askedOnce(({ text, choices }) => {
    asked.push([text, ...choices].join(" "));
    return Promise.resolve(text === "none" ? undefined : `${text}!`);
  });
  const { signal } = new AbortController();
  const question = (text: string, ...choices: string[]) =>
    ask({ text, choices, secret: false, free: false }, signal);
  assert.equal(await question("Which?", "a", "b"), "Which?!");
  assert.equal(await question("Which?", "a", "b"), "Which?!");
  assert.deepEqual(asked, ["Which? a b"]);
  await question("Which?", "a");
  await question("none");
  await question("none");
  assert.deepEqual(asked.slice(1), ["Which? a", "none", "none"]);
});
