import { type Selection, wholeSelection } from "./target.ts";
import assert from "node:assert/strict";
import fc from "fast-check";
import { compareNatural, selectTargets } from "./selection.ts";
import type { Pod } from "../types.ts";

interface PodWords {
  containers?: string[];
  phase?: string;
  node?: string;
  age?: string;
  metadata?: Partial<Pod["metadata"]>;
  status?: Partial<Pod["status"]>;
  spec?: Partial<Pod["spec"]>;
}

function pod(name: string, words: PodWords = {}): Pod {
  const { containers = ["main"], phase = "Running", node = "n1" } = words;
  return {
    metadata: {
      name,
      namespace: "ns",
      creationTimestamp: words.age ?? "2026-01-01T00:00:00Z",
      ...words.metadata,
    },
    spec: { containers: containers.map((name) => ({ name })), nodeName: node, ...words.spec },
    status: { phase, podIP: "10.0.0.1", ...words.status },
  };
}

function select(pods: Pod[], changes: Partial<Selection> = {}, random: () => number = () => 0) {
  return selectTargets(pods, { ...wholeSelection, ...changes }, { context: "ctx", random });
}

const names = (pods: Pod[], changes: Partial<Selection> = {}, random?: () => number) =>
  select(pods, changes, random).targets.map((target) => target.pod);

const fleet = ["drive-10", "drive-2", "compute-1", "drive-1"].map((name) => pod(name));

Deno.test("a target is one container of a pod, with where it is", () => {
  assert.deepEqual(select([pod("a")]).targets, [
    { context: "ctx", namespace: "ns", pod: "a", container: "main", node: "n1", ip: "10.0.0.1" },
  ]);
});

Deno.test("a target has its pod's uid, which distinguishes a later pod of the name", () => {
  const [target] = select([pod("a", { metadata: { uid: "u-1" } })]).targets;
  assert.equal(target?.uid, "u-1");
});

Deno.test("an operand's containers are each a target, and --container names another", () => {
  const two = [pod("a", { containers: ["main", "side"] }), pod("b")];
  const operand = (container: string) => ({ kind: "pod" as const, name: "a", container });
  const operands = [operand("side"), operand("main"), operand("side"), {
    kind: "pod" as const,
    name: "b",
  }];
  const containers = (changes: Partial<Selection>) =>
    select(two, { operands, ...changes }).targets.map(({ pod, container }) =>
      `${pod}/${container}`
    );
  assert.deepEqual(containers({}), ["a/side", "a/main", "b/main"]);
  assert.deepEqual(containers({ container: "main" }), ["a/main", "b/main"]);
});

Deno.test("a named pod is a target in every state, and with any container: the server's answer is its outcome", () => {
  const pods = [
    pod("pending", { phase: "Pending", node: "" }),
    pod("done", { phase: "Succeeded" }),
    pod("going", { metadata: { name: "going", deletionTimestamp: "2026-01-01T00:00:00Z" } }),
    pod("plain"),
    pod("two", { containers: ["main", "side"] }),
  ];
  const named = ["pending", "going", "plain"].map((name) => ({ kind: "pod" as const, name }));
  const { targets, skipped } = select(pods, { operands: named });
  assert.deepEqual(targets.map((target) => target.pod), ["going", "pending", "plain", "two"]);
  assert.deepEqual(skipped.map((one) => one.pod), ["done"]);
  const inSide = select(pods, {
    operands: [...named, { kind: "pod", name: "two" }],
    container: "side",
  });
  assert.deepEqual(inSide.targets.map((target) => `${target.pod}/${target.container}`), [
    "going/side",
    "pending/side",
    "plain/side",
    "two/side",
  ]);
});

Deno.test("a text doesn't match by chance in the generated part of a name, or exclude by it", () => {
  const owned = (name: string, generateName: string, kind: string, hash?: string) =>
    pod(name, {
      metadata: {
        name,
        generateName,
        ownerReferences: [{ apiVersion: "apps/v1", kind, name: "x", uid: "u", controller: true }],
        ...(hash === undefined ? {} : { labels: { "pod-template-hash": hash } }),
      },
    });
  const pods = [
    owned("chatty-58579db948-hzg9b", "chatty-58579db948-", "ReplicaSet", "58579db948"),
    owned("dbs-v4kvx", "dbs-", "DaemonSet"),
    owned("db-0", "db-", "StatefulSet"),
    owned("web-10000", "web-", "StatefulSet"),
    pod("bare-db"),
    pod("a-db2"),
  ];
  const matching = (text: string) => names(pods, { match: [{ kind: "substring", text }] });
  assert.deepEqual(matching("db"), ["a-db2", "bare-db", "db-0", "dbs-v4kvx"]);
  assert.deepEqual(matching("kv"), []);
  assert.deepEqual(matching("0000"), ["web-10000"]);
  // Across both parts, or the generated part as a whole.
  for (const text of ["chatty-58", "y-", "58579db948", "hzg9b", "58579db948-hzg9b"]) {
    assert.deepEqual(matching(text), ["chatty-58579db948-hzg9b"], text);
  }
  const expression = { kind: "regExp" as const, regExp: /db9/ };
  assert.deepEqual(names(pods, { match: [expression] }), ["chatty-58579db948-hzg9b"]);
  const excluded = names(pods, { exclude: [{ kind: "substring", text: "db" }] });
  assert.deepEqual(excluded, ["chatty-58579db948-hzg9b", "web-10000"]);
});

