/** No sequence of calls changes anything without a yes, whatever a model gives as input. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { toggleField } from "../operation/field.ts";
import { simulatedHost } from "../actions/testing/simulated_host.ts";
import { systemClock } from "../base/clock.ts";
import { KodamaError } from "../base/errors.ts";
import { isKnownReadOnly } from "../gate/commands.ts";
import { parseKubectl } from "../gate/kubectl.ts";
import type { Host } from "../actions/host.ts";
import type { Log } from "../base/log.ts";
import { tokensOf } from "./fit.ts";
import { forwardTool } from "./forward_tool.ts";
import { defineTool } from "./tool.ts";
import { tools } from "./toolbox.ts";
import { hostileCalls } from "./testing/hostile_calls.ts";

/** `KODAMA_TOOL_RUNS=10000` is the number of sequences that a release is tried with. */
const sequences = Number(Deno.env.get("KODAMA_TOOL_RUNS") || 2000);

const all = [...tools, forwardTool];
const call = hostileCalls(all, {
  namespaces: ["default", "other"],
  pod: "web-0",
  secret: "planted",
  configMap: "orders",
  kubeconfig: "/home/me/.kube/config",
});

const target = {
  context: "lab",
  namespace: "default",
  pod: "web-0",
  container: "a",
  node: "node-1",
  ip: "",
};

/** A host with one pod, which records what would run. */
async function recordingHost(commands: string[][], logged: string[] = []): Promise<Host> {
  const log: Log = (_level, category, message) => {
    if (category === "tool") logged.push(message);
  };
  const { host } = simulatedHost({ lab: {} }, { log });
  const client = await host.kube();
  return {
    ...host,
    clock: systemClock,
    select: () => Promise.resolve({ targets: [target], skipped: [], nearest: [] }),
    kube: () =>
      Promise.resolve({
        ...client,
        exec: ({ command }) => {
          commands.push([...command]);
          return Promise.reject(new KodamaError("forbidden", "this host runs nothing"));
        },
      }),
    kubectl: () =>
      Promise.resolve({
        run: () => assert.fail("kubectl ran on the terminal"),
        read: (args) => {
          const isDryRun = args.some((arg) => arg.startsWith("--dry-run"));
          const [verb] = parseKubectl(args).verb;
          assert.ok(isDryRun || verb === "get", `kubectl ${args.join(" ")}`);
          return Promise.resolve({ exitCode: 1, stdout: "", stderr: "", isTruncated: false });
        },
      }),
  };
}

Deno.test("tools change nothing without a yes, in any sequence of calls", async () => {
  let ran = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(call, { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      async (calls, canAsk) => {
        const commands: string[][] = [];
        const logged: string[] = [];
        const host = await recordingHost(commands, logged);
        for (const { name, input } of calls) {
          const before = commands.length;
          await all.find((tool) => tool.name === name)?.call(input, {
            host,
            signal: new AbortController().signal,
            confirm: canAsk ? () => Promise.resolve(false) : undefined,
          }).catch((error: Error) => {
            // What the simulated host doesn't have: files, lists, logs. A change is refused before.
            if (!/a test asked for what its host doesn't have/.test(error.message)) throw error;
          });
          if (commands.length === before) continue;
          ran += 1;
          // A text is a list of one.
          const command = [(input as { command?: string | string[] }).command ?? []].flat();
          assert.ok(
            name === "read_file" || (name === "exec" && isKnownReadOnly(command)),
            `${name} ${JSON.stringify(input)}`,
          );
        }
        assert.deepEqual(
          logged.map((line) => line.split(" ")[0]),
          calls.map(({ name }) => name),
        );
        assert.doesNotMatch(logged.join(), /: approved, /);
      },
    ),
    { numRuns: sequences },
  );
  assert.ok(ran > 20, "hardly anything ran");
});

Deno.test("a call is logged with its input, a person's answer and its outcome, without secrets", async () => {
  const logged: string[] = [];
  const host = await recordingHost([], logged);
  const exec = tools.find(({ name }) => name === "exec");
  const call = async (command: string[], confirm?: () => Promise<boolean>) => {
    await exec?.call({ command, pods: ["web-0"] }, {
      host,
      signal: new AbortController().signal,
      confirm,
    });
    return logged.at(-1) ?? "";
  };
  assert.match(
    await call(["rm", "/x"]),
    /^exec \{"command":\["rm","\/x"\],"pods":\["web-0"\]\}: forbidden: this may change something/,
  );
  const no = await call(["rm", "/x"], () => Promise.resolve(false));
  assert.match(no, /: not approved, declined: /);
  assert.match(await call(["rm", "/x"], () => Promise.resolve(true)), /: approved, ok$/);
  const secret = `sk-ant-${"S3CR3T".repeat(6)}`;
  const masked = await call([
    "curl",
    "-H",
    `Authorization: Bearer ${secret}`,
    `--password=${secret}`,
  ]);
  assert.doesNotMatch(masked, /S3CR3T/);
  assert.match(masked, /curl.*forbidden/);
});

Deno.test("every tool has a schema, and describes whether it changes something", () => {
  for (const { name, description, inputSchema, mayChange } of tools) {
    assert.equal(inputSchema["additionalProperties"], false, name);
    assert.equal(/Changes nothing/.test(description), !mayChange, name);
  }
  assert.equal(new Set(tools.map(({ name }) => name)).size, tools.length);
});

Deno.test("an answer has at most 20,000 tokens, whatever budget is requested; an error has no secrets", async () => {
  const secret = `sk-ant-${"S3CR3T".repeat(6)}`;
  const tool = defineTool({
    name: "lines",
    title: "Lines",
    description: "Prints lines.",
    options: { fails: toggleField("whether it fails") },
    run: ({ fails }) => {
      if (fails) throw new KodamaError("conflict", `the server said ${secret}`);
      return Promise.resolve([{ lines: Array(100_000).fill("a line"), unit: "lines" }]);
    },
  });
  const context = {
    host: await recordingHost([]),
    signal: new AbortController().signal,
    confirm: undefined,
  };
  const { text } = await tool.call({ budget: 1_000_000 }, context);
  assert.ok(tokensOf(text) <= 20_000, `${tokensOf(text)} tokens`);
  assert.match(text, /more lines are omitted$/);
  const failed = await tool.call({ fails: true }, context);
  assert.match(failed.text, /^conflict: the server said /);
  assert.doesNotMatch(failed.text, /S3CR3T/);
});
