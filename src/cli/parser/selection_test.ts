/** Args -> selections. */
import { commandHint } from "../../present/hints.ts";
import { wholeSelection } from "../../actions/exec/events.ts";
import assert from "node:assert/strict";
import type { Selection } from "../../actions/exec/events.ts";
import { UsageError } from "../../base/errors.ts";
import { defineCommand } from "./command.ts";
import { badValueError } from "../../operation/field.ts";
import { resolveArgs, sortArgs } from "./parse.ts";
import { namedPods, resolveSelection, selectionFlags, selectionOperands } from "./selection.ts";
import { BadValue, joinContents } from "./flag.ts";
import { podName } from "../../present/pods_table.ts";

const sample = defineCommand({
  description: "For tests.",
  operands: selectionOperands,
  flags: selectionFlags,
  examples: {},
  resolve: resolveSelection,
  run: () => Promise.resolve(0),
});

async function selected(line: string) {
  const sorted = await sortArgs(sample, line === "" ? [] : line.split(" "), "kodama sample");
  const args = resolveArgs(sample, { ...sorted, trailing: undefined }, {
    environment: () => undefined,
    spoken: "kodama sample",
  });
  return sample.resolve(args) as ReturnType<typeof resolveSelection>;
}

const selections: readonly (readonly [line: string, selection: Partial<Selection>])[] = [
  ["", {}],
  ["-n prod", { namespaces: { kind: "named", names: ["prod"] } }],
  ["-n a -nb", { namespaces: { kind: "named", names: ["a", "b"] } }],
  ["-A", { namespaces: { kind: "all" } }],
  ["-A=false", {}],
  ["-m web", { match: [{ kind: "substring", text: "web" }] }],
  ["-m /^web-[0-9]+$/", { match: [{ kind: "regExp", regExp: /^web-[0-9]+$/u }] }],
  ["-m //", { match: [{ kind: "substring", text: "//" }] }],
  ["-m a -x b", {
    match: [{ kind: "substring", text: "a" }],
    exclude: [{ kind: "substring", text: "b" }],
  }],
  ["-l app=web,tier!=x", { labelSelector: "app=web,tier!=x" }],
  ["--field-selector status.phase=Running", { fieldSelector: "status.phase=Running" }],
  ["-c sidecar", { container: "sidecar" }],
  ["--node n1 --sample 3 --sort age", { node: "n1", sample: 3, sort: "age" }],
  ["--shuffle --all-phases", { shuffle: true, allPhases: true }],
  ["web-0 pod/web-1", {
    operands: [{ kind: "pod", name: "web-0" }, { kind: "pod", name: "web-1" }],
  }],
  ["deploy/web sts/db Deployment/x", {
    operands: [
      { kind: "workload", plural: "deployments", name: "web" },
      { kind: "workload", plural: "statefulsets", name: "db" },
      { kind: "workload", plural: "deployments", name: "x" },
    ],
  }],
  ["statefulset.apps/db cronjob.v1.batch/x cj/y service/z", {
    operands: [
      { kind: "workload", plural: "statefulsets", name: "db" },
      { kind: "workload", plural: "cronjobs", name: "x" },
      { kind: "workload", plural: "cronjobs", name: "y" },
      { kind: "workload", plural: "services", name: "z" },
    ],
  }],
  ["storage/web-0 jobs/pod/web-1", {
    operands: [
      { kind: "pod", name: "web-0", namespace: "storage" },
      { kind: "pod", name: "web-1", namespace: "jobs" },
    ],
  }],
];

for (const [line, selection] of selections) {
  Deno.test(`selection: ${line || "nothing said"}`, async () => {
    const { contexts, selection: found } = await selected(line);
    assert.deepEqual(contexts, []);
    assert.deepEqual(found, { ...wholeSelection, ...selection });
  });
}

Deno.test("several contexts are resolved", async () => {
  const { contexts } = await selected("--context a --context=b --kubeconfig /k");
  assert.deepEqual(contexts, ["a", "b"]);
});

Deno.test("ranges of names as kodama prints them, repeated selectors, one container named twice", async () => {
  const { selection } = await selected(
    "web-[0-2,7] storage/db-[08-10],x -l app=web -l canary=true,tier!=a -c main -c main",
  );
  assert.deepEqual(
    selection.operands.map((operand) =>
      operand.kind === "pod" ? `${operand.namespace ?? ""}/${operand.name}` : operand.kind
    ),
    [
      "/web-0",
      "/web-1",
      "/web-2",
      "/web-7",
      "storage/db-08",
      "storage/db-09",
      "storage/db-10",
      "/x",
    ],
  );
  assert.equal(selection.labelSelector, "app=web,canary=true,tier!=a");
  assert.equal(selection.container, "main");
});

