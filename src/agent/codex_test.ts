import assert from "node:assert/strict";
import fc from "fast-check";
import { codexAdapter } from "./codex.ts";
import { foldEvent, noProgress, ownCounts } from "./read_tasks.ts";

const thread = "01a205eb-58cc-7700-9208-243a2765bc46";

/** Lines as Codex CLI 0.169.0 wrote them, with a stand-in for its model. */
const recorded = [
  `{"type":"thread.started","thread_id":"${thread}"}`,
  '{"type":"turn.started"}',
  `{"type":"item.started","item":{"id":"item_1","type":"command_execution","command":"/bin/bash -lc 'echo hello >hello.txt; cat hello.txt'","aggregated_output":"","exit_code":null,"status":"in_progress"}}`,
  `{"type":"item.completed","item":{"id":"item_1","type":"command_execution","command":"/bin/bash -lc 'echo hello >hello.txt; cat hello.txt'","aggregated_output":"hello\\n","exit_code":0,"status":"completed"}}`,
  '{"type":"item.completed","item":{"id":"item_2","type":"agent_message","text":"All done."}}',
  '{"type":"turn.completed","usage":{"input_tokens":200,"cached_input_tokens":40,"cache_write_input_tokens":0,"output_tokens":100,"reasoning_output_tokens":0}}',
];
const progressOf = (lines: readonly string[]) =>
  lines.flatMap((line) => codexAdapter.readLine(line)).reduce(foldEvent, noProgress);

Deno.test("a recorded task of Codex reports its conversation, tools, answer and tokens", () => {
  const progress = progressOf(recorded);
  assert.deepEqual(progress, {
    conversation: thread,
    countedMessage: "turn",
    turns: 1,
    tools: 1,
    tokens: { input: 160, output: 100, cacheRead: 40, cacheWrite: 0 },
    lastMessage: "All done.",
    asked: [],
    result: { ok: true, text: "", refused: [] },
  });
  assert.deepEqual(progressOf(recorded.slice(0, 3)).tool, {
    id: "item_1",
    name: "Bash",
    summary: "/bin/bash -lc 'echo hello >hello.txt; cat hello.txt'",
  });
  const failed = progressOf(['{"type":"turn.failed","error":{"message":"quota"}}']);
  assert.deepEqual(failed.result, { ok: false, text: "quota", refused: [] });
});

Deno.test("a new conversation is named by Codex; the next task resumes it, and its prompt is on standard input", () => {
  const command = (isNew: boolean) =>
    codexAdapter.command({
      args: ["-m", "x"],
      conversation: { id: thread, isNew },
      permissions: "bypass",
    }).join(" ");
  const flags = "--json --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox -m x";
  assert.equal(command(true), `codex exec ${flags} -`);
  assert.equal(command(false), `codex exec resume ${flags} ${thread} -`);
});

Deno.test("tokens that an agent counts over a conversation become those of each task", () => {
  const task = (number: number, input: number, continues?: number) => ({
    number,
    adapter: "codex",
    ...(continues === undefined ? {} : { continues }),
    progress: { ...noProgress, tokens: { input, output: 1, cacheRead: 0, cacheWrite: 0 } },
  });
  const tasks = ownCounts([task(1, 100), task(2, 30), task(3, 250, 1), task(4, 400, 3)]);
  assert.deepEqual(tasks.map(({ progress }) => progress.tokens.input), [100, 30, 150, 150]);
  const claude = [task(1, 100), task(2, 150, 1)].map((one) => ({ ...one, adapter: "claude" }));
  assert.deepEqual(ownCounts(claude), claude);
});

Deno.test("no JSON makes the reader of Codex throw", () => {
  const types = fc.constantFrom("thread.started", "item.completed", "turn.completed", "error");
  const event = fc.tuple(types, fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue())
    .map(([type, fields, item]) => JSON.stringify({ item, usage: item, ...fields, type }));
  fc.assert(fc.property(fc.array(fc.oneof(event, fc.json(), fc.string())), (lines) => {
    const { tokens } = progressOf(lines);
    for (const count of Object.values(tokens)) assert.ok(count >= 0);
  }));
});
