import assert from "node:assert/strict";
import type { FollowData, SessionRowData, SessionsEvent } from "../api.ts";
import { emptyLog, logAfter } from "./agent_log.ts";
import {
  matchingSessions,
  sessionsAfter,
  type SessionsState,
  sortedSessions,
} from "./sessions_state.ts";

const session = (name: string, status: string, state?: string) =>
  ({ name, namespace: "n", status, ...(state ? { task: { state } } : {}) }) as SessionRowData;

Deno.test("`sessionsAfter()` replaces, changes and removes sessions", () => {
  const events: SessionsEvent[] = [
    {
      ...{ kind: "list", context: "c", namespace: "n" },
      sessions: [session("a", "Running"), session("b", "Running")],
    },
    { kind: "session", session: session("b", "Stopped") },
    { kind: "removed", namespace: "n", name: "a" },
    { kind: "removed", namespace: "other", name: "b" },
    { kind: "outOfSync", reason: "the server is down" },
  ];
  const state = events.reduce<SessionsState>(sessionsAfter, { sessions: undefined });
  assert.deepEqual([...state.sessions?.values() ?? []], [session("b", "Stopped")]);
  assert.equal(state.outOfSync, "the server is down");
  assert.equal(sessionsAfter(state, { kind: "inSync" }).outOfSync, undefined);
});

Deno.test("`sortedSessions()` starts with what needs a person", () => {
  const names = sortedSessions([
    session("s10", "Stopped"),
    session("s9", "Running"),
    session("works", "Running", "working"),
    session("broken", "Failed"),
    session("asks", "Running", "waiting"),
    session("s2", "Running"),
  ]).map(({ name }) => name);
  assert.deepEqual(names, ["asks", "broken", "works", "s2", "s9", "s10"]);
});

Deno.test("sessions are found by words of what is known of them, and by their state", () => {
  const sessions = [
    { ...session("fix-auth", "Running", "waiting"), branch: "main", owner: "ann" },
    { ...session("docs", "Running"), branch: "auth-docs" },
    session("broken", "Failed"),
    session("old", "Stopped"),
  ] as SessionRowData[];
  const found = (text: string, state = "") =>
    matchingSessions(sessions, { text, state }).map(({ name }) => name);
  assert.deepEqual(found("AUTH"), ["fix-auth", "docs"]);
  assert.deepEqual(found("auth ann"), ["fix-auth"]);
  assert.deepEqual(found("", "waiting"), ["fix-auth"]);
  assert.deepEqual(found("", "failed"), ["broken"]);
  assert.deepEqual(found("  "), ["fix-auth", "docs", "broken", "old"]);
  assert.deepEqual(found("docs", "stopped"), []);
});

const agent = (event: object) => ({ kind: "agent", offset: 0, event }) as FollowData;
const task = { number: 2, state: "failed", reason: "exit code 1" };

Deno.test("`logAfter()` joins a tool with its result, and makes control characters visible", () => {
  const log = logAfter(emptyLog, [
    { kind: "task", task: { ...task, state: "working" } } as FollowData,
    agent({ kind: "began" }),
    agent({ kind: "text", text: "I look\x1b]0;title\x07" }),
    agent({ kind: "toolStarted", id: "1", name: "Bash", summary: "ls\nrm" }),
    agent({ kind: "toolStarted", id: "2", name: "Read", summary: "a" }),
    agent({ kind: "toolEnded", id: "1", ok: false, text: "nothing" }),
    agent({ kind: "output", text: "x" }),
    agent({ kind: "output", text: "y" }),
    { kind: "end", task } as FollowData,
  ]);
  assert.deepEqual(log.entries, [
    { kind: "text", text: "I look\\x1b]0;title\\x07" },
    { kind: "tool", id: "1", name: "Bash", summary: "ls…", ok: false, result: "nothing" },
    { kind: "tool", id: "2", name: "Read", summary: "a" },
    { kind: "output", text: "x\ny" },
    { kind: "note", tone: "bad", text: "Task 2 failed: exit code 1" },
  ]);
  assert.equal(log.isOver, true);
});

Deno.test("`logAfter()` starts again with the task, and stores the newest entries", () => {
  const many = Array.from({ length: 4000 }, (_, at) => agent({ kind: "text", text: String(at) }));
  const full = logAfter(emptyLog, many);
  assert.deepEqual([full.entries.length, full.omitted], [3000, 1000]);
  assert.deepEqual(full.entries.at(-1), { kind: "text", text: "3999" });
  const again = logAfter(full, [{ kind: "task", task } as FollowData]);
  assert.deepEqual([again.entries.length, again.omitted], [0, 0]);
});
