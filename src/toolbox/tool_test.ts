/** No sequence of calls changes anything without a yes, whatever a model gives as input. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { simulatedHost } from "../actions/testing/simulated_host.ts";
import { systemClock } from "../base/clock.ts";
import { KodamaError } from "../base/errors.ts";
import { isKnownReadOnly } from "../gate/commands.ts";
import type { Host } from "../actions/host.ts";
import { tools } from "./toolbox.ts";
import type { Tool } from "./tool.ts";

const words = fc.constantFrom(
  ...[
    "web-0",
    "deploy/web",
    "default",
    "kube-system",
    "rm",
    "-rf",
    "/",
    "sh",
    "-c",
    "cat",
    "hostname",
  ],
  ...[
    "--kubeconfig=/x",
    "--as",
    "root",
    "--token",
    "t",
    "-o",
    "yaml",
    "--server=https://evil",
    "--",
  ],
  ...[
    "delete",
    "apply",
    "scale",
    "exec",
    "edit",
    "get",
    "secrets",
    "-f",
    "-",
    "/etc/passwd",
    "patch",
  ],
  ...[
    "cp",
    "proxy",
    "rollout",
    "restart",
    "config",
    "view",
    "--raw",
    "../../x",
    "*",
    "{{x}}",
    "\u001b]0;x",
  ],
  ...["date", "-s", "find", "-delete", "env", "mount", "dmesg", "ip", "link", "set", "version"],
);
const text = fc.oneof(words, fc.string({ maxLength: 20 }));
const value: fc.Arbitrary<unknown> = fc.oneof(
  text,
  fc.array(text, { maxLength: 6 }),
  fc.boolean(),
  fc.integer({ min: -2, max: 5000 }),
  fc.constant(null),
  fc.dictionary(fc.string({ maxLength: 6 }), text, { maxKeys: 3 }),
);

/** Values of some options with which a call gets as far as a pod. */
const usual: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  command: fc.constantFrom(["hostname"], ["cat", "/etc/os-release"], ["df", "-h"], ["rm", "x"]),
  path: fc.constantFrom("/etc/os-release", "/tmp/x", "/run/secrets/x"),
  pods: fc.constantFrom(["web-0"]),
};

/** Mostly what a tool's schema allows, and sometimes anything. */
function inputOf({ inputSchema }: Tool): fc.Arbitrary<Record<string, unknown>> {
  const properties = inputSchema["properties"] as Record<string, { type?: string }>;
  const required = inputSchema["required"] as string[] | undefined ?? [];
  const fitting: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
    string: text,
    boolean: fc.boolean(),
    integer: fc.integer({ min: 1, max: 5000 }),
    array: fc.array(words, { minLength: 1, maxLength: 4 }),
  };
  const given = (name: string) =>
    fc.oneof(
      ...(Object.hasOwn(usual, name) ? [{ weight: 4, arbitrary: usual[name] ?? value }] : []),
      { weight: 12, arbitrary: fitting[properties[name]?.type ?? ""] ?? value },
      value,
    ).map((one) => [name, one] as const);
  const more = fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...Object.keys(properties)) },
    fc.constantFrom("kubeconfig", "as", "yes", "confirm", "__proto__", "shell", "environment"),
  ).chain(given);
  return fc.tuple(fc.tuple(...required.map(given)), fc.array(more, { maxLength: 3 }))
    .map(([needed, others]) => Object.fromEntries([...needed, ...others]));
}

const call = fc.constantFrom(...tools).chain((tool) =>
  inputOf(tool).map((input) => ({ tool, input }))
);

const target = {
  context: "lab",
  namespace: "default",
  pod: "web-0",
  container: "a",
  node: "node-1",
  ip: "",
};

/** A host with one pod, which records what would run. */
async function recordingHost(commands: string[][]): Promise<Host> {
  const { host } = simulatedHost({ lab: {} });
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
          assert.ok(isDryRun || args[0] === "get", `kubectl ${args.join(" ")}`);
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
        const host = await recordingHost(commands);
        for (const { tool, input } of calls) {
          const before = commands.length;
          await tool.call(input, {
            host,
            signal: new AbortController().signal,
            confirm: canAsk ? () => Promise.resolve(false) : undefined,
          }).catch((error: Error) => {
            // What the simulated host doesn't have: files, lists, logs. A change is refused before.
            if (!/a test asked for what its host doesn't have/.test(error.message)) throw error;
          });
          if (commands.length === before) continue;
          ran += 1;
          const { command = [] } = input as { command?: string[] };
          assert.ok(
            tool.name === "read_file" || (tool.name === "exec" && isKnownReadOnly(command)),
            `${tool.name} ${JSON.stringify(input)}`,
          );
        }
      },
    ),
    { numRuns: 2000 },
  );
  assert.ok(ran > 20, "hardly anything ran");
});

Deno.test("every tool has a schema, and describes whether it changes something", () => {
  for (const { name, description, inputSchema, mayChange } of tools) {
    assert.equal(inputSchema["additionalProperties"], false, name);
    assert.equal(/Changes nothing/.test(description), !mayChange, name);
  }
  assert.equal(new Set(tools.map(({ name }) => name)).size, tools.length);
});