const wrong: readonly (readonly [line: string, message: RegExp])[] = [
  ["-n a -A", /can't be used together/],
  ["--sort age --shuffle", /can't be used together/],
  ["--pick --sample 2", /can't be used together/],
  ["--sample 0", /whole number, 1 or more/],
  ["--sample 1.5", /whole number, 1 or more/],
  ["/web", /POD, KIND\/NAME or NAMESPACE\/POD/],
  ["deploy/", /POD, KIND\/NAME or NAMESPACE\/POD/],
  ["a/b/c", /POD, KIND\/NAME or NAMESPACE\/POD/],
  ["node/x", /unsupported kind node/],
  ["statefulset.batch/x", /unsupported kind statefulset.batch/],
  ["web-*", /shell patterns do not match pods/],
  ["web-[ab]", /shell patterns do not match pods/],
  ["web-[3-1]", /shell patterns do not match pods/],
  ["web-[0-99999999]", /shell patterns do not match pods/],
  ["-c main -c sidecar", /"main" is named already, and a command runs in one container/],
  ["-m /(/", /Unterminated group/],
];

for (const [line, message] of wrong) {
  Deno.test(`no selection: ${line}`, async () => {
    const thrown = await selected(line).catch((error: unknown) => error);
    const error = thrown instanceof BadValue ? await badValueError(thrown) : thrown;
    assert.ok(error instanceof UsageError);
    assert.match(error.message, message);
  });
}

const ways: readonly (readonly [operand: string, hint: RegExp])[] = [
  ["deplyo/web", /^did you mean deploy\? the kinds are pod, deploy, /],
  ["statefullset/web", /^did you mean sts\?|the kinds are pod/],
  ["node/n1", /^--node n1 chooses/],
  ["weka-drive-*", /^as a regular expression: -m '\/\^weka-drive-\.\*\$\/'$/],
  ["secret/x", /the kinds are pod, deploy, /],
  ["web-[0-", /^ranges of numbers are written as in web-\[0-3,7\]$/],
  ["web-[3-1]", /^ranges of numbers/],
  ["web-{0..3}", /^ranges of numbers/],
  ["web-[ab]", /^as a regular expression: -m '\/\^web-\[ab\]\$\/'$/],
  ["web.*", /^as a regular expression: -m '\/web\.\*\/'$/],
  ["^web|db", /^as a regular expression: -m '\/\^web\|db\/'$/],
  ["web(", /^ranges of numbers/],
  ["-m web-[0-13]", /^as names, without a flag: 'web-\[0-13\]'$/],
  ["-m db-[01]", /^as a regular expression: '\/\^db-\[01\]\$\/'$/],
  ["-m web-[0-", /^ranges of numbers/],
  ["deploy web", /^deploy\/web; pod\/deploy is a pod of that name$/],
  ["pod web-0", /^pod\/web-0; /],
];

for (const [operand, hint] of ways) {
  Deno.test(`the way out of ${operand}`, async () => {
    const error = await selected(operand).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof BadValue);
    assert.match(commandHint((await badValueError(error)).hint ?? ""), hint);
  });
}

Deno.test("--from: a pod or a workload in each line; empty lines and comments count for nothing", () => {
  const text = "pod/web-0\n\n# the rest\r\n  deploy/api  \nweb-1";
  assert.deepEqual(namedPods({ name: "names", text }), {
    operands: [
      { kind: "pod", name: "web-0" },
      { kind: "workload", plural: "deployments", name: "api" },
      { kind: "pod", name: "web-1" },
    ],
    contexts: [],
    tookStdin: false,
  });
  assert.equal(namedPods({ name: "-", text }).tookStdin, true);
});

Deno.test("--from: what -o name, jsonl and json print of pods in several namespaces", () => {
  const place = { context: "prod", namespace: "storage", container: "agent" };
  const rows = [{ ...place, pod: "web-0", node: "n1", ip: "", restarts: 3 }, {
    ...place,
    namespace: "jobs",
    pod: "web-1",
  }];
  const operands = [{ kind: "pod", name: "web-0", ...place }, {
    kind: "pod",
    name: "web-1",
    ...place,
    namespace: "jobs",
  }];
  const jsonl = rows.map((one) => `${JSON.stringify(one)}\n`).join("");
  for (const text of [jsonl, JSON.stringify(rows, null, 2)]) {
    assert.deepEqual(namedPods({ name: "-", text }), {
      operands,
      contexts: ["prod"],
      tookStdin: true,
    });
  }
  const names = rows.map((one) => `${podName(one, true)}\n`).join("");
  assert.equal(names, "storage/web-0\njobs/pod/web-1\n");
  assert.deepEqual(namedPods({ name: "-", text: names }).operands, [
    { kind: "pod", name: "web-0", namespace: "storage" },
    { kind: "pod", name: "web-1", namespace: "jobs" },
  ]);
});

Deno.test("--from: what isn't the JSON of a pod is refused, with its line", () => {
  const bad = [
    '{"pod":',
    "{}",
    '{"pod":7}',
    '[{"name":"x"}]',
    "[",
    '{"pod":"a"}\n{"pod":"b","context":"c"}',
  ];
  for (const text of bad) {
    assert.throws(() => namedPods({ name: "f", text }), BadValue, text);
  }
});

Deno.test("--from reads pods as kubectl prints them as JSON, and refuses other objects and tables", () => {
  const pod = (name: string) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "n" },
  });
  const read = (value: unknown) => namedPods({ name: "-", text: JSON.stringify(value, null, 2) });
  const operand = (name: string) => ({ kind: "pod", name, namespace: "n" });
  assert.deepEqual(read(pod("a")).operands, [operand("a")]);
  const list = { apiVersion: "v1", kind: "List", items: [pod("a"), pod("b")] };
  assert.deepEqual(read(list).operands, [operand("a"), operand("b")]);
  const refused = (value: unknown) => assert.throws(() => read(value), BadValue);
  refused({ ...list, items: [pod("a"), { ...pod("b"), kind: "Node" }] });
  refused({ apiVersion: "v1", kind: "Status" });
  assert.throws(() => read({ ...list, items: [] }), { name: "NoMatchError" });
  assert.throws(() => namedPods({ name: "-", text: "NAME  READY\nweb-0  1/1\n" }), {
    name: "BadValue",
    message: /not the name of a pod/,
  });
});

