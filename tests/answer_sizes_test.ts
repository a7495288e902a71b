/**
 * Answers to a model about much: 5,000 pods, a command in 1,000 pods with 100 distinct outputs, and a log of 100 MB.
 * Each fits the default budget, and answers the questions that people ask of such a thing.
 */
import assert from "node:assert/strict";
import type { Host } from "../src/actions/host.ts";
import { simulatedHost } from "../src/actions/testing/simulated_host.ts";
import { systemClock } from "../src/base/clock.ts";
import { SimulatedPod } from "../src/exec/testing/simulated_pod.ts";
import { findTargets } from "../src/kube/select/find_targets.ts";
import type { Pod } from "../src/kube/types.ts";
import { tokensOf } from "../src/toolbox/fit.ts";
import { execTool, logsTool, podsTool } from "../src/toolbox/pod_tools.ts";
import type { Tool } from "../src/toolbox/tool.ts";

const nowMs = Date.parse("2026-11-22T12:00:00Z");

interface SamplePod {
  name: string;
  namespace: string;
  node: string;
  waiting?: string;
  restarts?: number;
  phase?: string;
}

function podOf(
  { name, namespace, node, waiting, restarts = 0, phase = "Running" }: SamplePod,
): Pod {
  return {
    metadata: {
      name,
      namespace,
      uid: `${namespace}-${name}`,
      creationTimestamp: "2026-11-20T12:00:00Z",
    },
    spec: { containers: [{ name: "main" }], ...(node === "" ? {} : { nodeName: node }) },
    status: {
      phase,
      ...(phase === "Pending" ? {} : {
        containerStatuses: [{
          name: "main",
          image: "",
          imageID: "",
          ready: waiting === undefined,
          restartCount: restarts,
          state: waiting === undefined ? { running: {} } : { waiting: { reason: waiting } },
        }],
      }),
    },
  } as Pod;
}

/** 5,000 pods of a fleet, of which 47 have problems: one node, one workload, one image. */
function fleet(): SamplePod[] {
  const pods = Array.from({ length: 5000 }, (_, index): SamplePod => {
    const namespace = ["shop", "storage", "batch", "monitoring"][index % 4] ?? "";
    const app = { shop: "web", storage: "drive", batch: "worker", monitoring: "agent" }[namespace];
    return { name: `${app}-${Math.floor(index / 4)}`, namespace, node: `node-${index % 100}` };
  });
  const change = (from: number, count: number, step: number, problem: Partial<SamplePod>) => {
    for (let at = 0; at < count; at++) Object.assign(pods[from + at * step] ?? {}, problem);
  };
  // Drives of one node.
  change(17, 30, 100, { waiting: "CrashLoopBackOff", restarts: 41, node: "node-17" });
  change(402, 10, 4, { phase: "Pending", node: "" });
  change(803, 6, 4, { waiting: "ImagePullBackOff" });
  change(1000, 1, 1, { restarts: 977 });
  change(1004, 1, 1, { phase: "Failed", waiting: "Error" });
  return pods;
}

async function hostOf(pods: readonly Pod[], kube: Partial<Awaited<ReturnType<Host["kube"]>>>) {
  const { host } = simulatedHost({ lab: {} });
  const client = {
    ...await host.kube(),
    list: async function* <T>() {
      await Promise.resolve();
      yield { items: pods as T[], resourceVersion: "1" };
    },
    // Those whose turn comes late are read again.
    get: <T>(_kind: unknown, name: string) =>
      Promise.resolve(pods.find(({ metadata }) => metadata?.name === name) as T),
    ...kube,
  };
  return {
    ...host,
    clock: { ...systemClock, now: () => new Date(nowMs) },
    kube: () => Promise.resolve(client),
    select: (_client, selection, { signal = new AbortController().signal }) =>
      findTargets(client, selection, { signal, random: Math.random }),
  } satisfies Host;
}

async function answerOf(tool: Tool, host: Host, input: Record<string, unknown>): Promise<string> {
  const { text, isError } = await tool.call(input, {
    host,
    signal: new AbortController().signal,
    confirm: undefined,
  });
  assert.equal(isError, false, text);
  assert.ok(tokensOf(text) <= 2000, `${tokensOf(text)} tokens`);
  return text;
}

/** A question, and what an answer to it has to contain. */
type Question = readonly [question: string, ...facts: RegExp[]];

function requireFacts(answer: string, questions: readonly Question[]): void {
  for (const [question, ...facts] of questions) {
    for (const fact of facts) assert.match(answer, fact, question);
  }
}

Deno.test("pods of 5,000 pods: counts, what is wrong, where, and since when, in 2,000 tokens", async () => {
  const host = await hostOf(fleet().map(podOf), {});
  const answer = await answerOf(podsTool, host, { allNamespaces: true });
  requireFacts(answer, [
    ["how many pods are there?", /^5000 pods/],
    ["how many run?", /495\d Running/],
    ["how many crash?", /30 CrashLoopBackOff/],
    ["how many can't be scheduled?", /10 Pending/],
    ["how many images can't be pulled?", /6 ImagePullBackOff/],
    ["how many pods has each namespace?", /1250 shop/, /1250 storage/, /1250 batch/],
    ["on which nodes are the problems?", /30 node-17, 10 without a node/],
    ["which pod restarts most?", /web-250 .*977/],
    ["which pods have problems?", /drive|web|worker|agent/, /worker-100/, /agent-200/],
    ["what isn't shown, and how do I get it?", /… \d+ more pods are omitted: narrow with/],
  ]);
});

