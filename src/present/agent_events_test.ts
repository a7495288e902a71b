import assert from "node:assert/strict";
import type { AgentEvent, Task, TaskStatus } from "../actions/agent/tasks.ts";
import { plainStyle, styleFor } from "../terminal/style.ts";
import { eventData, eventLines, lostLine } from "./agent_events.ts";
import { firstLine, statusLine, tasksTable, tokensText } from "./agent_tasks.ts";

function taskWith(status: TaskStatus, more: Partial<Task> = {}): Task {
  return {
    number: 3,
    adapter: "claude",
    status,
    prompt: "Fix the login",
    createdAt: new Date(Date.UTC(2026, 0, 1)),
    progress: {
      turns: 3,
      tools: 1,
      tokens: { input: 300, output: 150, cacheRead: 12_000, cacheWrite: 0 },
      costUsd: 0.0042,
      lastMessage: "Done.",
      asked: [],
    },
    eventBytes: 10,
    partial: false,
    ...more,
  };
}

function lines(event: AgentEvent): string[] {
  return eventLines({ kind: "agent", event, offset: 0 }, plainStyle);
}

const statuses: [TaskStatus, string][] = [
  [{ state: "done" }, "task 3 done · 3 turns, 1 tool, 12.4k tokens · $0.0042"],
  [
    { state: "failed", reason: "the pod restarted" },
    "task 3 failed: the pod restarted · 3 turns, 1 tool, 12.4k tokens · $0.0042",
  ],
  [
    { state: "waiting", for: "it wasn't allowed to use Bash" },
    "task 3 waiting: it wasn't allowed to use Bash · 3 turns, 1 tool, 12.4k tokens · $0.0042",
  ],
];

for (const [status, line] of statuses) {
  Deno.test(`the last line of a task that is ${status.state}`, () => {
    assert.deepEqual(eventLines({ kind: "end", task: taskWith(status) }, plainStyle), [line]);
  });
}

Deno.test("a working task says what it does", () => {
  const { progress } = taskWith({ state: "working" });
  const tool = { id: "1", name: "Bash", summary: "npm test\nmore" };
  const task = taskWith({ state: "working" }, { progress: { ...progress, tool } });
  assert.match(statusLine(task), /^task 3 working · Bash npm test… · 3 turns/);
});

Deno.test("tools and their answers stand apart, and long answers are cut", () => {
  const started = { kind: "toolStarted", id: "1", name: "Bash", summary: "npm test" } as const;
  assert.deepEqual(lines(started), ["> Bash npm test"]);
  const text = Array.from({ length: 9 }, (_, index) => `line ${index}`).join("\n");
  const shown = lines({ kind: "toolEnded", id: "1", ok: true, text });
  assert.deepEqual([shown.length, shown[0], shown.at(-1)], [7, "  line 0", "  … 3 more lines"]);
});

Deno.test("events of no interest to a reader are left out, and whole in the data", () => {
  const event = { kind: "unknown", type: "hologram" } as const;
  assert.deepEqual(lines(event), []);
  assert.deepEqual(eventData({ kind: "agent", event, offset: 7 }), {
    kind: "agent",
    offset: 7,
    event,
  });
});

Deno.test("nothing that an agent says can steer the terminal", () => {
  const evil = "\x1b]0;title\x07\x1b[2J\x1b[1;1Htask 3 done\rfake\u009b31m";
  const events: AgentEvent[] = [
    { kind: "text", text: evil },
    { kind: "output", text: evil },
    { kind: "toolStarted", id: evil, name: evil, summary: evil },
    { kind: "toolEnded", id: evil, ok: false, text: evil },
    { kind: "refused", tool: evil, reason: evil },
    { kind: "retry", attempt: 1, reason: evil },
  ];
  const received = [
    ...events.flatMap(lines),
    ...eventLines(
      { kind: "task", task: taskWith({ state: "queued" }, { prompt: evil }) },
      plainStyle,
    ),
    ...eventLines({ kind: "end", task: taskWith({ state: "failed", reason: evil }) }, plainStyle),
    lostLine(evil),
    ...tasksTable([taskWith({ state: "done" }, { prompt: evil, adapter: evil })], new Date(0)),
  ];
  for (const line of received) {
    // deno-lint-ignore no-control-regex -- this matches control characters
    assert.doesNotMatch(line, /[\x00-\x1f\x7f-\x9f]/);
  }
});

Deno.test("colour is kodama's own", () => {
  const [line = ""] = eventLines(
    { kind: "end", task: taskWith({ state: "done" }) },
    styleFor(true),
  );
  assert.ok(line.startsWith("\x1b[32mtask 3 done"));
});

Deno.test("texts and counts are cut to be read", () => {
  assert.equal(firstLine("one\ntwo"), "one…");
  assert.equal(firstLine("  short  "), "short");
  assert.equal(firstLine("x".repeat(100)).length, 60);
  const tokens = (input: number) => tokensText({ input, output: 0, cacheRead: 0, cacheWrite: 0 });
  assert.deepEqual([0, 999, 1000, 1_500_000].map(tokens), ["0", "999", "1.0k", "1.5M"]);
});
