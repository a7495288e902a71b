import assert from "node:assert/strict";
import type { Target } from "../kube/select/target.ts";
import { type PlannedStep, planOf } from "./full_plan.ts";
import type { FoundPods } from "./engine/environment.ts";
import type { Where } from "./selection_fields.ts";
import { loaded } from "./testing/step_fixture.ts";

const target = (pod: string): Target => ({
  context: "lab",
  namespace: "n",
  pod,
  container: "a",
  node: "",
  ip: "",
});

/** Returns the plan of a text, and the selections that were resolved. */
async function planned(
  text: string,
  { params = {}, found = {}, files = {} }: {
    params?: Record<string, string>;
    found?: Partial<FoundPods>;
    files?: Record<string, string>;
  } = {},
) {
  const { workflow, uses } = await loaded({ "w.yaml": text, ...files });
  const asked: Where[] = [];
  const plan = await planOf(workflow, {
    params,
    overrides: {},
    uses,
    find: (where) => {
      asked.push(where);
      return Promise.resolve({
        targets: ["a", "b"].map(target),
        skipped: [],
        dead: [],
        ...found,
      });
    },
  });
  return { plan, asked };
}

const brief = ({ id, does, targets, targetsNote, effect }: PlannedStep) =>
  `${id}: ${does} [${targets?.join(" ") ?? "-"}]${
    targetsNote === null ? "" : ` ${targetsNote}`
  } ${effect}`;

Deno.test("a plan reports the pods that a step skips", async () => {
  const text = "steps:\n  - { id: look, exec: [id] }\n";
  const skipped = [{ namespace: "n", pod: "c", reason: "is Pending" }];
  const { plan: { steps: [some] } } = await planned(text, { found: { skipped } });
  assert.deepEqual([some?.targets, some?.targetsNote], [["a", "b"], "skipped c: is Pending"]);
  const none = "no running pod; c: is Pending";
  const { plan: { steps: [empty] } } = await planned(text, {
    found: { targets: [], skipped, none },
  });
  assert.equal(empty?.targetsNote, none);
});

Deno.test("a plan has the command, pods and effect of each step, with unevaluated expressions as written", async () => {
  const { plan, asked } = await planned(
    `params: { path: /etc }
permissions: { run: [git], read: [conf] }
steps:
  - { id: look, exec: [ls, "\${{ params.path }}"] }
  - { id: change, exec: 'rm "\${{ params.path }}/x"', targets: [b] }
  - { id: later, exec: [ls], targets: "\${{ steps.look.ok }}", when: "\${{ size(steps.look.ok) > 1 }}" }
  - { id: copy, copy: { from: conf, to: ":\${{ params.path }}" } }
  - { id: ask, kubectl: [delete, pod, "\${{ steps.look.stdout }}"] }
  - { id: here, shell: [git, status] }
finally:
  - { id: end, wait: gone }
`,
    { params: { path: "/var" } },
  );
  assert.deepEqual(plan.steps.map(brief), [
    "look: exec ls /var [a b] reads",
    'change: exec rm "${{ params.path }}/x" [b] changes',
    "later: exec ls [-] ${{ steps.look.ok }} of 2 pods reads",
    "copy: copy conf to :/var [a b] changes",
    "ask: kubectl delete pod '${{ steps.look.stdout }}' [-] asks",
    "here: run git status here [-] changes",
  ]);
  assert.equal(plan.steps[2]?.when, "${{ size(steps.look.ok) > 1 }}");
  assert.deepEqual(plan.finally.map(({ id }) => id), ["finally/end"]);
  assert.deepEqual(plan.changes, ["change", "copy", "ask", "here"]);
  assert.deepEqual(plan.permissions.run, ["git"]);
  assert.equal(asked.length, 1, "a selection is asked once, however many steps have it");
});

Deno.test("a plan has the batches of steps that work in batches, if their sizes are known", async () => {
  const pods = ["a", "b", "c", "d"].map(target);
  const text = `params: { size: { default: 1 } }
defaults: { serial: 2 }
steps:
  - { id: canary, exec: [id], serial: [1, 50%] }
  - { id: usual, exec: [id] }
  - { id: open, exec: [id], serial: "\${{ params.size }}" }
`;
  const { plan } = await planned(text, { found: { targets: pods } });
  assert.deepEqual(plan.steps.map(({ id, batches }) => [id, batches]), [
    ["canary", [["a"], ["b", "c"], ["d"]]],
    ["usual", [["a", "b"], ["c", "d"]]],
    ["open", null],
  ]);
});

Deno.test("a plan reports why a step has no pods, and unreachable contexts", async () => {
  const steps = "steps:\n  - exec: [id]\n";
  const none = await planned(steps, { found: { targets: [], none: "no pod matches" } });
  assert.deepEqual(none.plan.steps.map(brief), ["exec-1: exec id [] no pod matches reads"]);
  const dead = await planned(steps, { found: { dead: [{ context: "east", reason: "no route" }] } });
  assert.deepEqual(dead.plan.steps.map(brief), [
    "exec-1: exec id [a b] context east: no route reads",
  ]);
});

Deno.test("a plan includes used workflows and rounds, without secrets", async () => {
  const { plan } = await planned(
    `params: { token: { secret: true } }
steps:
  - { id: used, workflow: ./other.yaml }
  - id: each
    foreach: [1, 2]
    steps: [{ id: one, exec: [curl, "\${{ params.token }}"] }]
`,
    {
      params: { token: "hunter2-hunter2" },
      files: { "other.yaml": "steps:\n  - { id: within, exec: reboot }\n" },
    },
  );
  assert.deepEqual(plan.steps.map(({ steps }) => steps.map(({ id }) => id)), [["within"], ["one"]]);
  assert.deepEqual(plan.changes, ["within", "one"]);
  assert.equal(JSON.stringify(plan).includes("hunter2"), false);
});

Deno.test("a plan of a used workflow has its known parameters", async () => {
  const { workflow, uses } = await loaded({
    "w.yaml": `params: { ns: web }
steps:
  - { id: a, exec: [id] }
  - { id: u, workflow: ./o.yaml, with: { namespace: "\${{ params.ns }}" } }
  - { id: v, workflow: ./o.yaml, with: { namespace: "\${{ steps.a.stdout }}", limit: 1 } }
`,
    "o.yaml": `params: { namespace: { required: true }, limit: 5 }
select: { namespace: "\${{ params.namespace }}" }
steps: [{ exec: [df, "\${{ params.limit }}"] }]
finally: [{ exec: [sync] }]
`,
  });
  const asked: unknown[] = [];
  const plan = await planOf(workflow, {
    params: { ns: "web" },
    overrides: {},
    uses,
    find: ({ selection }) => {
      asked.push(selection.namespaces);
      return Promise.resolve({ targets: [], skipped: [], dead: [], none: "no pod" });
    },
  });
  const [, u, v] = plan.steps;
  assert.deepEqual(u?.steps.map(({ id, does }) => `${id} ${does}`), [
    "exec-1 exec df 5",
    "finally/exec-1 exec sync",
  ]);
  assert.deepEqual(v?.steps.map(({ does, targetsNote }) => [does, targetsNote])[0], [
    "exec df 1",
    "known when the step runs",
  ]);
  assert.deepEqual(asked, [{ kind: "default" }, { kind: "named", names: ["web"] }]);
});