Deno.test("the default container: the annotated one, else the first that isn't injected, else the first", () => {
  const container = (containers: string[], annotated?: string) =>
    select([pod("a", {
      containers,
      metadata: {
        name: "a",
        ...(annotated === undefined
          ? {}
          : { annotations: { "kubectl.kubernetes.io/default-container": annotated } }),
      },
    })]).targets[0]?.container;
  assert.equal(container(["main", "side"]), "main");
  assert.equal(container(["istio-proxy", "vault-agent", "main"]), "main");
  assert.equal(container(["linkerd-proxy"]), "linkerd-proxy");
  assert.equal(container(["istio-proxy", "main", "side"], "side"), "side");
  assert.equal(container(["main"], "gone"), "main");
});

Deno.test("an annotation that names none of several containers is an error of its pod; another default is noted", () => {
  const key = "kubectl.kubernetes.io/default-container";
  const targetOf = (containers: string[], options: { annotated?: string; init?: string } = {}) => {
    const { annotated, init } = options;
    const annotations = annotated === undefined ? {} : { annotations: { [key]: annotated } };
    const spec = init === undefined ? {} : { initContainers: [{ name: init }] };
    const [target] = select([pod("a", { containers, spec, metadata: annotations })]).targets;
    return [target?.container, target?.outOf?.join(" "), target?.trouble];
  };
  assert.deepEqual(targetOf(["main", "side"]), ["main", "main side", undefined]);
  assert.deepEqual(targetOf(["main"]), ["main", undefined, undefined]);
  assert.deepEqual(targetOf(["main", "side"], { annotated: "side" }), [
    "side",
    undefined,
    undefined,
  ]);
  assert.deepEqual(targetOf(["main"], { init: "sidecar", annotated: "sidecar" }).slice(0, 2), [
    "sidecar",
    undefined,
  ]);
  assert.deepEqual(targetOf(["main", "side"], { annotated: "gone" }), [
    "gone",
    undefined,
    `has no container "gone", which its annotation ${key} names (it has main, side)`,
  ]);
  const named = select([pod("a", { containers: ["main", "side"] })], { container: "side" });
  assert.equal(named.targets[0]?.outOf, undefined);
});

Deno.test("match is any of them, exclude none of them, text or expression", () => {
  const text = (text: string) => ({ kind: "substring" as const, text });
  const expression = (regExp: RegExp) => ({ kind: "regExp" as const, regExp });
  assert.deepEqual(names(fleet, { match: [text("drive"), text("comp")] }).length, 4);
  assert.deepEqual(names(fleet, { match: [text("drive")], exclude: [expression(/1/)] }), [
    "drive-2",
  ]);
  assert.deepEqual(names(fleet, { match: [expression(/-1$/g)] }), ["compute-1", "drive-1"]);
});

Deno.test("names sort as a person counts, then by age or node", () => {
  assert.deepEqual(names(fleet), ["compute-1", "drive-1", "drive-2", "drive-10"]);
  const aged = [pod("a", { age: "2026-03-01T00:00:00Z" }), pod("b"), pod("c")];
  assert.deepEqual(names(aged, { sort: "age" }), ["b", "c", "a"]);
  const placed = [pod("a", { node: "n10" }), pod("b", { node: "n2" })];
  assert.deepEqual(names(placed, { sort: "node" }), ["b", "a"]);
  assert.deepEqual(names(placed, { node: "n2" }), ["b"]);
});

Deno.test("the natural order is an order: total, and the same in every direction", () => {
  const name = fc.stringMatching(/^[a-b0-2-]{0,6}$/);
  fc.assert(fc.property(name, name, name, (a, b, c) => {
    assert.equal(Math.sign(compareNatural(a, b)), -Math.sign(compareNatural(b, a)) || 0);
    assert.equal(compareNatural(a, b) === 0, a === b);
    if (compareNatural(a, b) < 0 && compareNatural(b, c) < 0) assert.ok(compareNatural(a, c) < 0);
  }));
});

