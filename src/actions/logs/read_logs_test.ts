import { wholeSelection } from "../../kube/select/target.ts";
import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import { quiet } from "../../base/testing/manual_clock.ts";
import type { KubeClient, LogRequest } from "../../kube/client.ts";
import type { Pod } from "../../kube/types.ts";
import { logLineText } from "../../logs/line.ts";
import { logFields } from "../../logs/logs.ts";
import { readFields } from "../../operation/operation.ts";
import { readLogs } from "./read_logs.ts";
import { logTargets } from "./targets.ts";
import type { LogsEvent, LogsRequest } from "./events.ts";
import { simulatedHost } from "../testing/simulated_host.ts";

/** Pods by name, each with its log, or with the error of reading it. */
type Logs = Readonly<Record<string, string | AsyncIterable<string> | KodamaError>>;

const running = (name: string): Pod => ({
  metadata: { name, namespace: "default", uid: name },
  spec: { containers: [{ name: "main" }], ephemeralContainers: [{ name: "dbg" }] },
  status: {
    phase: "Running",
    containerStatuses: [status("main")],
    ephemeralContainerStatuses: [status("dbg")],
  },
});

function status(name: string) {
  return { name, image: "", imageID: "", ready: true, restartCount: 0, state: { running: {} } };
}

/** Returns the host of one cluster with these pods. */
function hostOf(pods: Logs) {
  const { host, clock } = simulatedHost({ c: {} });
  const asked: LogRequest[] = [];
  const kube = async (context?: string): Promise<KubeClient> => ({
    ...await host.kube(context),
    // The caller names the type together with the resource that it lists.
    list: async function* <T>() {
      await Promise.resolve();
      yield { items: Object.keys(pods).map(running) as T[], resourceVersion: "1" };
    },
    get: <T>(_resource: unknown, name: string) =>
      Object.hasOwn(pods, name)
        ? Promise.resolve(running(name) as T)
        : Promise.reject(new KodamaError("notFound", `pods "${name}" not found`)),
    // Nothing changes while the watch is open.
    watch: (_resource, _scope, { signal }) =>
      Promise.resolve((async function* () {
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        yield* [];
      })()),
    logs: (request: LogRequest) => {
      asked.push(request);
      const log = pods[request.pod];
      if (log === undefined || log instanceof KodamaError) return Promise.reject(log);
      return Promise.resolve(encoded(typeof log === "string" ? [log] : log));
    },
  });
  return { host: { ...host, kube }, clock, asked };
}

async function* encoded(texts: Iterable<string> | AsyncIterable<string>) {
  for await (const text of texts) yield new TextEncoder().encode(text);
}

async function read(pods: Logs, options: Partial<LogsRequest> = {}) {
  const { host, clock } = hostOf(pods);
  const events = await clock.runUntil(Array.fromAsync(readLogs(host, optionsOf(options))));
  const texts = events.flatMap((event) =>
    event.kind === "lines" ? event.lines.map(logLineText) : []
  );
  return { events, texts, exitCode: exitCode(events) };
}

function optionsOf(changes: Partial<LogsRequest>): LogsRequest {
  return {
    ...readFields(logFields, { maxLogRequests: 10 }),
    contexts: [],
    selection: wholeSelection,
    signal: new AbortController().signal,
    ...changes,
  };
}

function exitCode(events: readonly LogsEvent[]): number | undefined {
  const last = events.at(-1);
  return last?.kind === "ended" ? last.exitCode : undefined;
}

const at = (second: number, text: string) => `2026-01-01T00:00:0${second}Z ${text}\n`;

Deno.test("the lines of all containers come in the order of their times", async () => {
  const { texts, exitCode } = await read({
    a: at(1, "a1") + at(4, "a4"),
    b: at(2, "b2") + at(3, "b3"),
  });
  assert.deepEqual([texts, exitCode], [["a1", "b2", "b3", "a4"], 0]);
});

/** N lines that each arrive separately, and the number of lines requested. */
class CountedLines {
  asked = 0;

  constructor(readonly lines: number) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<string, void> {
    while (this.asked < this.lines) yield await Promise.resolve(at(this.asked++, "counted"));
  }
}

Deno.test("logs that are merged are read before their turn; one alone is, as it is taken", async () => {
  for (const others of [{ first: "2025-12-31T00:00:00Z first\n" }, {}]) {
    const counted = new CountedLines(9);
    const { host, clock, asked } = hostOf({ ...others, counted });
    const events = readLogs(host, optionsOf({}));
    for (let shown = false; !shown;) {
      const { value } = await clock.runUntil(events.next());
      shown = value?.kind === "lines";
    }
    await quiet();
    const merged = "first" in others;
    assert.equal(counted.asked === counted.lines, merged, `${counted.asked}`);
    assert.ok(asked.every(({ bulk }) => bulk === merged));
    await events.return();
  }
});

