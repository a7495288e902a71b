import { wholeSelection } from "../../kube/select/target.ts";
import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import type { PodScript } from "../../exec/testing/simulated_pod.ts";
import { exec } from "./exec.ts";
import type { ChangeQuestion, ExecEvent, ExecOptions } from "./events.ts";
import { listPods } from "../pick/list_pods.ts";
import { runWorkflow, shortWorkflow } from "../workflow/run_workflow.ts";
import { type SimulatedCluster, simulatedHost } from "../testing/simulated_host.ts";

function prints(text: string, exitCode = 0, afterMs = 1): PodScript {
  const bytes = new TextEncoder().encode(text);
  return {
    openMs: 1,
    output: [{ afterMs, stream: "stdout", bytes }],
    end: { kind: "exited", exitCode },
    diesOn: "TERM",
  };
}

async function run(
  clusters: Readonly<Record<string, SimulatedCluster>>,
  options: Partial<ExecOptions> = {},
  surroundings: Parameters<typeof simulatedHost>[1] = {},
): Promise<ExecEvent[]> {
  const { host, clock } = simulatedHost(clusters, surroundings);
  const signal = new AbortController().signal;
  const all = { contexts: [], selection: wholeSelection, command: ["uptime"], signal, ...options };
  return await clock.runUntil(Array.fromAsync(exec(host, all)));
}

/** Returns the events in short form. */
function words(events: readonly ExecEvent[]): string[] {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return events.map((event) => {
    switch (event.kind) {
      case "runStarted":
      case "targetsAdded":
        return `${event.kind} ${event.names.join(" ")}`;
      case "contextFailed":
        return `${event.kind} ${event.context}: ${event.error.message}`;
      case "line":
        return `${event.target}> ${text(event.bytes)}`;
      case "block":
        return `${event.target}: ${event.output.map(({ bytes }) => text(bytes)).join("|")}`;
      case "folded":
        return event.groups.map(({ names, stdout }) => `${names} = ${text(stdout)}`).join("; ");
      case "report":
        return `${event.report.pod} ${event.report.outcome} ${event.report.stdout}`;
      case "targetEnded":
        return `${event.target} ${event.outcome.kind}`;
      case "runEnded":
        return `exit ${event.exitCode}, ${event.summary.text}`;
      default:
        return event.kind;
    }
  }).filter((word) => word !== "targetStarted");
}

const three = {
  pods: { "w-0": prints("a\nb\n"), "w-1": prints("a\nb\n"), "w-2": prints("c\n", 3, 9) },
};

Deno.test("each output mode gives its own events", async () => {
  const endings = ["0 ok", "1 ok", "2 failed"];
  const last = "exit 5, 2 ok, 1 failed (exit 3: w-2)";
  const start = "runStarted w-0 w-1 w-2";
  const seen = async (outputMode: NonNullable<ExecOptions["outputMode"]>) =>
    words(await run({ c: three }, { outputMode })).filter((word) => !endings.includes(word));
  assert.deepEqual(await seen("none"), [start, last]);
  assert.deepEqual(await seen("raw"), [start, "output", "output", "output", last]);
  assert.deepEqual(await seen("prefix"), [start, "0> a", "0> b", "1> a", "1> b", "2> c", last]);
  assert.deepEqual(await seen("group"), [start, "0: a\nb\n", "1: a\nb\n", "2: c\n", last]);
  assert.deepEqual(await seen("fold"), [start, "w-[0-1] = a\nb\n; w-2 = c\n", last]);
  const reports = ["w-0 ok a\nb\n", "w-1 ok a\nb\n", "w-2 failed c\n"];
  assert.deepEqual(await seen("report"), [start, ...reports, last]);
});

Deno.test("a dead cluster delays and breaks nothing in the others, and is said once", async () => {
  const failure = new KodamaError("unreachable", "no answer from https://dead:6443");
  const events = await run({
    alive: { pods: { "w-0": prints("hi\n") } },
    dead: { answersAfterMs: 15_000, failure },
  }, { contexts: ["alive", "dead"], outputMode: "prefix" });
  assert.deepEqual(words(events), [
    "runStarted alive/w-0",
    "0> hi",
    "0 ok",
    "contextWaiting",
    "contextFailed dead: no answer from https://dead:6443",
    "exit 4, 1 ok",
  ]);
  const ended = events.find((event) => event.kind === "targetEnded");
  assert.ok(ended?.kind === "targetEnded" && ended.at.getTime() < Date.UTC(2026, 0, 1, 0, 0, 5));
});

Deno.test("a cluster that answers late still takes part", async () => {
  const events = await run({
    near: { pods: { "w-0": prints("hi\n") } },
    far: { answersAfterMs: 4000, pods: { "w-0": prints("ho\n") } },
  }, { contexts: ["near", "far"], outputMode: "prefix" });
  assert.deepEqual(words(events), [
    "runStarted near/w-0",
    "0> hi",
    "0 ok",
    "contextWaiting",
    "targetsAdded far/w-0",
    "1> ho",
    "1 ok",
    "exit 0, 2 ok",
  ]);
});

Deno.test("the error of the only context is the run's, and a run without pods isn't a success", async () => {
  const failure = new KodamaError("forbidden", "may not list pods");
  await assert.rejects(run({ c: { failure } }), { kind: "forbidden" });
  await assert.rejects(run({ c: {} }), { kind: "noMatch" });
  await assert.rejects(run({ c: three }, { command: [] }), { kind: "usage" });
});

