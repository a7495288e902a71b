/** Events of a run for tests, and a painter's output for them. */
import type { ExecEvent, Outcome, Target } from "../../actions/exec/events.ts";
import { styleFor } from "../../terminal/style.ts";
import { RunPainter, type RunPainterOptions } from "../run_painter.ts";

/** The time of all events. */
export const at = new Date("2026-01-02T03:04:05Z");

/** Returns a text as a pod sends it. */
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Returns the container of a pod. */
export const target = (pod: string): Target => ({
  context: "east",
  namespace: "default",
  pod,
  container: "main",
  node: "n1",
  ip: "10.0.0.1",
});

/** Returns a run in pods of these names. */
export function started(...names: string[]): ExecEvent {
  return { kind: "runStarted", targets: names.map(target), names, command: ["id"], at };
}

/** Returns a whole line of a target. */
export function line(
  index: number,
  text: string,
  stream: "stdout" | "stderr" = "stdout",
): ExecEvent {
  return { kind: "line", target: index, stream, bytes: bytes(text), endedBy: "newline" };
}

/** Returns the end of a target. */
export function ended(index: number, outcome: Outcome): ExecEvent {
  return { kind: "targetEnded", target: index, outcome, at, durationMs: 5 };
}

/** Returns the end of a run, after 1.2 seconds, with the text of its summary. */
export function runEnded(text: string, ...outcomes: Outcome[]): ExecEvent & { kind: "runEnded" } {
  const ok = outcomes.filter(({ kind }) => kind === "ok").length;
  const none = {
    failed: 0,
    timeout: 0,
    forbidden: 0,
    unreachable: 0,
    unknown: 0,
    cancelled: 0,
    skipped: 0,
  };
  const summary = { total: outcomes.length, counts: { ok, ...none }, failures: [], text };
  return { kind: "runEnded", outcomes, summary, exitCode: 0, at, durationMs: 1234 };
}

/** No terminal, no colour, no options. */
export const plain: RunPainterOptions = {
  terminal: { stdout: false, stderr: false },
  style: { stdout: styleFor(false), stderr: styleFor(false) },
  quiet: false,
  single: false,
  format: "text",
  rerunLine: (id) => `kodama runs rerun ${id} --failed`,
};

/** Returns the text on the two streams after the events. */
export function painted(
  events: readonly ExecEvent[],
  options: Partial<RunPainterOptions> = {},
): { stdout: string; stderr: string } {
  const painter = new RunPainter({ ...plain, ...options });
  const text = { stdout: "", stderr: "" };
  for (const event of events) {
    for (const { stream, data } of painter.paint(event)) {
      for (const one of data) {
        text[stream] += typeof one === "string" ? one : new TextDecoder().decode(one);
      }
    }
  }
  return text;
}