Deno.test("each of the logs that are followed together is asked for as many bytes; one alone is not", async () => {
  for (const pods of [{ a: "", b: "", c: "" }, { a: "" }]) {
    const { host, clock, asked } = hostOf(pods);
    const count = Object.keys(pods).length;
    const events = readLogs(host, optionsOf({ follow: true }));
    while (asked.length < count) await clock.runUntil(events.next());
    assert.ok(asked.every(({ bulk }) => bulk === count > 1));
    await events.return();
  }
});

Deno.test("more logs than may be read at a time come in groups, and none is refused", async () => {
  const { events, texts } = await read({ a: at(3, "a"), b: at(2, "b"), c: at(1, "c") }, {
    maxLogRequests: 2,
  });
  assert.deepEqual(texts, ["b", "a", "c"]);
  assert.ok(events.some((event) => event.kind === "queued" && event.waiting === 1));
});

Deno.test("the number of queued logs is reported once for all that start together", async () => {
  const over = Promise.withResolvers<void>();
  async function* open() {
    yield at(1, "first");
    await over.promise;
  }
  const pods = Object.fromEntries(["a", "b", "c", "d", "e"].map((name) => [name, open()]));
  const { host, clock } = hostOf(pods);
  const controller = new AbortController();
  const { signal } = controller;
  const events = readLogs(host, optionsOf({ follow: true, maxLogRequests: 2, signal }));
  const queued: LogsEvent[] = [];
  for (;;) {
    const { value, done } = await clock.runUntil(events.next());
    if (done) break;
    if (value.kind !== "queued") continue;
    queued.push(value);
    controller.abort();
    over.resolve();
  }
  assert.deepEqual(queued, [{ kind: "queued", waiting: 3, slots: 2 }]);
});

Deno.test("a log that can't be read is reported, and doesn't affect the others", async () => {
  const away = await read({ a: at(1, "a"), b: new KodamaError("unreachable", "no route") });
  assert.deepEqual([away.texts, away.exitCode], [["a"], 4]);
  const refused = await read({ a: at(1, "a"), b: new KodamaError("forbidden", "no") });
  assert.deepEqual([refused.texts, refused.exitCode], [["a"], 1]);
  assert.ok(refused.events.some((event) => event.kind === "failed" && event.source === 1));
});

Deno.test("pods that were picked are read, and none of their names elsewhere", async () => {
  const one = { context: "c", namespace: "n", pod: "a" };
  const other = { context: "c", namespace: "m", pod: "b" };
  const asked: string[] = [];
  const { host, clock } = hostOf({});
  const kube = async (context?: string): Promise<KubeClient> => ({
    ...await host.kube(context),
    // Both names exist in both namespaces.
    get: <T>(_: unknown, name: string, { namespace }: { namespace?: string }) => {
      const pod = running(name);
      return Promise.resolve({ ...pod, metadata: { ...pod.metadata, namespace } } as T);
    },
    logs: ({ namespace, pod }: LogRequest) => {
      asked.push(`${namespace}/${pod}`);
      return Promise.resolve(ReadableStream.from([new TextEncoder().encode(at(1, pod))]));
    },
  });
  const elsewhere = { context: "d", namespace: "n", pod: "b" };
  const options = optionsOf({ picked: [one, other, elsewhere] });
  await clock.runUntil(Array.fromAsync(readLogs({ ...host, kube }, options)));
  assert.deepEqual(asked.sort(), ["m/b", "n/a"]);
});

Deno.test("of a picked container the log is read, and of a picked pod all of them", () => {
  const pods = ["a", "b"].map((name) => ({
    metadata: { name, namespace: "n" },
    spec: { containers: [{ name: "main" }, { name: "side" }] },
    status: {
      containerStatuses: ["main", "side"].map((container) => ({
        ...{ name: container, image: "", imageID: "", ready: true, restartCount: 0 },
        state: { running: {} },
      })),
    },
  }));
  const [a, b] = [{ context: "c", namespace: "n", pod: "a" }, {
    context: "c",
    namespace: "n",
    pod: "b",
  }];
  const choice = optionsOf({});
  const { selection } = choice;
  const read = (picked: LogsRequest["picked"]) =>
    logTargets(pods, { ...choice, ...(picked && { picked }) }, { context: "c", random: () => 0 })
      .targets.map(({ pod, container }) => `${pod}/${container}`);
  assert.deepEqual(read([a, { ...b, container: "side" }]), ["a/main", "a/side", "b/side"]);
  assert.deepEqual(read([{ ...b, container: "side" }, b]), ["b/main", "b/side"]);
  const operands = [{ kind: "pod" as const, name: "b", namespace: "n", container: "side" }];
  const named = { ...choice, selection: { ...selection, operands } };
  assert.deepEqual(
    logTargets(pods.slice(1), named, { context: "c", random: () => 0 })
      .targets.map(({ pod, container }) => `${pod}/${container}`),
    ["b/side"],
  );
});

