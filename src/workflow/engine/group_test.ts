import assert from "node:assert/strict";
import type { WorkflowEvent } from "../step_events.ts";
import { endsOf, inspected, outputsOf, type Play, play, saying } from "../testing/step_fixture.ts";

const may = "permissions: { run: [do] }\n";

/** Programs that fail if their first argument is one of these. */
const failing = (...names: string[]): Play["run"] & object => (words) =>
  names.includes(words[1] ?? "") ? 1 : 0;

const guarded = `${may}steps:
  - id: g
    group:
      steps:
        - { id: a, shell: [do, a] }
        - { id: b, shell: [do, b] }
        - { id: c, shell: [do, c] }
      rescue:
        - { id: undo, shell: [do, undo, "\${{ failure.step }}", "\${{ failure.reason }}"] }
      always:
        - { shell: [do, last, "\${{ outcome }}", "\${{ failure.step }}"] }
  - { id: z, shell: [do, z, "\${{ steps.g.outcome }}", "\${{ steps.c.outcome }}", "\${{ steps.undo.outcome }}"] }
finally:
  - { shell: [do, end, "\${{ outcome }}", "\${{ failure.step }}"] }
`;

async function playGroup(run: Play["run"] & object, text = guarded) {
  const { events, ran } = await play({ files: { "w.yaml": text }, run });
  return { ends: endsOf(events), ran: ran.map((words) => words.slice(1).join(" ")), events };
}

function exitCode(events: readonly WorkflowEvent[]): number | undefined {
  const end = events.at(-1);
  return end?.event === "runEnded" ? end.exitCode : undefined;
}

Deno.test("a group whose steps are ok runs `always`, and not `rescue`", async () => {
  const { ran, ends } = await playGroup(() => 0);
  assert.deepEqual(ran, ["a", "b", "c", "last ok ", "z ok ok skipped", "end ok "]);
  assert.equal(ends.at(-1), "= ok");
});

Deno.test("a rescued failure is reported as rescued, by the group and by the run", async () => {
  const { ran, ends, events } = await playGroup(failing("b"));
  assert.deepEqual(ran, [
    "a",
    "b",
    "undo b do ended with exit code 1",
    "last rescued b",
    "z rescued skipped ok",
    "end rescued b",
  ]);
  assert.deepEqual(ends, [
    "g/a ok",
    "g/b failed: do ended with exit code 1",
    "g/c skipped: g/b ended g",
    "g/rescue/undo ok",
    "g/always/shell-1 ok",
    "g rescued: b: do ended with exit code 1",
    "z ok",
    "finally",
    "finally/shell-1 ok",
    "= rescued: b: do ended with exit code 1",
  ]);
  assert.equal(exitCode(events), 0);
});

Deno.test("a group fails if its `rescue` fails, and names both failures", async () => {
  const { ran, ends, events } = await playGroup(failing("b", "undo"));
  assert.deepEqual(ran.slice(-2), ["last failed b", "end failed b"]);
  assert.equal(
    ends.at(-1),
    "= failed: b: do ended with exit code 1; its rescue failed too: undo: do ended with exit code 1",
  );
  assert.equal(exitCode(events), 5);
});

Deno.test("a failure of `always` fails a group whose steps were ok or rescued", async () => {
  for (const names of [["last"], ["b", "last"]]) {
    const { ends } = await playGroup(failing(...names));
    assert.equal(ends.at(-1), "= failed: do ended with exit code 1");
  }
});

Deno.test("a cancel runs `always` and not `rescue`", async () => {
  const cancel = new AbortController();
  const { events, ran } = await play({
    files: { "w.yaml": guarded },
    input: { signal: cancel.signal },
    run: (words, signal) => {
      if (words[1] !== "b") return 0;
      return new Promise<number>((resolve) => {
        signal.addEventListener("abort", () => resolve(143));
        cancel.abort(new DOMException("stopped", "AbortError"));
      });
    },
  });
  assert.deepEqual(ran.map(([, ...words]) => words.join(" ")), [
    "a",
    "b",
    "last cancelled b",
    "end cancelled b",
  ]);
  assert.equal(exitCode(events), 130);
});

