import assert from "node:assert/strict";
import fc from "fast-check";
import { claudeAdapter } from "./claude.ts";
import { type AgentEvent, isConversation, maxText } from "./model.ts";
import { foldEvent, type Folding, noProgress } from "./read_tasks.ts";
import {
  recordedApproval,
  recordedConversation,
  recordedFailure,
  recordedRefusal,
  recordedRetry,
  recordedTask,
} from "./testing/recorded.ts";

function eventsOf(lines: readonly string[]) {
  return lines.flatMap((line) => claudeAdapter.readLine(line));
}

function foldEvents(events: readonly AgentEvent[]): Folding {
  return events.reduce(foldEvent, noProgress);
}

Deno.test("a recorded task has its turns, tools, tokens and cost", () => {
  const progress = foldEvents(eventsOf(recordedTask));
  assert.deepEqual(progress, {
    conversation: recordedConversation,
    model: "claude-opus-5-5",
    countedMessage: "msg_3",
    turns: 3,
    tools: 2,
    tokens: { input: 300, output: 150, cacheRead: 60, cacheWrite: 0 },
    costUsd: 0.0042,
    lastMessage: "All done.",
    asked: [],
    result: { ok: true, text: "All done.", refused: [] },
  });
});

Deno.test("while it works, turns and tokens are counted once for each answer of the model", () => {
  const progress = foldEvents(eventsOf(recordedTask.slice(0, 5)));
  assert.deepEqual([progress.turns, progress.tools, progress.tokens.input], [2, 2, 200]);
  assert.deepEqual(progress.tool, { id: "toolu_2", name: "Bash", summary: "cat hello.txt" });
});

Deno.test("the input and the result of a tool are events", () => {
  const events = eventsOf(recordedTask).filter(({ kind }) => kind.startsWith("tool"));
  assert.deepEqual(events, [
    { kind: "toolStarted", id: "toolu_1", name: "Write", summary: "/workspace/hello.txt" },
    { kind: "toolEnded", id: "toolu_1", ok: true, text: "File created successfully" },
    { kind: "toolStarted", id: "toolu_2", name: "Bash", summary: "cat hello.txt" },
    { kind: "toolEnded", id: "toolu_2", ok: true, text: "hello" },
  ]);
});

Deno.test("refused tools, retries and failures are events with their own messages", () => {
  assert.deepEqual(eventsOf(recordedRefusal)[0], {
    kind: "refused",
    tool: "Bash",
    reason: "it needs approval",
  });
  assert.deepEqual(foldEvents(eventsOf(recordedRefusal)).result?.refused, ["Bash"]);
  assert.match(foldEvents(eventsOf([recordedRetry])).note ?? "", /429 rate_limit/);
  const failed = foldEvents(eventsOf(recordedFailure)).result;
  assert.equal(failed?.ok, false);
  assert.match(failed?.text ?? "", /^No conversation found/);
});