Deno.test("where no pod has the condition, the error says it, and doesn't deny the pods", async () => {
  const condition = { type: "ready", status: "false" };
  await assert.rejects(read({ a: "" }, { condition }), {
    kind: "noMatch",
    message: /^no pod matches condition ready=false in namespace/,
  });
});

Deno.test("where no container is in the state that is meant, the error says it", async () => {
  const containerState = ["terminated", "waiting"] as const;
  await assert.rejects(read({ a: "" }, { containerState }), {
    kind: "noMatch",
    message: /^no pod matches container state terminated, container state waiting in namespace/,
  });
});

Deno.test("the containers that an error names are those of the pods that match", () => {
  const pods = ["web", "db"].map((name) => ({
    metadata: { name, namespace: "n" },
    spec: { containers: [{ name: `${name}-main` }] },
  }));
  const selection = { ...wholeSelection, match: [{ kind: "substring" as const, text: "web" }] };
  const choice = optionsOf({ selection, container: [{ kind: "exact", name: "x" }] });
  assert.throws(() => logTargets(pods, choice, { context: "c", random: () => 0 }), {
    message: `pod "web" has no container "x"`,
    hint: "the containers are: web-main",
  });
});

Deno.test("without a log of a previous instance, the reason says whether there was one", () => {
  const reasonOf = (restartCount: number) => {
    const { containerStatuses: [status] = [], ...rest } = running("a").status ?? {};
    assert.ok(status);
    const pod = {
      ...running("a"),
      status: { ...rest, containerStatuses: [{ ...status, restartCount }] },
    };
    const choice = optionsOf({ previous: true });
    return logTargets([pod], choice, { context: "c", random: () => 0 }).skipped[0]?.reason;
  };
  assert.equal(reasonOf(0), 'container "main" has no earlier instance');
  assert.equal(
    reasonOf(1),
    `container "main" has restarted, but its node has removed the earlier instance's log`,
  );
});

Deno.test("followed, a selection without pods waits for them; names and a sample don't", async () => {
  const first = async (changes: Partial<LogsRequest["selection"]>) => {
    const { host, clock } = hostOf({});
    const controller = new AbortController();
    const selection = { ...wholeSelection, ...changes };
    const options = optionsOf({ follow: true, selection, signal: controller.signal });
    const events = readLogs(host, options);
    const { value } = await clock.runUntil(events.next());
    controller.abort();
    await events.return();
    return value;
  };
  assert.deepEqual(await first({ labelSelector: "app=new" }), {
    kind: "waitingForPods",
    words: "label app=new",
    where: 'in namespace "default" (context c)',
    nearest: [],
  });
  const operands = [{ kind: "pod" as const, name: "web" }];
  await assert.rejects(first({ operands }), { kind: "noMatch" });
  await assert.rejects(first({ sample: 2 }), { kind: "noMatch" });
});

Deno.test("a named pod without a log to read is a failure beside others; a selected one isn't", async () => {
  const operands = (...names: string[]) => names.map((name) => ({ kind: "pod" as const, name }));
  const named = { ...wholeSelection, operands: operands("a", "b", "c") };
  const { events, texts, exitCode: code } = await read(
    { a: at(1, "a1"), b: at(2, "b1") },
    { selection: named },
  );
  assert.deepEqual([texts, code], [["a1", "b1"], 4]);
  assert.deepEqual(events.find((event) => event.kind === "podsSkipped"), {
    kind: "podsSkipped",
    context: "c",
    skipped: [{ namespace: "default", pod: "c", reason: "does not exist", named: true }],
  });
  const pending = (name: string): Pod => ({ ...running(name), status: { phase: "Pending" } });
  const failing = (changes: Partial<LogsRequest>) => {
    return logTargets([running("a"), pending("b")], optionsOf(changes), {
      context: "c",
      random: () => 0,
    })
      .skipped.map(({ pod, reason, named = false }) => [pod, reason, named]);
  };
  const waiting = 'container "main" hasn\'t started: Pending';
  assert.deepEqual(failing({ selection: named }), [["b", waiting, true]]);
  assert.deepEqual(failing({}), [["b", waiting, false]]);
  const earlier = failing({ selection: named, previous: true }).map((
    [pod, , named],
  ) => [pod, named]);
  assert.deepEqual(earlier, [["a", false], ["b", false]]);
});

