import assert from "node:assert/strict";
import fc from "fast-check";
import { imageShells } from "../kube/testing/image_shells.ts";
import { acpAdapter } from "./acp.ts";
import type { Permissions } from "./adapter.ts";
import { EventReader } from "./event_lines.ts";
import type { AgentEvent, Approval, Task } from "./model.ts";
import { acpText } from "./pod_script.ts";
import { foldEvent, noProgress, readTasksInPod } from "./read_tasks.ts";
import { answerInPod, interruptTaskInPod, type NewTask, startTaskInPod } from "./start_task.ts";
import { ShellPod, shellTarget } from "./testing/shell_pod.ts";
import { followed, never, task } from "./testing/shell_tasks.ts";

const root = new URL("../../", import.meta.url).pathname;

/** The test agent as a command, with its state in the pod's home. */
function agentCommand(pod: ShellPod, ...flags: string[]): string[] {
  const program = new URL("testing/acp_agent.ts", import.meta.url).pathname;
  const allowed = ["--allow-read", `--allow-write=${pod.home}`, "--no-check", "--quiet"];
  const config = ["--config", `${root}deno.json`, "--frozen"];
  return [Deno.execPath(), "run", ...allowed, ...config, program, pod.home, ...flags];
}

/** Returns a task of that agent. */
function acpTask(pod: ShellPod, prompt: string, more: Partial<NewTask> = {}): NewTask {
  const denoDir = Deno.env.get("DENO_DIR");
  const home = Deno.env.get("HOME");
  return task("", {
    adapter: acpAdapter,
    args: agentCommand(pod),
    prompt,
    workdir: pod.home,
    // The cache of the runtime is this machine's.
    environment: {
      DENO_DIR: denoDir ?? `${home}/.cache/deno`,
      DENO_NO_UPDATE_CHECK: "1",
    },
    ...more,
  });
}

async function started(pod: ShellPod, work: NewTask): Promise<number> {
  return await startTaskInPod(pod.streams, shellTarget, work, never);
}

async function taskOf(pod: ShellPod, number: number): Promise<Task> {
  const [found] = await readTasksInPod(pod.streams, shellTarget, { number }, never);
  assert.ok(found);
  return found;
}

/** Follows a task until its agent asks, and answers by `answer`; returns all its events. */
async function eventsOf(
  pod: ShellPod,
  number: number,
  answer?: (approval: Approval) => Promise<unknown>,
): Promise<AgentEvent[]> {
  const arriving = new EventReader(acpAdapter);
  const { text } = await followed(pod, number, 0, async (part) => {
    for (const event of arriving.take(part)) if (event.kind === "asked") await answer?.(event);
  });
  const reader = new EventReader(acpAdapter);
  return [...reader.take(new TextEncoder().encode(text)), ...reader.end()];
}

const shown = (events: readonly AgentEvent[]) =>
  events.flatMap((event) =>
    event.kind === "text" || event.kind === "output"
      ? [event.text]
      : event.kind === "toolEnded"
      ? [`${event.ok} ${event.text}`]
      : []
  );

async function send(pod: ShellPod, number: number, approval: Approval, kind: "allow" | "deny") {
  const line = acpAdapter.dialogue?.answer(approval, { kind }) ?? "";
  const { request } = approval;
  await answerInPod(pod.streams, shellTarget, { number, request, line }, never);
}

