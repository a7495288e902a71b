/**
 * Clusters as companies run them: what runs and schedules say of each rule, with the user's way out. Every refusal is one
 * error with the rule, within 30 s, and leaves nothing.
 */
import assert from "node:assert/strict";
import { TestFolder } from "../harness/test_folder.ts";
import type { SourceKodama } from "../harness/source_kodama.ts";
import { kodamaIn, startPods } from "./in_cluster_fixture.ts";
import { bringKodama } from "./kodama_image.ts";
import { injected, type Mutation, relabelled, serveMutation } from "./mutating_webhook.ts";
import { RealCluster, rigVariable, type TestNamespace } from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();
// Only a rig takes an image from this machine, and reaches a webhook on it.
const onRig = cluster !== undefined && Deno.env.get(rigVariable) !== undefined;

const workflow = `select: { selector: app=web }
steps:
  - id: hello
    exec: [sh, -c, "echo hello from $(hostname)"]
`;

const limitMs = 30_000;

/** A rule of a cluster. */
interface Rule {
  name: string;
  objects?: (namespace: string) => readonly Record<string, unknown>[];
  labels?: readonly string[];
  mutation?: Mutation;
  /** Args of a run and a schedule under it. */
  args?: readonly string[];
  /** The words of the refusal; none if it works as it is. */
  refusal?: RegExp;
  /** Settings with which it works then. */
  settings?: Readonly<Record<string, string>>;
  /** Settings of sessions with which a session breaks the rule. */
  broken?: Readonly<Record<string, string>>;
}

const policy = (namespace: string, expression: string, message: string) => [{
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingAdmissionPolicy",
  metadata: { name: namespace },
  spec: {
    failurePolicy: "Fail",
    matchConstraints: {
      resourceRules: [{
        apiGroups: [""],
        apiVersions: ["v1"],
        operations: ["CREATE"],
        resources: ["pods"],
      }],
    },
    validations: [{ expression, message }],
  },
}, {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingAdmissionPolicyBinding",
  metadata: { name: namespace },
  spec: {
    policyName: namespace,
    validationActions: ["Deny"],
    matchResources: {
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
    },
  },
}];

const core = (kind: string, spec: object) => () => [
  { apiVersion: "v1", kind, metadata: { name: kind.toLowerCase() }, spec },
];