Deno.test("a named pod without the container of a name is a failure beside others", () => {
  const side = running("b");
  const pods = [running("a"), { ...side, spec: { containers: [{ name: "other" }] } }];
  const operands = ["a", "b"].map((name) => ({ kind: "pod" as const, name }));
  const container = [{ kind: "exact" as const, name: "main" }];
  const skipped = (selection: LogsRequest["selection"]) =>
    logTargets(pods, optionsOf({ selection, container }), { context: "c", random: () => 0 })
      .skipped;
  assert.deepEqual(skipped({ ...wholeSelection, operands }), [
    { namespace: "default", pod: "b", reason: 'has no container "main"', named: true },
  ]);
  assert.deepEqual(skipped(wholeSelection), []);
});

Deno.test("a namespace without pods must exist, also beside others", async () => {
  const namespaces = { kind: "named" as const, names: ["default", "nowhere"] };
  await assert.rejects(read({ a: "" }, { selection: { ...wholeSelection, namespaces } }), {
    message: 'no namespace "nowhere" (context c)',
  });
});

Deno.test("POD CONTAINER names a container, unless there is a pod of that name", async () => {
  const operands = (...names: string[]) => names.map((name) => ({ kind: "pod" as const, name }));
  const names = async (pods: Logs, ...given: string[]) => {
    const selection = { ...wholeSelection, operands: operands(...given) };
    const { events } = await read(pods, { selection });
    return events.flatMap((event) =>
      event.kind === "sourcesAdded"
        ? event.sources.map(({ pod, container }) => `${pod}/${container}`)
        : []
    );
  };
  assert.deepEqual(await names({ a: "" }, "a", "main"), ["a/main"]);
  assert.deepEqual(await names({ a: "" }, "a", "dbg"), ["a/dbg"]);
  assert.deepEqual(await names({ a: "", main: "" }, "a", "main"), ["a/main", "main/main"]);
  await assert.rejects(names({ a: "" }, "a", "side"), { message: /^pods "side" not found/ });
});

Deno.test("--limit-bytes counts each log by itself, and cuts the line in which the limit is", async () => {
  const { texts } = await read({ a: at(1, "aaa") + at(3, "bbb"), b: at(2, "ccc") }, {
    limitBytes: 6,
  });
  assert.deepEqual(texts, ["aaa", "ccc", "bb"]);
});

Deno.test("a time ends each log at its first line that is later, and its reading", async () => {
  const untilTime = new Date("2026-01-01T00:00:02Z");
  const pods = { a: at(1, "a1") + at(2, "a2") + at(3, "a3") + at(1, "back"), b: at(3, "b3") };
  assert.deepEqual((await read(pods, { untilTime })).texts, ["a1", "a2"]);
});

Deno.test("an outage is one event, and its end another, however many logs are followed", async () => {
  const { host, clock } = hostOf({ a: "", b: "" });
  const down = new KodamaError("unreachable", "connection refused");
  const opened = new Map<string, number>();
  async function* broken(pod: string) {
    yield await Promise.resolve(new TextEncoder().encode(at(1, pod)));
    throw down;
  }
  async function* mended(pod: string, signal: AbortSignal) {
    yield new TextEncoder().encode(at(1, pod) + at(2, `${pod} again`));
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  }
  const kube = async (context?: string): Promise<KubeClient> => ({
    ...await host.kube(context),
    logs: ({ pod }: LogRequest, { signal }: { signal: AbortSignal }) => {
      const times = (opened.get(pod) ?? 0) + 1;
      opened.set(pod, times);
      if (times === 1) return Promise.resolve(broken(pod));
      return times > 3 ? Promise.resolve(mended(pod, signal)) : Promise.reject(down);
    },
  });
  const controller = new AbortController();
  const { signal } = controller;
  const received: string[] = [];
  const events = readLogs({ ...host, kube }, optionsOf({ follow: true, signal }));
  for (;;) {
    const { value: event, done } = await clock.runUntil(events.next());
    if (done) break;
    if (event.kind === "linkLost") received.push(`lost ${event.context}: ${event.reason}`);
    if (event.kind === "cut") received.push("cut");
    if (event.kind !== "linkBack") continue;
    received.push("back");
    controller.abort();
  }
  assert.deepEqual(received, ["lost c: connection refused", "back"]);
});

Deno.test("no pod at all is an error, and never an empty log", async () => {
  await assert.rejects(read({}), { kind: "noMatch" });
});
