/** `pick`, `prompt` and `apply`: what they ask, and what answers them. */
import assert from "node:assert/strict";
import type { Environment, StepChange } from "../engine/environment.ts";
import { endsOf, inspected, outputsOf, type Play, play, saying } from "../testing/step_fixture.ts";
import type { WorkflowEvent } from "../step_events.ts";

function reasonsOf(events: readonly WorkflowEvent[]): string[] {
  return events.flatMap((event) =>
    event.event === "stepEnded" && event.error !== null ? [event.error] : []
  );
}

const pods = { "web-0": saying("a"), "web-1": saying("b"), "web-2": saying("c", 1) };

function picking(fields: string): string {
  return `params: { pods: { type: list, default: [] } }
steps:
  - { id: all, exec: [id], maxFail: 1 }
  - { id: chosen, pick: Which?, from: "\${{ steps.all.ok }}", ${fields} }
  - { exec: [id], targets: "\${{ steps.chosen.values }}" }
outputs: { values: "\${{ steps.chosen.values }}", first: "\${{ steps.chosen.value }}" }
`;
}

Deno.test("`pick` asks for values that the run has found, one or many", async () => {
  const questions: unknown[] = [];
  const ask = (answer: string): Partial<Environment> => ({
    ask: ({ choices, indexed }) => {
      questions.push([choices, indexed]);
      return Promise.resolve(answer);
    },
  });
  const many = picking("many: true");
  const both = await play({ files: { "w.yaml": many }, pods, environment: ask("0,1") });
  assert.deepEqual(outputsOf(both.events), { values: ["web-0", "web-1"], first: "web-0" });
  const one = await play({
    files: { "w.yaml": picking("many: false") },
    pods,
    environment: ask("1"),
  });
  assert.deepEqual(outputsOf(one.events), { values: ["web-1"], first: "web-1" });
  const none = await play({ files: { "w.yaml": many }, pods, environment: ask("") });
  assert.equal(endsOf(none.events)[1], "chosen refused: nothing was picked");
  assert.deepEqual(questions, [
    [["web-0", "web-1"], "many"],
    [["web-0", "web-1"], "one"],
    [["web-0", "web-1"], "many"],
  ]);
});

Deno.test("a parameter answers `pick`; without a terminal the error names it", async () => {
  const text = picking('many: true, answer: "${{ params.pods }}"');
  const answered = await play({ files: { "w.yaml": text }, pods, params: { pods: "web-1" } });
  assert.deepEqual(outputsOf(answered.events), { values: ["web-1"], first: "web-1" });
  const unknown = await play({ files: { "w.yaml": text }, pods, params: { pods: "web-2" } });
  assert.deepEqual(reasonsOf(unknown.events).slice(0, 1), ['"web-2" isn\'t among the 2 values']);
  const [none = ""] = reasonsOf((await play({ files: { "w.yaml": text }, pods })).events);
  assert.match(none, /no terminal is available to ask on \(the parameter pods answers it\)/);
  const [bare = ""] = reasonsOf(
    (await play({ files: { "w.yaml": picking("many: true") }, pods })).events,
  );
  assert.match(bare, /`answer` in the step answers it/);
});

Deno.test("`pick` shows records by their names, and is skipped if there is nothing", async () => {
  const text = (list: string) =>
    `steps:
  - { id: p, pick: Which?, from: ${list}, answer: b }
outputs: { value: "\${{ steps.p.value }}" }
`;
  const { events } = await play({ files: { "w.yaml": text("[{ name: a }, { name: b, n: 1 }]") } });
  assert.deepEqual(outputsOf(events), { value: { name: "b", n: 1 } });
  const empty = await play({ files: { "w.yaml": text("[]") } });
  assert.equal(endsOf(empty.events)[0], "p skipped: nothing to pick from");
});