Deno.test("in every shell, an agent of the protocol's SDK works, asks, and continues its session", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-busybox-" });
  for (const { name, ...shell } of await imageShells(folder)) {
    await t.step(name, async () => {
      await using pod = await ShellPod.open(shell);
      const prompt = 'tool "quoted" \\ and\ntwo lines';
      await started(pod, acpTask(pod, prompt, { permissions: "ask" }));
      let waiting: Task | undefined;
      const events = await eventsOf(pod, 1, async (approval) => {
        waiting = await taskOf(pod, 1);
        assert.match(approval.summary, /^Write a file\n\{"path":"a\\tb","text":"say \\"hi\\" /);
        await send(pod, 1, approval, "allow");
      });
      assert.equal(waiting?.status.state, "waiting");
      const said = [`works in ${pod.home}`, `after 0: ${prompt}`, 'true on"ce -32601'];
      assert.deepEqual(shown(events), said);
      const first = await taskOf(pod, 1);
      assert.deepEqual(first.status, { state: "done" });
      assert.equal(first.progress.costUsd, 0.25);
      const id = first.conversation ?? "";
      const next = { conversation: { id, isNew: false, continues: 1 } } as const;
      await started(pod, acpTask(pod, "go on", next));
      assert.deepEqual(shown(await eventsOf(pod, 2)), ["after 1: go on"]);
      assert.deepEqual((await taskOf(pod, 2)).status, { state: "done" });
    });
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("in every shell, a session's id is returned to its agent as it was", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-busybox-" });
  const sessionId = 'a\\b\\n \n\t"$HOME" \\0101 \\c tail';
  const messages = [
    { jsonrpc: "2.0", id: 0, result: { protocolVersion: 1, agentCapabilities: {} } },
    { jsonrpc: "2.0", id: 1, result: { sessionId } },
  ];
  for (const { name, args: [shell = "", ...first], path } of await imageShells(folder)) {
    await t.step(name, async () => {
      const task = await Deno.makeTempDir({ dir: folder });
      await Deno.writeTextFile(`${task}/cwd`, "/work\n");
      await Deno.writeTextFile(`${task}/turn`, '{"params":{"sessionId":');
      await using talk = new Deno.Command(shell, {
        // Without a process that sends: nothing is ended here.
        args: [...first, "-c", acpText(), "sh", task, "none"],
        clearEnv: true,
        env: { PATH: path },
        stdin: "piped",
        stdout: "null",
        stderr: "inherit",
      }).spawn();
      const lines = messages.map((one) => `${JSON.stringify(one)}\n`).join("");
      await new Blob([lines]).stream().pipeTo(talk.stdin);
      await talk.status;
      const sent = (await Deno.readTextFile(`${task}/prompt`)).trimEnd().split("\n");
      assert.deepEqual(JSON.parse(sent.at(-1) ?? "").params, { sessionId });
      const cancel = JSON.parse(await Deno.readTextFile(`${task}/cancel`));
      assert.deepEqual(cancel.params, { sessionId });
    });
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("without a user tools are allowed once; a session that is loaded doesn't repeat its history", async () => {
  await using pod = await ShellPod.open();
  const args = agentCommand(pod, "--load");
  await started(pod, acpTask(pod, "tool", { args }));
  assert.deepEqual(shown(await eventsOf(pod, 1)).slice(1), ["after 0: tool", 'true on"ce -32601']);
  const { status, conversation: id = "" } = await taskOf(pod, 1);
  assert.deepEqual(status, { state: "done" });
  const conversation = { id, isNew: false, continues: 1 } as const;
  await started(pod, acpTask(pod, "more", { args, conversation }));
  assert.deepEqual(shown(await eventsOf(pod, 2)), ["after 1: more"]);
});

Deno.test("a refused tool, missing credentials, and an agent that isn't one are reported", async () => {
  await using pod = await ShellPod.open();
  await started(pod, acpTask(pod, "tool", { permissions: "ask" }));
  const refused = await eventsOf(pod, 1, (approval) => send(pod, 1, approval, "deny"));
  assert.equal(shown(refused).at(-1), "false no -32601");
  await started(pod, acpTask(pod, "fail"));
  await followed(pod, 2);
  const { status } = await taskOf(pod, 2);
  assert.equal(status.state, "failed");
  assert.match(status.state === "failed" ? status.reason : "", /^Authentication required .*dotenv/);
  await started(pod, acpTask(pod, "x", { args: ["sh", "-c", "echo usage: other"] }));
  await followed(pod, 3);
  const other = await taskOf(pod, 3);
  assert.deepEqual(other.status, { state: "failed", reason: "exit code 1: usage: other" });
});

for (const permissions of ["bypass", "ask"] as const satisfies readonly Permissions[]) {
  Deno.test(`an interrupted turn is cancelled by the protocol (${permissions})`, async () => {
    await using pod = await ShellPod.open();
    await started(pod, acpTask(pod, permissions === "ask" ? "tool" : "wait", { permissions }));
    const ready = Promise.withResolvers<void>();
    let text = "";
    const ended = followed(pod, 1, 0, (part) => {
      text += new TextDecoder().decode(part);
      if (/request_permission|"wait"/.test(text)) ready.resolve();
      return Promise.resolve();
    });
    await ready.promise;
    const wanted = { adapter: acpAdapter };
    const result = await interruptTaskInPod(pod.streams, shellTarget, wanted, never);
    assert.deepEqual(result, { number: 1, late: false, remaining: 0 });
    assert.match((await ended).text, /"stopReason":"cancelled"/);
    const { status, progress, exitCode } = await taskOf(pod, 1);
    assert.deepEqual([status, progress.turns, exitCode], [{ state: "interrupted" }, 1, 0]);
  });
}

Deno.test("each id of a request is answered as it was", () => {
  const id = fc.oneof(fc.nat(), fc.string({ maxLength: 20 }), fc.uuid(), fc.double());
  fc.assert(fc.property(id, (value) => {
    const sent = JSON.parse(JSON.stringify(value));
    const line = JSON.stringify({
      jsonrpc: "2.0",
      id: sent,
      method: "session/request_permission",
      params: { options: [{ optionId: "o", name: "", kind: "allow_once" }] },
    });
    const [event] = acpAdapter.readLine(line);
    if (event?.kind !== "asked") return assert.ok(JSON.stringify(sent).length > 60);
    const answer = JSON.parse(acpAdapter.dialogue?.answer(event, { kind: "allow" }) ?? "");
    assert.deepEqual(answer.id, sent);
    assert.deepEqual(answer.result, { outcome: { outcome: "selected", optionId: "o" } });
  }));
});

Deno.test("what an approval is for is shown once, if the title is the command itself", () => {
  const summaryOf = (toolCall: Record<string, unknown>) => {
    const params = { toolCall, options: [{ optionId: "o", name: "", kind: "allow_once" }] };
    const message = { jsonrpc: "2.0", id: 1, method: "session/request_permission", params };
    const [event] = acpAdapter.readLine(JSON.stringify(message));
    return event?.kind === "asked" ? event.summary : undefined;
  };
  const rawInput = { command: "rm x" };
  assert.equal(summaryOf({ title: "rm x", rawInput }), "rm x");
  assert.equal(summaryOf({ title: "Remove x", rawInput }), "Remove x\nrm x");
  assert.equal(summaryOf({ title: "Remove x" }), "Remove x");
});

Deno.test("no JSON makes the reader of the protocol throw", () => {
  const methods = fc.constantFrom("session/update", "session/request_permission", undefined);
  const message = fc.tuple(methods, fc.constantFrom(0, 1, 2, "x"), fc.jsonValue(), fc.jsonValue())
    .map(([method, id, params, update]) =>
      JSON.stringify({
        jsonrpc: "2.0",
        id,
        method,
        params: { update, toolCall: params },
        result: params,
      })
    );
  fc.assert(fc.property(fc.array(fc.oneof(message, fc.json(), fc.string())), (lines) => {
    lines.flatMap((line) => acpAdapter.readLine(line)).reduce(foldEvent, noProgress);
  }));
});
