/** Keys of models are read by what asks a model, and by nothing else. */
import assert from "node:assert/strict";
import { simulatedHost } from "../src/actions/testing/simulated_host.ts";
import type { Invocation } from "../src/cli/invocation.ts";
import { programOf } from "../src/cli/program.ts";
import { run } from "../src/cli/run.ts";
import { MemoryTerminal } from "../src/terminal/testing/memory_terminal.ts";

const script = {
  openMs: 0,
  output: [],
  end: { kind: "exited", exitCode: 0 },
  diesOn: "TERM",
} as const;
const keyFile = "/secrets/anthropic";

/** Runs a command, and returns which variables and files with a key it has read. */
async function keysReadBy(line: string): Promise<{ read: string[]; stderr: string }> {
  const read: string[] = [];
  const { host, clock } = simulatedHost({ lab: { pods: { "web-0": script } } }, {
    files: {
      "/config/config.yaml": `model_key_files: { anthropic: ${keyFile} }\n`,
      [keyFile]: "sk-ant-api03-of-this-test\n",
    },
  });
  const spied = {
    ...host,
    env: (name: string) => {
      if (/API_KEY/.test(name)) read.push(name);
      return host.env(name);
    },
    files: {
      ...host.files,
      readText: (path: string, ...more: [number]) => {
        if (path === keyFile) read.push(path);
        return host.files.readText(path, ...more);
      },
    },
  };
  const terminal = new MemoryTerminal({ terminals: [] });
  const running = run(line.split(" "), {
    program: programOf("kodama"),
    terminal,
    signals: { listen: () => ({ [Symbol.dispose]: () => {} }) },
    environment: spied.env,
    willDial: () => {},
    host: () => Promise.resolve(spied),
  } as unknown as Invocation);
  await clock.runUntil(running);
  return { read, stderr: terminal.written("stderr") };
}

Deno.test("a command that asks no model reads no key, neither a variable nor a file", async () => {
  for (
    const line of [
      "version",
      "pods",
      "exec -m web -- true",
      "exec -m web --dry-run -- rm x",
      "runs list",
      "workflow list",
      "config get exec.confirmAbove",
      "config view",
      "memory show",
      "model stats",
      "completion bash",
    ]
  ) {
    const { read, stderr } = await keysReadBy(line);
    assert.deepEqual(read, [], `${line}: ${stderr}`);
  }
});

Deno.test("a command that asks one, or says where keys are, reads them", async () => {
  for (const line of ["ask what-runs", "model show", "exec -m web --explain -- true"]) {
    const { read, stderr } = await keysReadBy(line);
    assert(read.includes("KODAMA_ANTHROPIC_API_KEY"), `${line}: ${stderr}`);
  }
});