Deno.test("`prompt` takes free text, choices of the run, and an answer by a parameter", async () => {
  const text = (fields: string) =>
    `params: { name: "", names: [red, blue] }
steps:
  - { id: p, prompt: Which?, ${fields} }
outputs: { answer: "\${{ steps.p.answer }}" }
`;
  const answerOf = async (fields: string, answer?: string, params = {}) => {
    const answers = answer === undefined ? [] : [answer];
    const { events } = await play({ files: { "w.yaml": text(fields) }, answers, params });
    return outputsOf(events);
  };
  assert.deepEqual(await answerOf("free: true", "any text"), { answer: "any text" });
  assert.deepEqual(await answerOf("free: true, default: x", ""), { answer: "x" });
  const choices = 'choices: "${{ params.names }}"';
  assert.deepEqual(await answerOf(choices, "blue"), { answer: "blue" });
  const byParam = `${choices}, answer: "\${{ params.name }}"`;
  assert.deepEqual(await answerOf(byParam, undefined, { name: "red" }), { answer: "red" });
  const wrong = await play({ files: { "w.yaml": text(byParam) }, params: { name: "green" } });
  assert.deepEqual(reasonsOf(wrong.events), ['answer: expected one of red, blue, found "green"']);
  const none = await play({ files: { "w.yaml": text(byParam) } });
  assert.match(reasonsOf(none.events)[0] ?? "", /the parameter name answers it/);
});

/** kubectl with one deployment, which is ready at the third reading. */
function cluster(differs: boolean, spec: object = {}) {
  const ran: string[] = [];
  let reads = 0;
  const deployment = (ready: number) =>
    JSON.stringify({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web", generation: 1 },
      spec: { replicas: 2, ...spec },
      status: {
        observedGeneration: 1,
        replicas: 2,
        updatedReplicas: "paused" in spec ? 0 : 2,
        readyReplicas: ready,
        availableReplicas: ready,
      },
    });
  // It has no state of its own, so it is ready as soon as it exists.
  const configMap = JSON.stringify({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "conf" },
    data: {},
  });
  const manifests = ['{"kind":"ConfigMap","metadata":{"name":"read-1"}}\n'];
  const run: NonNullable<Play["local"]>["run"] = (argv, { onLine, input }) => {
    const verb = argv.find((arg) => ["patch", "diff", "apply", "get"].includes(arg)) ?? "";
    ran.push(verb);
    if (verb === "patch") {
      const stdout = manifests.shift() ?? assert.fail("the manifests were read again");
      return Promise.resolve({ exitCode: 0, stdout, stderr: "", truncated: [] });
    }
    // What was read first is what is shown and applied.
    assert.match(input ?? "", /read-1/);
    assert.deepEqual(argv.slice(-2), ["-f", "-"]);
    const stdout = verb === "diff" && differs
      ? "--- a\n+++ b\n-  replicas: 1\n+  replicas: 2"
      : verb === "get"
      ? `{"items":[${deployment(++reads > 2 ? 2 : 1)},${configMap}]}`
      : "";
    for (const line of stdout.split("\n")) if (line !== "") onLine("stdout", line);
    const exitCode = verb === "diff" && differs ? 1 : 0;
    return Promise.resolve({ exitCode, stdout, stderr: "", truncated: [] });
  };
  return { ran, run };
}

const applying = `permissions: { read: [web.yaml] }
steps:
  - { id: a, apply: web.yaml }
outputs: { changed: "\${{ steps.a.changed }}", objects: "\${{ steps.a.objects }}" }
`;

Deno.test("`apply` shows the differences, asks once, and waits until all is ready, with the reasons", async () => {
  const { ran, run } = cluster(true);
  const asked: StepChange[] = [];
  const shownBefore: string[] = [];
  const environment: Partial<Environment> = {
    confirmChange: async (change, shown) => {
      await shown();
      shownBefore.push(...ran);
      asked.push(change);
      return true;
    },
  };
  const { events } = await play({ files: { "w.yaml": applying }, local: { run }, environment });
  assert.equal(endsOf(events).at(-1), "= ok");
  assert.deepEqual(ran, ["patch", "diff", "apply", "get", "get", "get"]);
  assert.deepEqual(shownBefore, ["patch", "diff"]);
  assert.deepEqual(asked.map(({ isUnplanned }) => isUnplanned), [true]);
  assert.deepEqual(outputsOf(events), { changed: 1, objects: 2 });
  const lines = events.flatMap((event) => event.event === "line" ? [event.text] : []);
  assert.ok(lines.includes("+  replicas: 2"));
  const reasons = lines.filter((line) => line.startsWith("deployment/web: "));
  assert.equal(reasons.length, 1, lines.join("\n"));
});