Deno.test("the time limit of a group applies to its steps; `rescue` handles it", async () => {
  const text = `${may}steps:
  - id: g
    timeout: 1s
    group:
      steps: [{ id: slow, wait: 5s }]
      rescue: [{ wait: 3s }, { shell: [do, "\${{ failure.step }}", "\${{ failure.outcome }}"] }]
`;
  const { events, ran, clock } = await play({ files: { "w.yaml": text } });
  assert.deepEqual(ran, [["do", "slow", "timeout"]]);
  assert.equal(clock.elapsedMs(), 4000);
  assert.equal(endsOf(events).at(-1), "= rescued: slow: not done within 1s");
});

Deno.test("groups nest, and are steps of `parallel` and of `foreach`", async () => {
  const text = `${may}steps:
  - parallel:
      - id: l
        group: { steps: [{ shell: [do, l1] }, { shell: [do, l2] }], rescue: [{ shell: [do, lr] }] }
      - id: r
        group:
          steps:
            - { id: inner, group: { steps: [{ id: r1, shell: [do, r1] }], rescue: [{ shell: [do, rr] }] } }
          rescue: [{ shell: [do, outer, "\${{ failure.step }}", "\${{ steps.r1.exitCode }}"] }]
  - id: each
    foreach: [x, y]
    steps:
      - group: { steps: [{ shell: [do, "\${{ item }}"] }], rescue: [{ shell: [do, "no \${{ item }}"] }] }
outputs: { rounds: "\${{ steps.each.items.map(one, one.outcome) }}" }
`;
  const { ran, ends, events } = await playGroup(failing("l1", "r1", "rr", "x"), text);
  assert.deepEqual(ran.toSorted(), [
    ...["l1", "lr", "no x", "outer r1 1", "r1", "rr", "x", "y"],
  ]);
  assert.deepEqual(outputsOf(events), { rounds: ["rescued", "ok"] });
  assert.equal(ends.at(-1), "= rescued: shell-1: do ended with exit code 1");
});

Deno.test("`failure.targets` names the pods that weren't ok", async () => {
  const text = `${may}steps:
  - group:
      steps: [{ id: set, exec: [restart] }]
      rescue: [{ shell: [do, "\${{ failure.targets.join(' ') }}"] }]
`;
  const pods = { good: saying(""), bad: saying("", 3), worse: saying("", 4) };
  const { ran } = await play({ files: { "w.yaml": text }, pods });
  assert.deepEqual(ran, [["do", "bad worse"]]);
});

Deno.test("an attempt after the first repeats all steps of a group", async () => {
  const text = `${may}steps:
  - attempts: { most: 2, delay: 1s }
    group: { steps: [{ shell: [do, a] }, { shell: [do, b] }] }
`;
  const { ran } = await playGroup(failing("b"), text);
  assert.deepEqual(ran, ["a", "b", "a", "b"]);
});

Deno.test("the check knows the names of each list of a group", async () => {
  const text = `${may}steps:
  - id: g
    group:
      steps: [{ id: a, shell: [do, "\${{ failure.step }}"] }, { id: always, wait: 1s }]
      rescue: [{ id: b, shell: [do, "\${{ steps.a.stdout }}", "\${{ failure.stop }}"] }]
  - check: \${{ steps.b.outcome == outcome }}
`;
  const { diagnostics } = await inspected({ "w.yaml": text });
  assert.deepEqual(diagnostics.map(({ line, column, message }) => `${line}:${column} ${message}`), [
    '5:41 unknown name "failure"; available: params, run, env, steps',
    '5:68 "always" is a list of the group; take another id',
    '6:75 unknown name "stop"; did you mean "step"?',
    '7:35 unknown name "outcome"; available: params, run, steps, env',
  ]);
});