Deno.test("a sample has N different targets in order; a shuffled one in any order", () => {
  const pods = Array.from({ length: 20 }, (_, index) => pod(`p-${index}`));
  const all = names(pods);
  fc.assert(
    fc.property(
      fc.nat(25),
      fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
      (sample, stream) => {
        const random = () => stream.next().value ?? 0;
        const some = names(pods, { sample }, random);
        assert.equal(some.length, Math.min(sample, 20));
        assert.deepEqual(
          some,
          all.filter((name) => some.includes(name)),
        );
        assert.deepEqual(names(pods, { shuffle: true }, random).toSorted(compareNatural), all);
      },
    ),
  );
  assert.notDeepEqual(names(pods, { shuffle: true }), all);
});

Deno.test("the default container: the annotation where it names one, else the first", () => {
  const annotated = (value: string) =>
    pod("a", {
      containers: ["proxy", "app"],
      metadata: { annotations: { "kubectl.kubernetes.io/default-container": value } },
    });
  const container = (one: Pod) => select([one]).targets[0]?.container;
  assert.equal(container(annotated("app")), "app");
  assert.equal(container(annotated("gone")), "gone");
  assert.equal(container(pod("a", { containers: ["x", "y"] })), "x");
});

Deno.test("init and ephemeral containers may be named", () => {
  const running = (name: string) => ({
    name,
    state: { running: { startedAt: "2026-01-01T00:00:00Z" } },
    ready: true,
    restartCount: 0,
    image: "",
    imageID: "",
  });
  const pending = pod("a", {
    phase: "Pending",
    spec: { initContainers: [{ name: "setup" }] },
    status: { initContainerStatuses: [running("setup")] },
  });
  assert.equal(select([pending], { container: "setup" }).targets.length, 1);
  const debugged = pod("a", { spec: { ephemeralContainers: [{ name: "debug" }] } });
  assert.equal(select([debugged], { container: "debug" }).targets[0]?.container, "debug");
});

Deno.test("a container that no pod has is an error with those that are there", () => {
  assert.throws(() => select(fleet, { container: "agent" }), {
    kind: "noMatch",
    message: `none of the 4 pods that match has a container "agent"`,
    hint: "the containers are: main",
  });
  assert.throws(() => select([pod("a", { containers: ["x", "y"] })], { container: "agent" }), {
    message: `pod "a" has no container "agent"`,
    hint: "the containers are: x, y",
  });
});

Deno.test("a container that some pods lack skips those", () => {
  const pods = [pod("a"), pod("b", { containers: ["main", "agent"] })];
  assert.deepEqual(select(pods, { container: "agent" }).skipped, [
    { namespace: "ns", pod: "a", reason: `has no container "agent" (it has main)` },
  ]);
});

const status = (state: object, ready = false) => ({
  containerStatuses: [
    { name: "main", ready, state, restartCount: 0, image: "", imageID: "" },
  ],
});

const unusable: [Pod, string][] = [
  [
    pod("a", { phase: "Pending", status: status({ waiting: { reason: "ImagePullBackOff" } }) }),
    "is Pending: 0/1 containers ready, ImagePullBackOff",
  ],
  [
    pod("a", {
      phase: "Pending",
      status: { conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable" }] },
    }),
    "is Pending: 0/1 containers ready, Unschedulable",
  ],
  [pod("a", { phase: "Succeeded" }), "has completed"],
  [pod("a", { phase: "Failed", status: { reason: "Evicted" } }), "has failed: Evicted"],
  [
    pod("a", { phase: "Failed", status: status({ terminated: { exitCode: 1, reason: "Error" } }) }),
    "has failed: Error",
  ],
  [pod("a", { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } }), "is terminating"],
  [
    pod("a", { status: status({ waiting: { reason: "CrashLoopBackOff" } }) }),
    `container "main" is not running: CrashLoopBackOff`,
  ],
  [
    pod("a", { status: status({ terminated: { exitCode: 137, reason: "OOMKilled" } }) }),
    `container "main" is not running: OOMKilled (exit code 137)`,
  ],
  [
    pod("a", { phase: "Pending", status: status({ waiting: { reason: "\x1b]0;x\x07Bad\nOne" } }) }),
    "is Pending: 0/1 containers ready, Bad One",
  ],
];

for (const [one, reason] of unusable) {
  Deno.test(`skipped, unless all phases are wanted: ${reason}`, () => {
    assert.deepEqual(select([one]), {
      targets: [],
      skipped: [{ namespace: "ns", pod: "a", reason }],
    });
    assert.equal(select([one], { allPhases: true }).targets.length, 1);
  });
}