Deno.test("a run that is cancelled before it knows its pods is an error, not an empty success", async () => {
  const failure = new KodamaError("unreachable", "aborted");
  const signal = AbortSignal.abort();
  await assert.rejects(run({ c: { failure } }, { signal }), { kind: "cancelled" });
});

Deno.test("a run that is stopped ends with the exit code of that, in its record too", async () => {
  const stop = new AbortController();
  const { host, clock } = simulatedHost({ c: three });
  const options = { contexts: [], selection: wholeSelection, command: ["x"], signal: stop.signal };
  const events: ExecEvent[] = [];
  await clock.runUntil((async () => {
    for await (const event of exec(host, options)) {
      events.push(event);
      if (event.kind === "targetStarted") stop.abort();
    }
  })());
  const last = events.at(-1);
  assert.ok(last?.kind === "runEnded");
  assert.equal(last.exitCode, 130);
});

Deno.test("a question is asked for a change in many pods, and no means nothing is run", async () => {
  const asked: string[][] = [];
  const confirm = (answer: boolean, above: number) => ({
    above,
    ask: ({ scopes }: ChangeQuestion) => {
      asked.push(scopes.flatMap(({ pods }) => [...pods]));
      return Promise.resolve(answer);
    },
  });
  const command = ["rm", "-r", "/x"];
  assert.deepEqual(await run({ c: three }, { command, confirm: confirm(false, 2) }), []);
  assert.deepEqual(asked, [["w-0", "w-1", "w-2"]]);
  assert.ok((await run({ c: three }, { command, confirm: confirm(true, 2) })).length > 0);
  assert.ok((await run({ c: three }, { command, confirm: confirm(false, 3) })).length > 0);
  assert.ok((await run({ c: three }, { confirm: confirm(false, 2) })).length > 0);
  assert.equal(asked.length, 2);
});

Deno.test("settings hold where the command line is silent", async () => {
  const files = { "/config/config.yaml": "exec: {outputMode: fold, fanout: 1}\n" };
  const folded = await run({ c: three }, {}, { files });
  assert.ok(folded.some(({ kind }) => kind === "folded"));
  const plain = await run({ c: three }, { outputMode: "none" }, { files });
  // A window of one: no target starts before the previous one has ended.
  const order = plain.map((event) => "target" in event ? `${event.kind} ${event.target}` : "");
  assert.ok(order.indexOf("targetEnded 0") < order.indexOf("targetStarted 1"));
});

Deno.test("a workflow runs its command in its pods", async () => {
  const files = { "/shipped/hello.yaml": "match: w\ncommand: [echo, hi]\noutputMode: fold\n" };
  const { host, clock } = simulatedHost({ c: three }, { files });
  const signal = new AbortController().signal;
  const workflow = await shortWorkflow(host, "hello");
  assert.ok(workflow !== undefined);
  const run = runWorkflow(host, { workflow, overrides: {}, signal, trust: { trustNow: true } });
  const events = await clock.runUntil(Array.fromAsync(run));
  const [first] = events;
  assert.deepEqual(first?.kind === "runStarted" && first.command, ["echo", "hi"]);
  assert.ok(events.some(({ kind }) => kind === "folded"));
});

Deno.test("pods are reported by context, with the failures of others", async () => {
  const failure = new KodamaError("unreachable", "no route");
  const { host, clock } = simulatedHost({ a: three, b: { answersAfterMs: 5, failure } });
  const signal = new AbortController().signal;
  const listing = listPods(host, { contexts: ["a", "b"], selection: wholeSelection, signal });
  const events = await clock.runUntil(Array.fromAsync(listing));
  assert.deepEqual(events.map(({ kind, context }) => `${kind} ${context}`), [
    "pods a",
    "contextFailed b",
  ]);
});

Deno.test("a pod that is replaced while the question stands gets no command, and isn't recorded as run", async () => {
  const { host, clock } = simulatedHost({
    c: { server: "https://c", pods: { "w-0": prints("a\n"), "w-1": prints("a\n") } },
  });
  const begun: string[] = [];
  const kube = async (context?: string) => {
    const client = await host.kube(context);
    return {
      ...client,
      // The simulated pods have their names as uids.
      get: <T>(_resource: unknown, name: string) =>
        Promise.resolve({ metadata: { uid: name === "w-0" ? "another" : name } } as T),
      exec: (...args: Parameters<typeof client.exec>) => {
        begun.push(args[0].pod);
        return client.exec(...args);
      },
    };
  };
  const ask = () => {
    clock.advance(5000);
    return Promise.resolve(true);
  };
  const events = await clock.runUntil(Array.fromAsync(exec({ ...host, kube }, {
    contexts: [],
    selection: wholeSelection,
    command: ["rm", "x"],
    confirm: { above: 1, ask },
    outputMode: "none",
    signal: new AbortController().signal,
  })));
  assert.deepEqual(begun, ["w-1"]);
  const ends = events.flatMap((event) => event.kind === "targetEnded" ? [event.outcome] : []);
  assert.deepEqual(ends.toSorted((a, b) => a.kind < b.kind ? -1 : 1), [
    { kind: "ok" },
    {
      kind: "unreachable",
      reason: 'pod "w-0" was replaced by another one since it was selected',
    },
  ]);
});

Deno.test("settings that can't be read are the error of a run, even while a context doesn't answer", async () => {
  const files = { "/project/.kodama.yaml": "nothing: {}\n" };
  await assert.rejects(run({ east: { hangs: true } }, {}, { files }), /unknown field "nothing"/);
});
