import assert from "node:assert/strict";
import fc from "fast-check";
import type { Target } from "../../kube/select/target.ts";
import { targetKey } from "../../exec/target_names.ts";
import { endsOf, outputsOf, play, saying } from "../testing/step_fixture.ts";
import type { StepTargetEnd } from "../step_events.ts";
import { EndedTargets, narrowed, TargetNames } from "./named_targets.ts";

function target(context: string, pod: string, namespace = "n"): Target {
  const uid = `${context}-${namespace}-${pod}`;
  return { context, namespace, pod, container: "a", node: `node-${pod}`, ip: "10.0.0.1", uid };
}

Deno.test("`named()`: in a run a target has one name, and a name one target", () => {
  const one = fc.record({
    context: fc.constantFrom("east", "west"),
    namespace: fc.constantFrom("n", "m"),
    pod: fc.constantFrom("p", "q"),
  });
  const found = fc.uniqueArray(one, {
    maxLength: 8,
    selector: ({ context, namespace, pod }) => `${context}/${namespace}/${pod}`,
  });
  fc.assert(
    fc.property(fc.array(found, { maxLength: 5 }), (steps) => {
      const names = new TargetNames();
      const keys = new Map<string, string>();
      const given = new Map<string, string>();
      for (const selected of steps) {
        const targets = selected.map(({ context, namespace, pod }) =>
          target(context, pod, namespace)
        );
        const several = new Set(targets.map(({ context }) => context)).size > 1;
        for (const { name, target } of names.named({ targets, skipped: [], dead: [] }, several)) {
          assert.equal(keys.get(name) ?? targetKey(target), targetKey(target));
          assert.equal(given.get(targetKey(target)) ?? name, name);
          keys.set(name, targetKey(target));
          given.set(targetKey(target), name);
        }
      }
    }),
    { numRuns: 200 },
  );
});

Deno.test("`narrowed()` never takes a pod of the same name in another context", () => {
  const names = new TargetNames();
  const find = (...targets: Target[]) => names.named({ targets, skipped: [], dead: [] }, false);
  const [east] = find(target("east", "p"));
  const west = find(target("west", "p"));
  assert.deepEqual([east?.name, ...west.map(({ name }) => name)], ["p", "west/n/p"]);
  assert.throws(() => narrowed(west, ["p"], names), /"p" isn't among the 1 selected pods/);
  const { key } = names.record(target("east", "p"), "p");
  assert.throws(() => narrowed(west, [{ key }], names), /"east\/n\/p\/a" isn't among/);
  assert.equal(narrowed([...west, ...east === undefined ? [] : [east]], [{ key }], names)[0], east);
});

Deno.test("`EndedTargets` doesn't take a new pod for the one that it replaces", () => {
  const end = { target: target("east", "p"), name: "p", outcome: { kind: "ok" } } as StepTargetEnd;
  const ended = new EndedTargets([end]);
  assert.equal(ended.get({ target: target("east", "p"), name: "east/p" })?.name, "east/p");
  const uid = "another";
  assert.equal(ended.get({ target: { ...target("east", "p"), uid }, name: "p" }), undefined);
  assert.equal(ended.get({ target: target("west", "p"), name: "p" }), undefined);
});

Deno.test("targets are records, which select the same pod in another step and context", async () => {
  const text = `steps:
  - { id: a, exec: [id], select: { context: east } }
  - { id: b, exec: [id], select: { context: west }, allowFailure: true, targets: "\${{ steps.a.targets }}" }
  - { id: c, exec: [id], select: { context: [west, east] }, targets: "\${{ steps.a.records.filter(one, one.labels.app == 'db') }}" }
outputs:
  names: \${{ steps.a.records.map(one, one.name + ' ' + one.key + ' ' + one.node + ' ' + one.labels.app) }}
  c: \${{ steps.c.byTarget.map(name, name) }}
`;
  const { events } = await play({
    files: { "w.yaml": text },
    pods: { p: saying("p"), q: saying("q") },
    environment: {
      find: ({ contexts }) =>
        Promise.resolve({
          targets: contexts.flatMap((context) => [target(context, "p"), target(context, "q")]),
          skipped: [],
          dead: [],
          labelsOf: ({ pod }) => ({ app: pod === "p" ? "db" : "web" }),
        }),
    },
  });
  assert.deepEqual(outputsOf(events), {
    names: ["p east/n/p/a node-p db", "q east/n/q/a node-q web"],
    c: ["p"],
  });
  assert.equal(endsOf(events)[1], `b failed: "p" isn't among the 2 selected pods`);
});