Deno.test("`apply` fails at once if an object doesn't become ready by itself", async () => {
  const { ran, run } = cluster(true, { paused: true });
  const { events } = await play({ files: { "w.yaml": applying }, local: { run } });
  assert.equal(
    endsOf(events)[0],
    "a failed: deployment/web: it is paused: 0 of 2 pods are updated; " +
      "`untilReady: false` doesn't wait for it",
  );
  assert.deepEqual(ran, ["patch", "diff", "apply", "get"]);
});

Deno.test("`apply` asks nothing if nothing differs, and changes nothing after a no", async () => {
  const same = cluster(false);
  const never: Partial<Environment> = {
    confirmChange: () => Promise.reject(new Error("it was asked")),
  };
  const { events } = await play({
    files: { "w.yaml": applying },
    local: { run: same.run },
    environment: never,
  });
  assert.equal(endsOf(events).at(-1), "= ok");
  assert.ok(!same.ran.includes("apply"));
  const other = cluster(true);
  const no: Partial<Environment> = { confirmChange: () => Promise.resolve(false) };
  const refused = await play({
    files: { "w.yaml": applying },
    local: { run: other.run },
    environment: no,
  });
  assert.deepEqual(endsOf(refused.events).slice(0, 1), ["a refused: declined"]);
  assert.deepEqual(other.ran, ["patch", "diff"]);
});

Deno.test("`apply` needs the permission to read its manifests", async () => {
  const { diagnostics } = await inspected({ "w.yaml": "steps: [{ apply: web.yaml }]\n" });
  assert.match(diagnostics[0]?.message ?? "", /needs permissions: \{ read: \[web.yaml\] \}/);
});

Deno.test("a group with `confirm` asks once, naming its steps; the yes covers the changes in it", async () => {
  const text = `steps:
  - group:
      steps:
        - { name: drain, exec: [drain] }
        - kubectl: [delete, pod, web-0]
      always:
        - exec: [uncordon]
    confirm: true
  - exec: [after]
`;
  const questions: string[] = [];
  const changes: string[] = [];
  const answering = (answer: string): Partial<Environment> => ({
    ask: ({ text }) => {
      questions.push(text);
      return Promise.resolve(answer);
    },
    confirmChange: ({ step }) => {
      changes.push(step);
      return Promise.resolve(true);
    },
  });
  const yes = await play({ files: { "w.yaml": text }, pods, environment: answering("yes") });
  assert.deepEqual(questions, ["drain; kubectl delete pod web-0. Continue?"]);
  // Only the step behind the group is confirmed by itself; one pod fails in each.
  assert.deepEqual(changes, []);
  assert.equal(yes.ran.length, 0);
  const ok = { "web-0": saying("") };
  const all = await play({ files: { "w.yaml": text }, pods: ok, environment: answering("yes") });
  assert.deepEqual(all.ran, [["kubectl", "delete", "pod", "web-0"]]);
  assert.deepEqual(changes, ["exec-2"]);
  const no = await play({ files: { "w.yaml": text }, pods: ok, environment: answering("no") });
  assert.deepEqual(endsOf(no.events).slice(0, 1), ["group-1 refused: declined"]);
  assert.deepEqual(no.ran, []);
});

Deno.test("`tmux` opens a pane for each pod, after the question, and gives the session", async () => {
  const text = `steps: [{ id: wall, tmux: [top], sync: true }]
outputs: { wall: "\${{ steps.wall }}" }
`;
  const opened: unknown[] = [];
  const environment = (isConfirmed: boolean): Partial<Environment> => ({
    confirmChange: ({ action, targets }) => {
      opened.push([action.kind, targets.length]);
      return Promise.resolve(isConfirmed);
    },
    openPanes: ({ names, command, sync, session }) => {
      opened.push([names, command, sync, session]);
      return Promise.resolve({ session: "kodama", panes: names.length });
    },
  });
  const ok = { "web-0": saying(""), "web-1": saying("") };
  const yes = await play({ files: { "w.yaml": text }, pods: ok, environment: environment(true) });
  const names = ["web-0", "web-1"];
  assert.deepEqual(opened.splice(0), [["command", 2], [names, ["top"], true, undefined]]);
  assert.deepEqual(outputsOf(yes.events), {
    wall: { targets: names, session: "kodama", panes: 2, outcome: "ok" },
  });
  const no = await play({ files: { "w.yaml": text }, pods: ok, environment: environment(false) });
  assert.deepEqual(opened, [["command", 2]]);
  assert.deepEqual(endsOf(no.events).slice(0, 1), ["wall refused: declined"]);
});
