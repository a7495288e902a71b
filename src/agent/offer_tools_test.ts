/** Programs in a pod that use kodama's tools: connected, and ended by either side. */
import assert from "node:assert/strict";
import { offerTools, type ToolsClient } from "./offer_tools.ts";
import { findProgram } from "../kube/testing/image_shells.ts";
import { ShellPod, shellTarget } from "./testing/shell_pod.ts";
import { writeProgram } from "../base/testing/program_file.ts";

/** Starts the same client as an agent's program. */
function startClient(home: string, env: Record<string, string> = {}): Deno.ChildProcess {
  return new Deno.Command("sh", {
    args: [`${home}/.kodama/tools/mcp`],
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

Deno.test("each program in the pod has a connection of its own, which ends with either side", async () => {
  await using pod = await ShellPod.open();
  const stop = new AbortController();
  const events = offerTools(pod.streams, shellTarget, stop.signal);
  const ready = (await events.next()).value;
  assert.deepEqual(ready, { kind: "ready", registered: [] });
  const connected = async (): Promise<ToolsClient> => {
    const { value } = await events.next();
    assert.equal(value.kind, "client");
    return value.client;
  };
  const one = startClient(pod.home);
  const first = await connected();
  const other = startClient(pod.home);
  const second = await connected();
  const inputs = [first, second].map(({ input }) => input[Symbol.asyncIterator]());
  for (const [at, process] of [one, other].entries()) {
    const text = `${at}\n`;
    const writer = process.stdin.getWriter();
    await writer.write(new TextEncoder().encode(text));
    writer.releaseLock();
    const { value } = await inputs[at]?.next() ?? {};
    assert.equal(new TextDecoder().decode(value), text);
    await [first, second][at]?.write(new TextEncoder().encode(`answer ${text}`));
  }
  // The agent's program ends.
  await one.stdin.close();
  assert.equal((await inputs[0]?.next())?.done, true);
  await first[Symbol.asyncDispose]();
  assert.equal(new TextDecoder().decode((await one.output()).stdout), "answer 0\n");
  // kodama ends.
  await second[Symbol.asyncDispose]();
  assert.equal(new TextDecoder().decode((await other.output()).stdout), "answer 1\n");
  await other.stdin.close().catch(() => {});
  stop.abort();
  await assert.rejects(events.next());
  await Deno.remove(`${pod.home}/.kodama/tools/server`).catch(() => {});
  const late = startClient(pod.home);
  await late.stdin.close().catch(() => {});
  const { code, stderr } = await late.output();
  assert.equal(code, 1);
  assert.match(new TextDecoder().decode(stderr), /^kodama isn't connected to this pod/);
});

/** A client gets an answer and loses its connection; resolves to the output of its program in the end. */
async function answeredOnce(
  pod: ShellPod,
  { env = {}, ended = () => Promise.resolve() }: {
    env?: Record<string, string>;
    /** Is called when the connection has ended. */
    ended?: () => Promise<void>;
  } = {},
): Promise<string> {
  const stop = new AbortController();
  const events = offerTools(pod.streams, shellTarget, stop.signal);
  await events.next();
  const process = startClient(pod.home, env);
  const { value } = await events.next();
  assert.equal(value.kind, "client");
  const input = Array.fromAsync(value.client.input);
  await value.client.write(new TextEncoder().encode("answer\n"));
  await value.client[Symbol.asyncDispose]();
  assert.deepEqual(await input, []);
  await ended();
  const { stdout } = await process.output();
  await process.stdin.close().catch(() => {});
  stop.abort();
  await assert.rejects(events.next());
  return new TextDecoder().decode(stdout);
}

/** Writes a program `cat` that runs these lines before the real `cat`; returns a PATH that has it first. */
async function withCat(bin: string, before: string): Promise<string> {
  const script = `#!/bin/sh\n${before}\nexec ${await findProgram("cat")} "$@"\n`;
  await Deno.mkdir(bin);
  await writeProgram(`${bin}/cat`, script);
  return `${bin}:${Deno.env.get("PATH")}`;
}

Deno.test("a program whose `cat` starts after the connection has ended gets the answer, and ends", async () => {
  await using pod = await ShellPod.open();
  const begin = `${pod.home}/begin`;
  const late = 'until [ -e "$BEGIN" ]; do sleep 0.01; done';
  const PATH = await withCat(`${pod.home}/bin`, late);
  const ended = () => Deno.writeTextFile(begin, "");
  assert.equal(await answeredOnce(pod, { env: { PATH, BEGIN: begin }, ended }), "answer\n");
});

Deno.test("a program whose connection ends before it reads gets the answer, and ends", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-agent-" });
  try {
    const never = "case $1 in */up) exec sleep 300; esac";
    await using pod = await ShellPod.open({ path: await withCat(`${folder}/bin`, never) });
    assert.equal(await answeredOnce(pod), "answer\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a message of a pod without end is refused", async () => {
  await using pod = await ShellPod.open();
  const stop = new AbortController();
  const events = offerTools(pod.streams, shellTarget, stop.signal);
  await events.next();
  const process = startClient(pod.home);
  const { value } = await events.next();
  assert.equal(value.kind, "client");
  const writer = process.stdin.getWriter();
  const written = writer.write(new Uint8Array(5 * 1024 * 1024).fill(0x61)).catch(() => {});
  await assert.rejects(
    Array.fromAsync(value.client.input),
    /a message of an agent in .* is too long/,
  );
  await value.client[Symbol.asyncDispose]();
  await process.output();
  await written;
  await writer.close().catch(() => {});
  stop.abort();
  await assert.rejects(events.next());
});