const encoder = new TextEncoder();

Deno.test("exec in 1,000 pods with 100 distinct outputs: who failed, and who differs, in 2,000 tokens", async () => {
  const pods = Array.from(
    { length: 1000 },
    (_, index): SamplePod => ({ name: `drive-${index}`, namespace: "storage", node: "node-1" }),
  );
  const scriptOf = (index: number) => {
    const [text, code] = index === 77
      ? ["", 1]
      : index === 78 || index === 79
      ? ["", 127]
      : index === 999
      ? ["version 3.9.1\nbuild 11\nuptime 900 days\n", 0]
      : index < 903
      ? ["version 4.2.0\nbuild 42\nuptime 3 days\n", 0]
      : [`version 4.2.0\nbuild ${1000 + (index - 903)}\nuptime 3 days\n`, 0];
    const stderr = code === 1
      ? "disk: I/O error on /dev/nvme3\n"
      : code === 127
      ? "sh: weka: not found\n"
      : "";
    return new SimulatedPod({
      openMs: 0,
      output: [
        { stream: "stdout", bytes: encoder.encode(String(text)), afterMs: 0 },
        { stream: "stderr", bytes: encoder.encode(stderr), afterMs: 0 },
      ],
      end: { kind: "exited", exitCode: 0 },
      marked: Number(code),
      diesOn: "TERM",
    }, systemClock);
  };
  const host = await hostOf(pods.map(podOf), {
    exec: (request, { signal = new AbortController().signal, onSent } = {}) =>
      scriptOf(Number(request.pod.slice("drive-".length))).open(request, signal, onSent),
  });
  const answer = await answerOf(execTool, host, { command: ["cat", "/etc/release"], all: true });
  requireFacts(answer, [
    ["how many pods were there?", /^1000 pods: /],
    ["how many failed?", /997 ok/, /3 failed/],
    ["how many distinct outputs are there?", /100 distinct outputs/],
    [
      "which pod has a broken disk?",
      /--- drive-77 \(1\).*exit code 1[^]*I\/O error on \/dev\/nvme3/,
    ],
    [
      "where is the program missing?",
      /--- drive-\[78-79\] \(2\).*127/,
      /weka: not found/,
    ],
    ["what does the majority run?", /\(900\)\nversion 4\.2\.0\nbuild 42/],
    ["which pod runs an old version?", /version 4\.2\.0 \(996\), version 3\.9\.1 \(1: drive-999\)/],
    ["which builds does a minority run?", /build 10\d\d/],
    ["how many groups aren't shown?", /… \d+ more groups are omitted/],
    ["how do I get them?", /narrow with pods, match/],
  ]);
});

Deno.test("logs of 100 MB: kinds of errors with counts and times, and the last lines, in 2,000 tokens", async () => {
  const second = (at: number) =>
    new Date(Date.UTC(2026, 10, 22, 10) + at * 1000 / 160).toISOString().replace("Z", "000000Z");
  const lines = 1_150_000;
  const lineOf = (index: number): string => {
    switch (index) {
      case 0:
        return "INFO starting version 7.3.1";
      case 123_456:
        return "FATAL panic: runtime error: index out of range [7] with length 7";
      case 123_457:
        return "goroutine 1 [running]: main.(*Cart).total(cart.go:88)";
      case 500_000:
        return "WARN certificate expires in 2 days";
      case lines - 1:
        return "INFO shutting down";
    }
    if (index > 700_000 && index % 1000 === 0) {
      return `ERROR connection to db-0.shop:5432 refused, attempt ${index}`;
    }
    if (index % 50_000 === 7) return `WARN slow request: ${index % 977} ms for /cart`;
    return `INFO request ${index} GET /items/${index % 1009} 200 in ${index % 37} ms, user ${
      index % 5003
    }`;
  };
  let bytes = 0;
  const host = await hostOf([podOf({ name: "web-0", namespace: "shop", node: "n", restarts: 2 })], {
    logs: (request) =>
      Promise.resolve((async function* () {
        await Promise.resolve();
        const from = Math.max(0, lines - (request.tailLines ?? lines));
        for (let at = from; at < lines; at += 2000) {
          let text = "";
          for (let line = at; line < Math.min(at + 2000, lines); line++) {
            text += `${second(line)} ${lineOf(line)}\n`;
          }
          const chunk = encoder.encode(text);
          bytes += chunk.length;
          yield chunk;
        }
      })()),
  });
  const answer = await answerOf(logsTool, host, { match: ["web"] });
  assert.ok(bytes > 95 * 1024 * 1024, `only ${bytes} bytes`);
  requireFacts(answer, [
    ["how many lines are there?", /^1150000 lines of 1 container/],
    ["did it crash?", /panic: runtime error: index out of range/],
    ["when did it crash?", /10:12:51/],
    ["can it reach its database?", /449× .*connection to db-0\.shop:5432 refused/],
    ["since when can't it?", /from 2026-11-22T11:13:01Z to/],
    ["until when?", /11:59:41Z: ERROR/],
    ["is a certificate about to expire?", /certificate expires in 2 days/],
    ["how often are requests slow?", /23× .*slow request/],
    ["what was the last line?", /newest first:\n.*INFO shutting down/],
    [
      "what isn't shown, and how do I get it?",
      /… \d+ more lines.*/,
      /narrow with pods, container, grep/,
    ],
  ]);
});
