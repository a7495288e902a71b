import assert from "node:assert/strict";
import { frozenPlan, reachesFurther } from "./confirm_plan.ts";
import type { KubectlPlan } from "./guard.ts";
import type { KubectlPreview, PreviewedChange } from "./preview.ts";

const change = (name: string, more: Partial<PreviewedChange> = {}): PreviewedChange => ({
  name,
  namespace: "web",
  uid: `${name}-1`,
  effect: "change",
  diff: [],
  ...more,
});

const objects = (...all: PreviewedChange[]): KubectlPreview => ({ kind: "objects", objects: all });

const nodes = (verb: "drain" | "cordon", ...evicted: string[]): KubectlPreview => ({
  kind: "nodes",
  verb,
  nodes: [{
    name: "n",
    evicted,
    ...{ missing: [], daemons: [], unmanaged: [], localData: [], blockedBy: [] },
  }],
});

Deno.test("reachesFurther() finds what wasn't shown, and lets less happen", () => {
  const [a, b] = [change("pod/a"), change("pod/b")];
  const to = (text: string) => change("pod/a", { diff: [{ kind: "added", text }] });
  const table: [name: string, now: KubectlPreview, shown: KubectlPreview, further: boolean][] = [
    ["the same", objects(a, b), objects(a, b), false],
    ["another order", objects(b, a), objects(a, b), false],
    ["one is gone", objects(a), objects(a, b), false],
    ["one has come", objects(a, b), objects(a), true],
    ["one was replaced", objects({ ...a, uid: "pod/a-2" }), objects(a), true],
    ["another namespace", objects({ ...a, namespace: "db" }), objects(a), true],
    ["another effect", objects({ ...a, effect: "delete" }), objects(a), true],
    ["another difference", objects(to("2")), objects(to("1")), true],
    ["nothing to do any more", objects({ ...a, effect: "none" }), objects(a), false],
    ["nothing was known", objects(a), { kind: "unknown" }, true],
    ["nothing is known", { kind: "unknown" }, objects(a), false],
    ["a pod has come to the node", nodes("drain", "p", "q"), nodes("drain", "p"), true],
    ["a pod of the node has ended", nodes("drain"), nodes("drain", "p"), false],
    ["a pod has come to a node that is cordoned", nodes("cordon", "p"), nodes("cordon"), false],
  ];
  for (const [name, now, shown, further] of table) {
    assert.equal(reachesFurther(now, shown), further, name);
  }
});

Deno.test("frozenPlan() reads an address or a kustomization once, with the same connection", async () => {
  const read: string[] = [];
  const play = async (line: string, exitCode = 0) => {
    const plan = { args: line.split(" "), shown: line } as unknown as KubectlPlan;
    return await frozenPlan(
      {
        run: () => Promise.reject(new Error("nothing runs")),
        read: (args) => {
          read.push(args.join(" "));
          return Promise.resolve({ exitCode, stdout: "{}\n", stderr: "", isTruncated: false });
        },
      },
      plan,
      new AbortController().signal,
    );
  };
  const frozen = await play("--context prod apply -R -f https://a/b.yaml --prune");
  assert.deepEqual(read, [
    "--context=prod patch --local --type=merge --patch={} --output=json -R -fhttps://a/b.yaml",
  ]);
  assert.equal(frozen.args.join(" "), "--context prod apply --prune --filename -");
  assert.equal(new TextDecoder().decode(frozen.input), "{}\n");
  const failed = await play("apply -k dir", 1);
  assert.equal(failed.args.join(" "), "apply -k dir");
});
