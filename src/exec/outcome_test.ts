/** The rules that decide how a target ends: one row of the tables here for each line at the head of `outcome.ts`. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { KodamaError } from "../base/errors.ts";
import type { ChannelEnd } from "../kube/client.ts";
import { LinkError } from "../kube/failures.ts";
import {
  type Attempt,
  type CommandEvidence,
  copyDoubts,
  type FailedOpening,
  isMissingShell,
  isOver,
  type Outcome,
  outcomeInState,
  outcomeOfCopyError,
  outcomeOfDeadContext,
  outcomeOfEnd,
  outcomeOfExpected,
  outcomeOfLostShell,
  outcomeOfMissingPersistentShell,
  outcomeOfMissingShell,
  outcomeOfOpening,
  outcomeOfPersistentShell,
  outcomeOfReadError,
  outcomeOfSkip,
  outcomeOfStop,
  outcomeWithoutEnd,
  remainsOf,
  type Stop,
} from "./outcome.ts";
import { readStartFailure, reportsNoShell } from "./runtime_errors.ts";

const ok: Outcome = { kind: "ok" };
const cut: ChannelEnd = { kind: "cut", reason: "gone" };
const started = { started: true };
const notStarted = { started: false };

function exited(exitCode: number): ChannelEnd {
  return { kind: "exited", exitCode };
}

function refused(message: string): ChannelEnd {
  return {
    kind: "refused",
    status: { apiVersion: "v1", kind: "Status", metadata: {}, status: "Failure", message },
  };
}

function linkError(sent: "nothing" | "part" | "all"): LinkError {
  return new LinkError("no route to host", { at: "open", reason: "reset", sent } as never);
}

Deno.test("`outcomeOfOpening()` maps every failure before the stream is open", () => {
  const missing = 'exec: "weka": executable file not found in $PATH';
  const noShell = 'exec: "sh": executable file not found in $PATH';
  const note = { left: "it was requested, and the command may have started" };
  const table: [unknown, Partial<FailedOpening>, Outcome | "noShell"][] = [
    [new Error("aborted"), { cancelled: true }, { kind: "cancelled" }],
    [new Error("aborted"), { cancelled: true, sent: true }, { kind: "cancelled", ...note }],
    [linkError("nothing"), {}, { kind: "unreachable", reason: "no route to host" }],
    [linkError("part"), {}, { kind: "unreachable", reason: "no route to host" }],
    [linkError("all"), {}, {
      kind: "unknown",
      reason: "the link broke before the server's answer, and the command may have started: reset",
    }],
    [new Error("aborted"), { expired: true }, { kind: "timeout", limit: "connect", afterMs: 9 }],
    // The limit cancels, too: it is the cause.
    [new Error("aborted"), { expired: true, cancelled: true, sent: true }, {
      kind: "timeout",
      limit: "connect",
      afterMs: 9,
      ...note,
    }],
    [new KodamaError("server", missing), {}, { kind: "failed", exitCode: 127, reason: missing }],
    [new KodamaError("server", noShell), { startsShell: true }, "noShell"],
    [new KodamaError("server", noShell), {}, { kind: "failed", exitCode: 127, reason: noShell }],
    [new KodamaError("forbidden", 'pods "p" is forbidden: no', { hint: "ask" }), {}, {
      kind: "forbidden",
      reason: "no",
      hint: "ask",
    }],
    [new KodamaError("unauthorized", "log in"), {}, { kind: "forbidden", reason: "log in" }],
    [new KodamaError("notFound", "no pod p"), {}, { kind: "unreachable", reason: "no pod p" }],
    [new KodamaError("server", 'Post "https://n/exec/n/p/c?command=secret": EOF'), {}, {
      kind: "unreachable",
      reason: 'Post "https://n/exec/n/p/c": EOF',
    }],
  ];
  for (const [error, changes, expected] of table) {
    const opening = {
      sent: false,
      cancelled: false,
      expired: false,
      connectTimeoutMs: 9,
      startsShell: false,
      ...changes,
    };
    const attempt: Attempt = expected === "noShell"
      ? { kind: "noShell" }
      : { kind: "ended", outcome: expected };
    assert.deepEqual(outcomeOfOpening(error, opening), attempt);
  }
});

Deno.test("`outcomeOfOpening()` throws kodama's own bugs", () => {
  const opening = {
    sent: false,
    cancelled: false,
    expired: false,
    connectTimeoutMs: 9,
    startsShell: true,
  };
  assert.throws(() => outcomeOfOpening(new TypeError("bug"), opening), TypeError);
});

Deno.test("`outcomeOfEnd()` maps every end of a stream", () => {
  const table: [ChannelEnd, CommandEvidence, Outcome][] = [
    [exited(0), { started: true, endMark: 0 }, ok],
    [exited(0), started, ok],
    [exited(0), { started: true, endMark: 7 }, { kind: "failed", exitCode: 7 }],
    [exited(0), { started: true, endMark: "missing" }, {
      kind: "unknown",
      reason:
        "the server reported success, but the command did not report its end: the link to its node broke",
    }],
    // The link to its node may break before the first line arrives.
    [exited(0), { started: false, endMark: "missing" }, {
      kind: "unknown",
      reason:
        "the server reported success, but the command did not report its end: the link to its node broke",
    }],
    [exited(3), { started: true, endMark: 7 }, { kind: "failed", exitCode: 3 }],
    [exited(3), { started: true, endMark: "missing" }, { kind: "failed", exitCode: 3 }],
    [exited(137), { started: true, endMark: 137 }, {
      kind: "failed",
      exitCode: 137,
      signal: "SIGKILL",
    }],
    [exited(137), { started: true, endMark: "missing" }, {
      ...{ kind: "failed", exitCode: 137, signal: "SIGKILL" },
      reason:
        "it was killed with all of its processes, as when the container ends, or has no memory left",
    }],
    [exited(137), started, { kind: "failed", exitCode: 137, signal: "SIGKILL" }],
    [cut, started, { kind: "unknown", reason: "gone" }],
    [cut, { started: true, endMark: 0 }, { kind: "unknown", reason: "gone" }],
    [cut, notStarted, { kind: "unknown", reason: "gone" }],
    [refused("container not found"), started, { kind: "unknown", reason: "container not found" }],
    [refused("container not found"), notStarted, {
      kind: "unreachable",
      reason: "container not found",
    }],
    [refused("stream lost"), notStarted, {
      kind: "unknown",
      reason: "the command may have started: stream lost",
    }],
    [refused('exec: "/etc": permission denied'), notStarted, {
      kind: "failed",
      exitCode: 126,
      reason: 'exec: "/etc": permission denied',
    }],
  ];
  for (const [end, evidence, expected] of table) {
    assert.deepEqual(outcomeOfEnd(end, evidence), expected);
  }
});

const anyEnd: fc.Arbitrary<ChannelEnd> = fc.oneof(
  fc.integer({ min: 0, max: 255 }).map(exited),
  fc.string().map((reason) => ({ kind: "cut" as const, reason })),
  fc.string().map(refused),
);

const anyEvidence: fc.Arbitrary<CommandEvidence> = fc.record({
  started: fc.boolean(),
  endMark: fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constant("missing" as const)),
}, { requiredKeys: ["started"] });

Deno.test("`outcomeOfEnd()` is never ok without the server's success", () => {
  fc.assert(fc.property(anyEnd, anyEvidence, (end, evidence) => {
    const success = end.kind === "exited" && end.exitCode === 0;
    if (!success) assert.notEqual(outcomeOfEnd(end, evidence).kind, "ok");
  }));
});

Deno.test("`outcomeOfEnd()` is never ok if the command's own shell reports a failure, or not its end", () => {
  fc.assert(fc.property(anyEnd, anyEvidence, (end, evidence) => {
    if (evidence.endMark === undefined || evidence.endMark === 0) return;
    assert.notEqual(outcomeOfEnd(end, evidence).kind, "ok");
  }));
});

Deno.test("`outcomeOfEnd()` takes a refusal as proof of no start only by its message", () => {
  const before = [
    "Internal error occurred: error dialing backend: dial tcp 10.0.0.7:10250: connect: no route to host",
    'Internal error occurred: error sending request: Post "https://10.0.0.7:10250/exec/n/p/c": dial tcp 10.0.0.7:10250: i/o timeout',
    "Internal error occurred: error executing command in container: failed to exec in container: failed to load task: no running task found: task 0a not found: not found",
    "Internal error occurred: error executing command in container: container is in CONTAINER_EXITED state",
    'unable to upgrade connection: container not found ("main")',
    "Internal error occurred: error executing command in container: container is not running",
  ];
  for (const message of before) {
    assert.equal(outcomeOfEnd(refused(message), notStarted).kind, "unreachable");
  }
  const perhaps = [
    "Internal error occurred: error reading from error stream: next reader: EOF",
    'Internal error occurred: error sending request: Post "https://10.0.0.7:10250/exec/n/p/c": EOF',
    "read tcp 10.0.0.1:4->10.0.0.7:10250: read: connection reset by peer",
    "websocket: close 1006 (abnormal closure): unexpected EOF",
  ];
  for (const message of perhaps) {
    const outcome = outcomeOfEnd(refused(message), notStarted);
    assert.deepEqual(outcome, {
      kind: "unknown",
      reason: `the command may have started: ${message}`,
    });
  }
});

Deno.test("a refusal proves nothing by the command that it cites", () => {
  const cited = (command: string, cause: string) =>
    `Internal error occurred: error sending request: Post "https://10.0.0.7:10250/exec/n/p/c?command=${command}": ${cause}`;
  const refusedBy = (cause: string, command: string) =>
    outcomeOfEnd(refused(cited(command, cause)), notStarted).kind;
  assert.equal(
    refusedBy("dial tcp 10.0.0.7:10250: i/o timeout", "x".repeat(100_000)),
    "unreachable",
  );
  assert.equal(refusedBy("EOF", "echo+connection+refused"), "unknown");
  assert.equal(refusedBy("EOF", "echo%20not%20found"), "unknown");
});

Deno.test("`outcomeOfEnd()` omits the command that a server cites in its message", () => {
  const message =
    'Post "https://10.0.0.1:10250/exec/n/p/c?command=sh&command=secret": connection refused';
  assert.deepEqual(outcomeOfEnd(refused(message), notStarted), {
    kind: "unreachable",
    reason: 'Post "https://10.0.0.1:10250/exec/n/p/c": connection refused',
  });
});

Deno.test("`outcomeOfStop()` maps every reason to end a command", () => {
  const left = "the command may still run";
  const table: [Stop, Parameters<typeof outcomeOfStop>[1], Outcome][] = [
    [{ kind: "timeout", afterMs: 9 }, { left }, {
      kind: "timeout",
      limit: "command",
      afterMs: 9,
      left,
    }],
    [{ kind: "cancelled" }, { unread: true }, { kind: "cancelled", unread: true }],
    [{ kind: "inputFailed", reason: "no such file" }, {}, {
      kind: "unknown",
      reason: "no such file",
    }],
    [{ kind: "inputFailed", reason: "no such file" }, { left }, {
      kind: "unknown",
      reason: `no such file; ${left}`,
    }],
    [{ kind: "unreported", exitCode: 0 }, {}, {
      kind: "unknown",
      reason:
        "the command ended with exit code 0 without reading all of its input, and the server " +
        "didn't report its end",
    }],
  ];
  for (const [stop, remains, expected] of table) {
    assert.deepEqual(outcomeOfStop(stop, remains), expected);
  }
});

Deno.test("targets without a stream, copies and missing shells have fixed outcomes", () => {
  const table: [Outcome, Outcome["kind"]][] = [
    [outcomeOfMissingShell(), "failed"],
    [outcomeOfMissingShell("copying"), "failed"],
    [outcomeOfSkip("the run was cancelled"), "skipped"],
    [outcomeOfDeadContext("no route to host"), "unreachable"],
    [outcomeOfReadError(new KodamaError("forbidden", "no")), "forbidden"],
    [outcomeOfReadError(new KodamaError("notFound", "no pod p")), "unreachable"],
    [outcomeOfCopyError("the checksums differ"), "failed"],
    [copyDoubts.sourceChanged, "unknown"],
    [copyDoubts.inputNotEnded, "unknown"],
    [outcomeWithoutEnd, "unknown"],
  ];
  for (const [outcome, kind] of table) assert.equal(outcome.kind, kind);
});

Deno.test("`isMissingShell()` separates a missing shell from a command's failure", () => {
  assert.equal(isMissingShell(outcomeOfMissingShell("a command line")), true);
  assert.equal(
    isMissingShell({ kind: "failed", exitCode: 127, reason: 'exec: "x": not found' }),
    false,
  );
});

Deno.test("`isOver()` is false if processes of the command may remain", () => {
  const table: [Attempt, boolean][] = [
    [{ kind: "noShell" }, true],
    [{ kind: "ended", outcome: ok }, true],
    [{ kind: "ended", outcome: { kind: "cancelled" } }, true],
    [{ kind: "ended", outcome: { kind: "cancelled", left: "it may still run" } }, false],
    [{ kind: "ended", outcome: { kind: "unknown", reason: "gone" } }, false],
  ];
  for (const [attempt, expected] of table) assert.equal(isOver(attempt), expected);
});

Deno.test("`remainsOf()` describes running processes and unread output", () => {
  assert.deepEqual(remainsOf({}), []);
  assert.deepEqual(remainsOf({ left: "it may still run", unread: true }), [
    "it may still run",
    "the rest of its output was not awaited",
  ]);
});

Deno.test("`outcomeOfPersistentShell()` trusts only the shell's own report", () => {
  const hungUp: Outcome = { kind: "failed", exitCode: 129 };
  const broken: Outcome = { kind: "unknown", reason: "cut" };
  assert.equal(outcomeOfPersistentShell(ok, undefined).kind, "unknown", "the server's alone");
  assert.equal(outcomeOfPersistentShell(hungUp, undefined).kind, "unknown");
  assert.deepEqual(outcomeOfPersistentShell(broken, 7), { kind: "failed", exitCode: 7 });
  assert.deepEqual(outcomeOfPersistentShell(broken, 0), ok);
  assert.deepEqual(outcomeOfPersistentShell(broken, undefined), broken);
});

Deno.test("`outcomeOfMissingPersistentShell()` is the stored exit code, or unknown", () => {
  assert.deepEqual(outcomeOfMissingPersistentShell(3, "cut"), { kind: "failed", exitCode: 3 });
  assert.deepEqual(outcomeOfMissingPersistentShell(0, "cut"), ok);
  assert.deepEqual(outcomeOfMissingPersistentShell(undefined, "cut"), {
    kind: "unknown",
    reason: "cut; it is no longer in its container",
  });
  assert.deepEqual(outcomeOfLostShell("cut"), { kind: "unknown", reason: "cut" });
});

Deno.test("runtimes' messages distinguish no shell, no such command, and not executable", () => {
  const containerd = (message: string) =>
    "error executing command in container: failed to exec in container: failed to start exec " +
    `"0a1b": OCI runtime exec failed: exec failed: unable to start container process: ${message}: unknown`;
  const noShell = [
    containerd('exec: "sh": executable file not found in $PATH'),
    "executing command in container: executable file `sh` not found in $PATH: No such file or directory",
    'OCI runtime exec failed: exec failed: container_linux.go:380: starting container process caused "exec: \\"sh\\": executable file not found in $PATH": unknown',
  ];
  for (const message of noShell) assert.equal(reportsNoShell(message), true, message);
  const others: [string, number | undefined][] = [
    [containerd('exec: "weka": executable file not found in $PATH'), 127],
    [containerd('exec: "/x/y": stat /x/y: no such file or directory'), 127],
    [containerd('exec: "/etc": permission denied'), 126],
    [containerd('exec: "/etc": is a directory'), 126],
    [containerd("exec user process caused: exec format error"), 126],
    ["container is not running", undefined],
  ];
  for (const [message, code] of others) {
    assert.equal(reportsNoShell(message), false, message);
    assert.equal(readStartFailure(message)?.exitCode, code, message);
  }
});

Deno.test("`outcomeInState()` puts a pod's state before the server's words, of what wasn't reached alone", () => {
  const reason = 'container not found ("main")';
  const unreachable = { kind: "unreachable", reason } as const;
  assert.deepEqual(outcomeInState(unreachable, "has completed"), {
    kind: "unreachable",
    reason: `the pod has completed (${reason})`,
  });
  assert.deepEqual(outcomeInState(unreachable, 'container "main" is not running: waiting'), {
    kind: "unreachable",
    reason: `container "main" is not running: waiting (${reason})`,
  });
  assert.equal(outcomeInState(unreachable, undefined), unreachable);
  const ok = { kind: "ok" } as const;
  assert.equal(outcomeInState(ok, "is terminating"), ok);
});

Deno.test("an expected exit code is a success, also that of a signal, if the command itself has ended with it", () => {
  const judged = (exitCode: number, evidence: CommandEvidence, ...expected: number[]) =>
    outcomeOfExpected(outcomeOfEnd(exited(exitCode), evidence), expected).kind;
  for (const exitCode of [1, 128, 129, 137, 143, 200, 255]) {
    const reported = { started: true, endMark: exitCode };
    assert.equal(judged(exitCode, reported, 0, exitCode), "ok");
    assert.equal(judged(exitCode, started, exitCode), "ok");
    assert.equal(judged(exitCode, reported, 0), "failed");
  }
  assert.equal(judged(0, { started: true, endMark: 0 }, 137), "failed");
  // The kernel kills all processes of a container that has no memory left.
  assert.equal(judged(137, { started: true, endMark: "missing" }, 0, 137), "failed");
  assert.equal(judged(3, { started: true, endMark: "missing" }, 3), "ok");
});
