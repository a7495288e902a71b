import assert from "node:assert/strict";
import type { ShellEnd, ShellEvent } from "../actions/shell/events.ts";
import { ShellPainter, type ShellPainterOptions } from "./shell_painter.ts";

const target = { context: "c", namespace: "n", pod: "web-0", container: "a", node: "", ip: "" };

function lines(
  event: ShellEvent,
  exitCodes: ShellPainterOptions["exitCodes"] = "none",
): string[] {
  const painter = new ShellPainter({ exitCodes, newShell: "--new starts another" });
  return painter.paint(event).flatMap(({ stream, data }) => {
    assert.equal(stream, "stderr");
    return data.map((one) => String(one).replace(/\n$/, ""));
  });
}

function ended(end: ShellEnd, exitCodes?: ShellPainterOptions["exitCodes"]): string[] {
  return lines({ kind: "ended", target, end, exitCode: 0 }, exitCodes);
}

Deno.test("`ShellPainter` reports a command's failures, all exit codes of a pane, and none of a shell", () => {
  const failed = { outcome: { kind: "failed", exitCode: 3 } } as const;
  const ok = { outcome: { kind: "ok" } } as const;
  const failure = "command terminated with exit code 3";
  assert.deepEqual([ended(ok), ended(failed)], [[], []]);
  assert.deepEqual([ended(ok, "failures"), ended(failed, "failures")], [[], [failure]]);
  assert.deepEqual([ended(ok, "all"), ended(failed, "all")], [
    ["ended with exit code 0"],
    [failure],
  ]);
});

Deno.test("`ShellPainter` reports what may remain in the pod", () => {
  const outcome = { kind: "unknown", reason: "cut" } as const;
  const [first, rest] = ended({ outcome });
  assert.equal(first, "lost the connection to web-0, and how the shell ended isn't known: cut");
  assert.match(rest ?? "", /^what still runs there is hung up/);
  assert.equal(
    ended({ outcome, waitsMs: 900_000 })[1],
    "the shell waits in web-0 for 15m: open it again to continue",
  );
  assert.deepEqual(ended({ outcome: { kind: "cancelled" }, waitsMs: 60_000 }), [
    "the shell waits in web-0 for 1m: open it again to continue",
  ]);
  assert.deepEqual(ended({ outcome: { kind: "ok" }, endedMeanwhile: true }), [
    "the shell in web-0 ended while the connection was lost",
  ]);
  const transcript = { path: "x.cast", trouble: "No space left on device" };
  assert.deepEqual(
    lines({ kind: "ended", target, end: { outcome: { kind: "ok" } }, exitCode: 0, transcript }),
    ["the transcript x.cast is incomplete: No space left on device"],
  );
});

Deno.test("`ShellPainter` reports a lost connection and a shell that was found, not a new one", () => {
  const attached = { kind: "attached", target, multiplexer: "tmux" } as const;
  assert.deepEqual(lines({ ...attached, state: "new" }), []);
  assert.deepEqual(lines({ ...attached, state: "found" }), [
    "back in the shell that waited in web-0 (in tmux); --new starts another",
  ]);
  assert.deepEqual(lines({ ...attached, state: "again" }), ["connected to web-0 again"]);
  assert.deepEqual(lines({ kind: "linkLost", target, reason: "cut", keepMs: 60_000 }), [
    "lost the connection to web-0: cut",
    "the shell waits there for 1m; reconnecting. Input is lost; Ctrl-C leaves it there",
  ]);
});