const rules: readonly Rule[] = [
  { name: "Pod Security restricted", labels: ["pod-security.kubernetes.io/enforce=restricted"] },
  {
    name: "a quota that wants limits",
    objects: core("ResourceQuota", { hard: { "limits.cpu": "4", "limits.memory": "8Gi" } }),
  },
  {
    name: "a quota that is used up",
    objects: core("ResourceQuota", { hard: { pods: "2" } }),
    refusal:
      /exceeded quota: resourcequota, requested: pods=1, used: pods=2.*kubectl describe quota/s,
  },
  {
    name: "a range of limits",
    objects: core("LimitRange", {
      limits: [{ type: "Container", max: { cpu: "500m", memory: "512Mi" } }],
    }),
    refusal: /maximum cpu usage per Container is 500m.*kubectl describe limits/s,
    settings: {
      "runs.resources.cpu": "500m",
      "runs.resources.memory": "512Mi",
      "defaults.resources.cpu": "500m",
      "defaults.resources.memory": "512Mi",
    },
  },
  {
    name: "a policy on labels",
    objects: (namespace) =>
      policy(
        namespace,
        "has(object.metadata.labels) && 'cost-centre' in object.metadata.labels",
        "every object needs the label cost-centre",
      ),
    refusal: /every object needs the label cost-centre.*defaults\.labels/s,
    settings: { "defaults.labels": "{cost-centre: '42'}" },
  },
  {
    name: "a range of user ids",
    objects: (namespace) =>
      policy(
        namespace,
        "!has(object.spec.securityContext.runAsUser) || object.spec.securityContext.runAsUser >= 1000680000",
        "runAsUser: Invalid value: must be in the ranges: [1000680000, 1000689999]",
      ),
    refusal: /must be in the ranges.*defaults\.runAsUser/s,
    settings: { "defaults.runAsUser": "1000680001" },
  },
  {
    name: "a policy on images",
    objects: (namespace) =>
      policy(
        namespace,
        "object.spec.containers.all(c, c.image.startsWith('registry.corp.example/'))",
        "images come from registry.corp.example",
      ),
    refusal: /images come from registry\.corp\.example/,
  },
  {
    name: "a missing account",
    args: ["--service-account", "nobody"],
    broken: { "defaults.serviceAccount": "nobody" },
    refusal: /service ?account "nobody" (?:doesn't exist in namespace|not found)/,
  },
  { name: "a proxy that is injected last", mutation: injected("last") },
  { name: "a proxy that is injected first", mutation: injected("first") },
  { name: "a platform that relabels", mutation: relabelled },
];

/** The objects of kodama in a namespace. */
async function objectsOf(namespace: TestNamespace): Promise<string[]> {
  const kinds =
    "jobs,cronjobs,configmaps,secrets,serviceaccounts,roles,rolebindings,persistentvolumeclaims";
  const found = await namespace.kubectl("get", kinds, "-o", "name");
  return found.split("\n").filter((name) => /\/kodama-/.test(name));
}

/** Runs kodama, which ends in time. */
async function timed(kodama: SourceKodama, args: readonly string[]) {
  const started = performance.now();
  const result = await kodama.run(args);
  const took = performance.now() - started;
  assert.ok(took < limitMs, `${args.join(" ")} took ${took} ms: ${result.stderr}`);
  return result;
}

Deno.test({
  name: "a run and a schedule under each rule of a cluster work, or are refused with the rule",
  ignore: !onRig,
  fn: async (context) => {
    assert.ok(cluster);
    await using folder = await TestFolder.open("kodama-in-cluster-rules-");
    const image = await bringKodama(folder.path);
    for (const rule of rules) {
      await context.step(rule.name, () => underRule(cluster, { rule, image, folder: folder.path }));
    }
  },
});

async function underRule(
  cluster: RealCluster,
  { rule, image, folder }: { rule: Rule; image: string; folder: string },
): Promise<void> {
  await using namespace = await cluster.namespace("rules");
  const { name } = namespace;
  const own = `${folder}/${name}`;
  const kodama = await kodamaIn(namespace, own);
  await startPods(namespace, 2);
  const objects = rule.objects?.(name) ?? [];
  for (const label of rule.labels ?? []) {
    await cluster.kubectl(["label", "namespace", name, label]);
  }
  for (const object of objects) await namespace.create(object);
  await using _served = rule.mutation === undefined
    ? undefined
    : await serveMutation(cluster, { namespace: name, folder: own, mutation: rule.mutation });
  await kodama.succeed(["config", "set", "runs.image", image]);
  await Deno.writeTextFile(`${own}/hello.yaml`, workflow);
  const args = [...rule.args ?? [], "--yes", "--trust", "-n", name];
  const run = ["run", `${own}/hello.yaml`, "--in-cluster", ...args];
  const add = ["schedule", "add", "nightly", `${own}/hello.yaml`, "--cron", "@yearly", ...args];
  assert.equal(await kodama.succeed(["exec", "web-0", "-n", name, "--", "hostname"]), "web-0\n");
  const start = ["start", "s1", "--no-sync", "--image", "debian:12", "--ttl", "20s", "-n", name];
  for (const [key, value] of Object.entries(rule.broken ?? {})) {
    await kodama.succeed(["config", "set", key, value]);
  }
  if (rule.refusal !== undefined) {
    for (const words of [run, [...run, "--detach"], add, start]) {
      const { code, stderr } = await timed(kodama, words);
      assert.notEqual(code, 0);
      assert.match(stderr, rule.refusal);
      assert.deepEqual(await objectsOf(namespace), []);
    }
    if (rule.settings === undefined) return;
    for (const [key, value] of Object.entries(rule.settings)) {
      await kodama.succeed(["config", "set", key, value]);
    }
  }
  const followed = await timed(kodama, run);
  assert.equal(followed.code, 0, followed.stderr);
  assert.match(followed.stdout, /result +ok/);
  await kodama.succeed(add);
  await namespace.kubectl("create", "job", "kodama-now", "--from=cronjob/kodama-nightly");
  const scheduled = await timed(kodama, ["runs", "follow", "now", "-n", name]);
  assert.equal(scheduled.code, 0, scheduled.stderr);
  const listed = await kodama.succeed(["runs", "list", "--in-cluster", "-n", name]);
  assert.equal(listed.match(/ ok/g)?.length, 2, listed);
  await kodama.succeed(["schedule", "remove", "nightly", "-n", name]);
  const started = await timed(kodama, start);
  assert.equal(started.code, 0, started.stderr);
  // It ends by itself, whatever runs beside it.
  const ended = [
    "jsonpath={..containerStatuses[?(@.name=='workspace')].state.terminated.exitCode}=0",
  ];
  await namespace.kubectl("wait", "pod/kodama-s1", `--for=${ended}`, "--timeout=60s");
  assert.match(await kodama.succeed(["list", "-n", name]), /^s1 +Stopped/m);
  await kodama.succeed(["resume", "s1", "-n", name]);
  await kodama.succeed(["delete", "s1", "--force", "--purge", "-n", name]);
}

Deno.test({
  name:
    "what holds a run up is said by follow, list, show and the schedule: an image that isn't there",
  ignore: !onRig,
  fn: async () => {
    assert.ok(cluster);
    await using folder = await TestFolder.open("kodama-in-cluster-rules-");
    await using namespace = await cluster.namespace("rules");
    const kodama = await kodamaIn(namespace, folder.path);
    await startPods(namespace, 1);
    await Deno.writeTextFile(`${folder.path}/hello.yaml`, workflow);
    const image = ["--image", "registry.corp.example/kodama:1", "--yes", "--trust"];
    const run = ["run", `${folder.path}/hello.yaml`, "--in-cluster", ...image];
    await using following = kodama.start(run);
    await following.writes(({ stderr }) => /waiting: .*registry\.corp\.example/.test(stderr));
    following.signal("SIGINT");
    const listed = await kodama.succeed(["runs", "list", "--in-cluster"]);
    const [, id = ""] = /^(\S+) .*running: .*(?:Pull|pull)/m.exec(listed) ?? [];
    assert.notEqual(id, "", listed);
    assert.match(
      await kodama.succeed(["runs", "show", "--in-cluster"]),
      /obstacle +.*(?:Pull|pull)/,
    );
    const added = [
      "schedule",
      "add",
      "nightly",
      `${folder.path}/hello.yaml`,
      "--cron",
      "* * * * *",
    ];
    await kodama.succeed([...added, ...image]);
    const active = "--for=jsonpath={.status.active}";
    await namespace.kubectl("wait", active, "cronjob/kodama-nightly", "--timeout=90s");
    const listing = async () => {
      for (;;) {
        const text = await kodama.succeed(["schedule", "list"]);
        if (/pull/i.test(text)) return text;
      }
    };
    assert.match(await listing(), /^nightly .* 1 +.*pull/im);
    assert.match((await kodama.run(["runs", "stop", id])).stderr, /stopped/);
    // A namespace with an unfinished run can be deleted.
    await kodama.succeed([...run, "--detach"]);
    await cluster.kubectl(["delete", "namespace", namespace.name, "--wait", "--timeout=60s"]);
  },
});
