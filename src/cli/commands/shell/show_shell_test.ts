import assert from "node:assert/strict";
import type { ShellEnd } from "../../../actions/shell/events.ts";
import { keepMsOf } from "./flags.ts";
import { paneFlags } from "../tmux/tmux.ts";
import { attachedLines, endedLines, type EndWords, lostLines } from "./show_shell.ts";

const target = { context: "c", namespace: "n", pod: "web-0", container: "a", node: "", ip: "" };

function ended(end: ShellEnd, words: EndWords = "none"): string[] {
  return endedLines({ kind: "ended", target, end, exitCode: 0 }, words);
}

Deno.test("a shell's exit code needs no words, a command's has kubectl's, a pane always says it", () => {
  const failed = { outcome: { kind: "failed", exitCode: 3 } } as const;
  const ok = { outcome: { kind: "ok" } } as const;
  assert.deepEqual([ended(ok), ended(failed)], [[], []]);
  assert.deepEqual([ended(ok, "failures"), ended(failed, "failures")], [
    [],
    ["command terminated with exit code 3"],
  ]);
  assert.deepEqual([ended(ok, "all"), ended(failed, "all")], [
    ["ended with exit code 0"],
    ["command terminated with exit code 3"],
  ]);
});

Deno.test("what may be left is said: a shell that waits, or what is hung up", () => {
  const outcome = { kind: "unknown", reason: "cut" } as const;
  const [first, rest] = ended({ outcome });
  assert.equal(first, "the link to web-0 broke, and how the shell ended isn't known: cut");
  assert.match(rest ?? "", /^what still runs there is hung up/);
  assert.equal(
    ended({ outcome, waitsMs: 900_000 })[1],
    "the shell waits in web-0 for 15m: the same words find it again",
  );
  assert.deepEqual(ended({ outcome: { kind: "cancelled" }, waitsMs: 60_000 }), [
    "the shell waits in web-0 for 1m: the same words find it again",
  ]);
  assert.deepEqual(ended({ outcome: { kind: "ok" }, endedMeanwhile: true }), [
    "the shell in web-0 ended while the link was broken",
  ]);
});

Deno.test("a link that breaks and comes back is told, and a new shell is not", () => {
  const attached = { kind: "attached", target, keptBy: "tmux" } as const;
  assert.deepEqual(attachedLines({ ...attached, state: "new" }), []);
  assert.match(attachedLines({ ...attached, state: "found" })[0] ?? "", /waited in web-0/);
  assert.deepEqual(attachedLines({ ...attached, state: "again" }), ["the link to web-0 is back"]);
  const [what, then] = lostLines({ kind: "linkLost", target, reason: "cut", keepMs: 60_000 });
  assert.equal(what, "the link to web-0 broke: cut");
  assert.match(then ?? "", /^the shell waits there for 1m/);
});

Deno.test("a command is kept only where a person says so", () => {
  const flags = { "keep-for": 900_000 };
  const none = new Set<string>();
  assert.equal(keepMsOf({ flags, given: none, trailing: undefined }), 900_000);
  assert.equal(keepMsOf({ flags, given: none, trailing: ["top"] }), 0);
  assert.equal(keepMsOf({ flags, given: new Set(["keep-for"]), trailing: ["top"] }), 900_000);
});

Deno.test("panes are given the flags again, with paths that hold anywhere", () => {
  const flags = { "workdir": "/srv", "new": true, "log": "casts", "connect-timeout": 5000 };
  const where = { kubeconfig: "lab.yaml", workingDir: "/here", keepMs: 0 };
  assert.deepEqual(paneFlags(flags, where), {
    shellFlags: [
      ...["--kubeconfig=/here/lab.yaml", "--keep-for=0", "--connect-timeout=5000ms"],
      ...["--workdir=/srv", "--log=/here/casts", "--new"],
    ],
    writes: ["/here/casts"],
  });
});