Deno.test("--from: its contexts are those of the selection, within --context", () => {
  const file = { text: '{"pod":"a","context":"prod"}', name: "-" };
  const args = (context: string[]) =>
    resolveArgs(sample, {
      texts: new Map([["from", [joinContents(file)]], ["context", context]]),
      operands: [],
      trailing: undefined,
    }, { environment: () => undefined, spoken: "kodama sample" });
  const contexts = (given: string[]) =>
    (sample.resolve(args(given)) as ReturnType<typeof resolveSelection>).contexts;
  assert.deepEqual(contexts([]), ["prod"]);
  assert.deepEqual(contexts(["lab", "prod"]), ["prod"]);
  assert.throws(() => contexts(["lab"]), UsageError);
});

Deno.test("--from-run adds the pods of a run to those of --from and the operands; its parts need it", () => {
  const args = (given: Record<string, string[]>) =>
    resolveArgs(sample, {
      texts: new Map(Object.entries(given)),
      operands: ["a"],
      trailing: undefined,
    }, { environment: () => undefined, spoken: "kodama sample" });
  const run = [joinContents({ text: '{"pod":"c","namespace":"n","context":"k"}', name: "last" })];
  const from = [joinContents({ text: "b", name: "-" })];
  const selected = (given: Record<string, string[]>) =>
    sample.resolve(args(given)) as ReturnType<typeof resolveSelection>;
  const { selection, contexts } = selected({ "from": from, "from-run": run, "failed": ["true"] });
  assert.deepEqual(selection.operands, [
    { kind: "pod", name: "a" },
    { kind: "pod", name: "b" },
    { kind: "pod", name: "c", namespace: "n", context: "k" },
  ]);
  assert.deepEqual(contexts, ["k"]);
  for (const flag of ["failed", "skipped", "differing", "same-as"]) {
    assert.throws(() => selected({ [flag]: ["true"] }), {
      message: `--${flag} needs --from-run`,
    });
  }
});

Deno.test("--from a list without a name means no pod, and never all of them", () => {
  for (const text of ["", "\n\n", "# nothing\n"]) {
    assert.throws(() => namedPods({ name: "-", text }), {
      name: "NoMatchError",
      message: "standard input names no pod",
    });
  }
});

Deno.test("--from says which line is wrong", () => {
  assert.throws(
    () => namedPods({ name: "names", text: "web-0\nnodes/n1\n" }),
    (error) => error instanceof BadValue && error.source === "line 2 of names",
  );
});