Deno.test("missing credentials have a hint", () => {
  const line = { type: "result", is_error: true, result: "Not logged in · Please run /login" };
  const { result } = foldEvents(eventsOf([JSON.stringify(line)]));
  assert.match(result?.text ?? "", /ANTHROPIC_API_KEY \(a session gets it from a dotenv file/);
});

Deno.test("a retry is forgotten when the model answers", () => {
  const lines = [recordedRetry, ...recordedTask.slice(0, 2)];
  assert.equal(foldEvents(eventsOf(lines)).note, undefined);
});

Deno.test("events of a later Claude Code are unknown, and no error", () => {
  assert.deepEqual(eventsOf(['{"type":"hologram","pixels":[1]}']), [
    { kind: "unknown", type: "hologram" },
  ]);
  assert.deepEqual(eventsOf(['{"type":"system","subtype":"weather"}']), [
    { kind: "unknown", type: "system/weather" },
  ]);
  assert.deepEqual(eventsOf(["plain words", ""]), [{ kind: "output", text: "plain words" }]);
});

Deno.test("no JSON makes it throw, and no text of an event is larger than is kept", () => {
  const types = fc.constantFrom("system", "assistant", "user", "result", "else");
  const event = fc.tuple(types, fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue()).map(
    ([type, fields, message]) => JSON.stringify({ message, ...fields, type }),
  );
  const long = JSON.stringify({ type: "result", result: "x".repeat(100_000) });
  fc.assert(fc.property(fc.array(fc.oneof(event, fc.json(), fc.string())), (lines) => {
    const events = eventsOf([...lines, long]);
    for (const one of events) {
      for (const text of Object.values(one)) {
        if (typeof text === "string") assert.ok(text.length <= maxText);
      }
    }
    const { turns, tools, tokens } = foldEvents(events);
    for (const count of [turns, tools, ...Object.values(tokens)]) assert.ok(count >= 0);
  }));
});

Deno.test("the prompt is in no word; a conversation is begun under its name, or gone on with", () => {
  const command = (isNew: boolean) =>
    claudeAdapter.command({
      args: ["--model", "opus"],
      conversation: { id: recordedConversation, isNew },
      permissions: "bypass",
    });
  assert.deepEqual(command(true).slice(-4), [
    "--session-id",
    recordedConversation,
    "--model",
    "opus",
  ]);
  assert.deepEqual(command(false).slice(-4, -2), ["--resume", recordedConversation]);
});

Deno.test("a request for approval waits until its tool has ended, it is withdrawn, or the task ends", () => {
  const [asked = "", result = "", ...others] = recordedApproval;
  assert.deepEqual(eventsOf([asked]), [{
    kind: "asked",
    request: "d358e6aa-238e-4bc2-83cf-327c0f7186ab",
    tool: "Bash",
    summary: "touch made",
    toolUse: "toolu_1",
  }]);
  const pending = (...lines: string[]) => foldEvents(eventsOf(lines)).asked.length;
  assert.equal(pending(asked), 1);
  assert.equal(pending(asked, result), 0);
  for (const other of others) assert.equal(pending(asked, other), 0, other);
  // A refusal of the user needs no further answer.
  assert.deepEqual(foldEvents(eventsOf([asked, ...recordedRefusal])).result?.refused, []);
  // An id that can't be the name of a folder.
  const [event] = eventsOf([asked.replace("d358e6aa-", "../")]);
  assert.deepEqual(event, { kind: "unknown", type: "control_request/can_use_tool" });
});

Deno.test("with permissions ask, the input is a message, answers are lines, and only a result is the last line", () => {
  const { dialogue } = claudeAdapter;
  assert.ok(dialogue);
  const plan = {
    args: [],
    conversation: { id: recordedConversation, isNew: true },
    permissions: "ask",
    budgetUsd: 2.5,
  } as const;
  const args = claudeAdapter.command(plan).join(" ");
  assert.match(args, /--permission-prompt-tool stdio --permission-mode default/);
  assert.match(args, /--max-budget-usd 2.5/);
  const files = dialogue.files('two\n"lines"', plan);
  assert.equal(JSON.parse(files["prompt"] ?? "").message.content[0].text, 'two\n"lines"');
  assert.ok(!files["prompt"]?.includes("\n"));
  const asked = { request: "r1", tool: "Bash", summary: "" };
  const denied = JSON.parse(dialogue.answer(asked, { kind: "deny", message: "no\nnever" }));
  assert.deepEqual(denied.response, {
    subtype: "success",
    request_id: "r1",
    response: { behavior: "deny", message: "no\nnever" },
  });
  assert.ok(!dialogue.answer(asked, { kind: "deny", message: "no\nnever" }).includes("\n"));
  const last = new RegExp(files["dialogue"] ?? "");
  const isLast = (lines: readonly string[]) => lines.filter((one) => last.test(one)).length;
  assert.equal(isLast(recordedTask), 1);
  assert.ok(last.test('{"duration_api_ms":1,"result":"x","type":"result","uuid":"y"}'));
  assert.ok(!last.test('{"type":"assistant","message":{"content":[{"input":{"type":"result"}}]}}'));
});

Deno.test("only what can be a word of a command line is the name of a conversation", () => {
  assert.ok(isConversation(recordedConversation));
  for (const bad of ["", "--help-me", "a b c d e f", "../../etc/passwd", "x".repeat(200)]) {
    assert.ok(!isConversation(bad), bad);
  }
});
