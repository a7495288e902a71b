import assert from "node:assert/strict";
import type { ScriptApi, ScriptSource } from "../model.ts";
import { play, saying } from "../testing/step_fixture.ts";
import type { StepChange } from "./environment.ts";

const text = "select: { allNamespaces: true, all: true }\nsteps:\n  - script: whatever\n";

const place = (pod: string, namespace = "n") => ({
  context: "lab",
  namespace,
  pod,
  container: "a",
  node: "",
  ip: "",
});

/** A script that runs a command in all of its pods, with one more pod by then. */
async function asked(later: readonly ReturnType<typeof place>[], dead: boolean) {
  const found = [[place("p")], later];
  const results: Record<string, { outcome: string }>[] = [];
  const { pods } = await play({
    files: { "w.yaml": text },
    pods: { p: saying("x"), q: saying("y") },
    environment: {
      find: () =>
        Promise.resolve({
          targets: found.shift() ?? later,
          skipped: [],
          dead: dead ? [{ context: "east", reason: "no route" }] : [],
        }),
      runScript: async (
        _script: ScriptSource,
        _permissions: unknown,
        api: ScriptApi,
        { signal },
      ) => {
        results.push(await api.exec({ command: ["id"] }, signal));
        return { kind: "ok", output: null };
      },
    },
  });
  return {
    results,
    ran: [...pods].filter(([, pod]) => pod.requests.length > 0).map(([name]) => name),
  };
}

Deno.test("a script can't reach a pod that was added after its permission check", async () => {
  const { ran, results } = await asked([place("p"), place("q", "kube-system")], false);
  assert.deepEqual(ran, ["p"]);
  assert.deepEqual(results.map(Object.keys), [["p"]], "its names are what they were");
});

Deno.test("a script sees an unreachable context as unreachable", async () => {
  const { results } = await asked([place("p")], true);
  const outcomes = Object.entries(results[0] ?? {}).map(([name, { outcome }]) => [name, outcome]);
  assert.deepEqual(outcomes, [["p", "ok"], ["east/*", "unreachable"]]);
});

Deno.test("a declined step or script changes nothing in its pods", async () => {
  const changes: string[] = [];
  const declined = {
    confirmChange: ({ action }: StepChange) => {
      changes.push(action.kind === "command" ? action.command.join(" ") : action.kind);
      return Promise.resolve(false);
    },
  };
  const requestsOf = (pods: Awaited<ReturnType<typeof play>>["pods"]) =>
    [...pods.values()].flatMap(({ requests }) => requests);
  const exec = await play({
    files: { "w.yaml": "steps:\n  - exec: [rm, x]\n" },
    pods: { p: saying("") },
    environment: declined,
  });
  assert.deepEqual(requestsOf(exec.pods), []);
  const ended = exec.events.at(-1);
  assert.ok(ended?.event === "runEnded" && ended.outcome === "refused");
  const script = await play({
    files: { "w.yaml": text },
    pods: { p: saying("") },
    environment: {
      ...declined,
      runScript: async (
        _script: ScriptSource,
        _permissions: unknown,
        api: ScriptApi,
        { signal },
      ) => {
        await assert.rejects(api.exec({ command: ["rm", "y"] }, signal), /declined: rm y/);
        return { kind: "ok", output: null };
      },
    },
  });
  assert.deepEqual(requestsOf(script.pods), []);
  assert.deepEqual(changes, ["rm x", "rm y"]);
});

Deno.test("`logs()` of a script reads the log of the named target, and of no other", async () => {
  const read: string[] = [];
  const client = {
    logs: ({ pod }: { pod: string }) => {
      read.push(pod);
      return Promise.resolve(ReadableStream.from([new TextEncoder().encode(`of ${pod}\n`)]));
    },
  };
  const lines: (readonly string[])[] = [];
  await play({
    files: { "w.yaml": text },
    pods: { p: saying("x"), q: saying("y") },
    environment: {
      kube: () => Promise.resolve(client as never),
      runScript: async (_script: ScriptSource, _permissions: unknown, api: ScriptApi, bounds) => {
        lines.push(await api.logs({ target: "q", tail: 10 }, bounds.signal));
        await assert.rejects(api.logs({ target: "z", tail: 10 }, bounds.signal), {
          kind: "noMatch",
        });
        return { kind: "ok", output: null };
      },
    },
  });
  assert.deepEqual([read, lines], [["q"], [["of q"]]]);
});
