import assert from "node:assert/strict";
import type { Outcome } from "../../exec/outcome.ts";
import type { JsonValue } from "../../base/json_value.ts";
import { evaluateDeep } from "../templates.ts";
import type { StepTargetEnd, WorkflowEvent } from "../step_events.ts";
import { guarded } from "./cut_values.ts";
import { failedPodsText, podOutputOf } from "./pod_output.ts";
import type { Target } from "../../kube/select/target.ts";
import { endsOf, outputsOf, type Play, play, saying } from "../testing/step_fixture.ts";
import { narrowed, TargetNames } from "./named_targets.ts";

function end(name: string, stdout: string, outcome: Outcome = { kind: "ok" }): StepTargetEnd {
  const target = { context: "c", namespace: "n", pod: name, container: "a", node: "", ip: "" };
  return { target, name, outcome, stdout, stderr: "", truncated: false, durationMs: 1 };
}

Deno.test("the most frequent output is the step's, and the first of its groups", () => {
  const { output: { stdout, distinct, groups } } = podOutputOf([
    end("a", "1\n"),
    end("b", "2\n\n"),
    end("c", "2\n"),
  ], 1024);
  assert.equal(stdout, "2");
  assert.deepEqual(distinct, ["2", "1"]);
  assert.deepEqual(groups, [{ stdout: "2", targets: ["b", "c"] }, { stdout: "1", targets: ["a"] }]);
});

Deno.test("`failedPodsText()` counts pods that were not started separately", () => {
  const failed: Outcome = { kind: "failed", exitCode: 1 };
  const skipped: Outcome = { kind: "skipped", reason: "an earlier target failed" };
  const never = [end("w-1", "", skipped), end("w-2", "", skipped)];
  assert.equal(
    failedPodsText([end("w-0", "", failed), ...never], 3),
    "1 of 3 pods failed: w-0 (exit code 1); 2 were not started",
  );
});

Deno.test("cut outputs are equal if their hashes are, and expressions can't read them", () => {
  const cut = (name: string, hash: number): StepTargetEnd => ({
    ...end(name, "same beginning"),
    truncated: true,
    cut: { stdout: { bytes: 9, hash } },
  });
  const { output, cut: parts = [] } = podOutputOf([cut("a", 1), cut("b", 2), cut("c", 1)], 1024);
  assert.deepEqual(output.groups, [
    { stdout: "same beginning", targets: ["a", "c"] },
    { stdout: "same beginning", targets: ["b"] },
  ]);
  const { steps } = { steps: guarded(output as JsonValue, parts) } as { steps: typeof output };
  const value = (text: string) => evaluateDeep(`\${{ ${text} }}`, { steps });
  assert.equal(value("size(steps.distinct)"), 2);
  assert.deepEqual(value("steps.groups.map(g, size(g.targets))"), [2, 1]);
  assert.equal(value("steps.byTarget.a.truncated"), true);
  const unread = [
    "steps.stdout",
    "steps.distinct",
    "steps",
    "steps.distinct[1] == 'x'",
    "steps.groups[1].stdout",
    "steps.byTarget.b.stdout.contains('x')",
    "'x' in steps.distinct",
  ];
  for (const text of unread) {
    assert.throws(() => value(text), /output of [ab] is larger than 1 KiB.*maxOutput/, text);
  }
});

const west: Target = {
  context: "west",
  namespace: "n",
  pod: "p",
  container: "a",
  node: "",
  ip: "",
};
const reason = "cannot reach context east: connection refused";

/** Two contexts, one of which is unreachable for the given number of requests. */
function twoContexts(fields: string, deadTimes = 9): Play {
  let asked = 0;
  return {
    files: {
      "w.yaml": `select: { context: [west, east] }
steps:
  - id: a
    exec: [id]
    ${fields}
outputs: { failed: "\${{ steps.a.failed }}", ok: "\${{ steps.a.ok }}" }
`,
    },
    pods: { p: saying("x"), q: saying("y") },
    environment: {
      find: () => {
        const isDead = asked++ < deadTimes;
        return Promise.resolve({
          targets: [west, ...(isDead ? [] : [{ ...west, context: "east", pod: "q" }])],
          skipped: [],
          dead: isDead ? [{ context: "east", reason }] : [],
        });
      },
    },
  };
}

function targetEnds(events: readonly WorkflowEvent[]): string[] {
  return events.flatMap((event) =>
    event.event === "targetEnded" ? [`${event.name} ${event.outcome}`] : []
  );
}

Deno.test("an unreachable context is one unreachable target; pods of others run", async () => {
  const { events } = await play(twoContexts("allowFailure: true"));
  assert.deepEqual(targetEnds(events), ["east/* unreachable", "west/p ok"]);
  assert.deepEqual(endsOf(events), [`a failed: context east: ${reason}`, "= ok"]);
  assert.deepEqual(outputsOf(events), { failed: ["east/*"], ok: ["west/p"] });
});

Deno.test("a run that ends by an unreachable context has exit code 4", async () => {
  const { events } = await play(twoContexts(""));
  const end = events.at(-1);
  assert.equal(end?.event === "runEnded" ? end.exitCode : undefined, 4);
});

Deno.test("maxFail covers an unreachable context only if all may fail", async () => {
  assert.match(endsOf((await play(twoContexts("maxFail: 99%"))).events)[0] ?? "", /^a failed/);
  assert.equal(endsOf((await play(twoContexts("maxFail: 100%"))).events)[0], "a ok");
});

Deno.test("a retry runs only a context that is back", async () => {
  const { events, pods } = await play(twoContexts("attempts: 2", 1));
  assert.deepEqual(endsOf(events), ["a ok", "= ok"]);
  assert.equal(pods.get("p")?.requests.length, 1);
});

Deno.test("a resumed run reports an unreachable context once", async () => {
  const before = await play(twoContexts("allowFailure: true"));
  const ends = before.events.flatMap((event) =>
    event.event === "targetEnded" ? [[event.name, event.record] as const] : []
  );
  const { events, pods } = await play({
    ...twoContexts("allowFailure: true"),
    input: { retained: { steps: new Map(), targets: new Map([["a", { ends: new Map(ends) }]]) } },
  });
  assert.deepEqual(targetEnds(events), ["east/* unreachable", "west/p ok"]);
  assert.equal(pods.get("p")?.requests.length, 0);
  assert.deepEqual(outputsOf(events), { failed: ["east/*"], ok: ["west/p"] });
});

Deno.test("`targets` can name pods of an unreachable context", () => {
  const all = [
    { target: west, name: "west/p" },
    { target: { ...west, pod: "q" }, name: "west/q" },
    { target: { ...west, context: "east", pod: "*" }, name: "east/*", unreachable: reason },
  ];
  const names = (wanted: string[]) =>
    narrowed(all, wanted, new TargetNames()).map(({ name }) => name);
  assert.deepEqual(names(["west/q"]), ["west/q"]);
  assert.deepEqual(names(["west/*"]), ["west/p", "west/q"]);
  assert.deepEqual(names(["east/r", "east/s"]), ["east/*"]);
  assert.throws(() => names(["west/r"]), /"west\/r" isn't among the 3 selected pods/);
});
