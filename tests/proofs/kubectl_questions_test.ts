/**
 * What the question before a run of kubectl lists is what the run changes: command lines of the real kubectl on the
 * embedded cluster, whose audit log judges.
 */
import assert from "node:assert/strict";
import { confirmPlan, frozenPlan } from "../../src/actions/kubectl/confirm_plan.ts";
import { planKubectl } from "../../src/actions/kubectl/guard.ts";
import {
  type KubectlPreview,
  type PreviewedChange,
  previewKubectl,
} from "../../src/actions/kubectl/preview.ts";
import type { Host } from "../../src/actions/host.ts";
import { unless } from "../../src/base/testing/unless.ts";
import { resourceOf } from "../../src/gate/kubectl_rating.ts";
import { questionOf } from "../../src/present/kubectl_question.ts";
import { plainStyle } from "../../src/terminal/style.ts";
import { type AuditLine, isTrial, mayChange } from "../harness/audit_events.ts";
import { thisMachine } from "../harness/cluster_in_process.ts";
import { startTestCluster } from "../harness/embedded_cluster.ts";
import { hangTimeout } from "../harness/hang_limit.ts";
import { Kubectl, kubectlMissing } from "../harness/kubectl.ts";

/** A command line, and whether a policy that allows changes lets it run unasked. */
type Line = readonly [line: string, asked: "runs" | "asks"];

/** The forms in which verbs take objects, of kinds `KIND` and `OTHER`; with `MANIFESTS` those of the fixtures. */
const forms: readonly (readonly [form: string, asked: "runs" | "asks"])[] = [
  ["KIND a", "runs"],
  ["KIND/a", "runs"],
  ["KIND a b", "runs"],
  ["KIND/a KIND/b", "runs"],
  ["KIND/a OTHER/a", "runs"],
  ["KIND a nosuch b", "runs"],
  ["KIND/a KIND/nosuch", "runs"],
  ["KIND nosuch", "runs"],
  ["KIND", "asks"],
  ["KIND,OTHER", "asks"],
  ["KIND,OTHER a", "runs"],
  ["KIND -l app=x", "asks"],
  ["KIND,OTHER -l app=x", "asks"],
  ["KIND -l app=none", "asks"],
  ["KIND --all", "asks"],
  ["KIND --all -A", "asks"],
  ["KIND -A -l app=x", "asks"],
  ["KIND -A", "asks"],
  ["-f FOLDER/KIND.yaml", "runs"],
  ["-f FOLDER/KIND-list.json", "runs"],
  ["-f FOLDER/KIND-missing.yaml", "runs"],
  ["-f FOLDER/folder", "runs"],
  ["-f FOLDER/KIND.yaml -f FOLDER/KIND-list.json", "runs"],
  ["-R -f FOLDER/folder", "asks"],
  ["-k FOLDER/kustom", "asks"],
];

/** Returns the command lines of a verb; `more` comes behind the objects. */
function linesOf(verb: string, kinds: string, more = ""): Line[] {
  const [kind = "", other = ""] = kinds.split(" ");
  return forms.map(([form, asked]): Line => [
    `${verb} ${form} ${more}`.trim().replaceAll("KIND", kind).replaceAll("OTHER", other),
    asked,
  ]);
}

const groups: Readonly<Record<string, readonly Line[]>> = {
  label: linesOf("label", "cm deploy", "tier=new"),
  annotate: linesOf("annotate", "cm deploy", "owner=me"),
  delete: linesOf("delete", "cm deploy"),
  patch: linesOf("patch", "cm deploy", `-p {"metadata":{"labels":{"z":"1"}}}`),
  scale: linesOf("scale", "deploy deploy", "--replicas=3"),
  "set env": linesOf("set env", "deploy sts", "LEVEL=debug"),
  "set image": linesOf("set image", "deploy sts", "main=busybox:2"),
  "rollout restart": linesOf("rollout restart", "deploy sts"),
  "rollout pause": linesOf("rollout pause", "deploy deploy"),
  "rollout undo": linesOf("rollout undo", "deploy sts"),
  "set serviceaccount": linesOf("set serviceaccount", "deploy sts", "robot"),
  autoscale: linesOf("autoscale", "deploy sts", "--max 3"),
  expose: linesOf("expose", "deploy deploy", "--port 80"),
  "delete --now": linesOf("delete --now", "cm sts").map(([line]) => [line, "asks"]),
  "files and single verbs": [
    ...["apply", "create", "replace", "replace --force", "apply --server-side"].flatMap((verb) =>
      ([
        ["-f FOLDER/new.yaml", "runs"],
        ["-f FOLDER/mixed.yaml", "runs"],
        ["-f FOLDER/elsewhere.yaml", "runs"],
        ["-f FOLDER/deploy-list.json", "runs"],
        ["-f FOLDER/folder", "runs"],
        ["-f FOLDER/folder,FOLDER/new.yaml", "runs"],
        ["-Rf FOLDER/folder", "asks"],
        ["-k FOLDER/kustom", "asks"],
        ["-f FOLDER/fold*/*.yaml", "asks"],
      ] as const).map(([sources, asked]): Line => [
        `${verb} ${sources}`,
        verb.endsWith("--force") ? "asks" : asked,
      ])
    ),
    ["create -f FOLDER/generated.yaml", "runs"],
    ["create cm made --from-literal=a=b", "runs"],
    ["create deploy made --image=busybox:1.36 --replicas=0", "runs"],
    ["run made --image=busybox:1.36", "runs"],
    ["expose deploy a --port 80", "runs"],
    ["expose deploy a nosuch --port 80", "runs"],
    ["autoscale deploy a --max 3", "runs"],
    ["set resources deploy a b --limits cpu=1", "runs"],
    ["set serviceaccount deploy a b robot", "runs"],
    ["scale deploy a b --replicas=0", "asks"],
    ["taint nodes kodama a=b:PreferNoSchedule", "asks"],
    ["taint nodes kodama nosuch c=d:PreferNoSchedule", "asks"],
    ["taint nodes --all e=f:PreferNoSchedule", "asks"],
    ["cordon kodama nosuch", "runs"],
    ["cordon kodama", "runs"],
    ["uncordon nosuch", "runs"],
    ["uncordon kodama", "runs"],
    ["cordon -l kubernetes.io/hostname=kodama", "asks"],
    ["uncordon -l kubernetes.io/hostname=none", "asks"],
    ["uncordon -l kubernetes.io/hostname=kodama", "asks"],
    ["drain kodama --force --pod-selector=app=none", "asks"],
    ["uncordon node/kodama", "runs"],
    ["label ns NAMESPACE x=y", "asks"],
    ["delete ns NAMESPACE", "asks"],
  ],
};

/** The objects of one namespace. */
function fixtures(namespace: string): Record<string, unknown>[] {
  return ["a", "b", "c"].flatMap((name) => {
    const metadata = { name, namespace, ...(name === "c" ? {} : { labels: { app: "x" } }) };
    const labels = { app: `pods-${name}` };
    const template = {
      metadata: { labels },
      spec: { containers: [{ name: "main", image: "busybox:1.36", command: ["sleep", "1000"] }] },
    };
    const spec = { replicas: 0, selector: { matchLabels: labels }, template };
    return [
      { apiVersion: "v1", kind: "ConfigMap", metadata, data: { size: "1" } },
      { apiVersion: "apps/v1", kind: "Deployment", metadata, spec },
      { apiVersion: "apps/v1", kind: "StatefulSet", metadata, spec: { ...spec, serviceName: "s" } },
    ];
  });
}

const kindOf: Readonly<Record<string, string>> = {
  cm: "ConfigMap",
  deploy: "Deployment",
  sts: "StatefulSet",
};

/** Writes the files that command lines name. */
async function writeManifests(folder: string): Promise<void> {
  await Deno.mkdir(`${folder}/folder/deeper`, { recursive: true });
  await Deno.mkdir(`${folder}/kustom`);
  const named = (kind: string, name: string) => {
    const found = fixtures("").find((one) =>
      one.kind === kindOf[kind] && (one.metadata as { name: string }).name === name
    );
    const { metadata, ...rest } = found as { metadata: Record<string, unknown> };
    return { ...rest, metadata: { name: metadata.name, labels: metadata.labels } };
  };
  const yaml = (...objects: unknown[]) =>
    objects.map((one) => `# An object\n${JSON.stringify(one, undefined, 2)}\n`).join("---\n");
  for (const kind of Object.keys(kindOf)) {
    const [a, b, gone] = [named(kind, "a"), named(kind, "b"), named(kind, "a")];
    gone.metadata.name = "nosuch";
    const list = { apiVersion: "v1", kind: "List", items: [a, b] };
    await Deno.writeTextFile(`${folder}/${kind}.yaml`, yaml(a, b));
    await Deno.writeTextFile(`${folder}/${kind}-missing.yaml`, yaml(a, gone, b));
    await Deno.writeTextFile(`${folder}/${kind}-list.json`, JSON.stringify(list, undefined, "\t"));
  }
  await Deno.writeTextFile(`${folder}/folder/one.yaml`, yaml(named("deploy", "a")));
  await Deno.writeTextFile(`${folder}/folder/two.json`, JSON.stringify(named("deploy", "b")));
  await Deno.writeTextFile(`${folder}/folder/deeper/three.yml`, yaml(named("sts", "b")));
  await Deno.writeTextFile(`${folder}/folder/note.txt`, "no manifest");
  const config = (name: string, more = "") =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}${more} }\ndata: { size: "2" }\n`;
  const files = {
    new: config("new"),
    mixed: [config("a"), config("new"), config("b")].join("---\n"),
    elsewhere: [config("a"), config("b", ", namespace: nosuch"), config("c")].join("---\n"),
    generated: config("x").replace("name: x", "generateName: made-"),
  };
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${folder}/${name}.yaml`, text);
  }
  await Deno.writeTextFile(`${folder}/kustom/base.yaml`, yaml(named("deploy", "b")));
  await Deno.writeTextFile(`${folder}/kustom/kustomization.yaml`, "resources: [base.yaml]\n");
}

/** Returns what a preview lists, as `patch deployments/NAMESPACE/NAME`. */
function listedOf(
  preview: KubectlPreview,
  isServerSide: boolean,
): { certain: string[]; possible: string[] } {
  if (preview.kind === "nodes") {
    const nodes = preview.nodes.map(({ name }) => `change nodes//${name}`);
    return { certain: nodes, possible: nodes };
  }
  if (preview.kind !== "objects") return { certain: [], possible: [] };
  const verbs: Readonly<Record<PreviewedChange["effect"], readonly string[]>> = {
    create: isServerSide ? ["change"] : ["create"],
    change: ["change"],
    replace: ["delete", "create"],
    delete: ["delete"],
    none: ["change"],
  };
  const named = preview.objects.flatMap(({ name, namespace = "", effect }) => {
    const [kind = "", object = ""] = name.split("/");
    return verbs[effect].map((verb) => {
      // The name of a created object isn't part of its request's line.
      const last = verb === "create" ? "" : `/${object}`;
      return { text: `${verb} ${resourceOf(kind)}/${namespace}${last}`, effect };
    });
  });
  return {
    certain: named.filter(({ effect }) => effect !== "none").map(({ text }) => text).toSorted(),
    possible: named.map(({ text }) => text),
  };
}

/** Returns what requests have changed, in the same form. */
function changedBy(requests: readonly AuditLine[]): string[] {
  const done = requests.filter((line) =>
    mayChange(line) && !isTrial(line) && (line.responseStatus?.code ?? 0) < 300
  );
  const verbs: Readonly<Record<string, string>> = { patch: "change", update: "change" };
  return [
    ...new Set(done.map(({ verb, objectRef = {} }) => {
      const { resource = "", name } = objectRef;
      // A namespace counts as within itself.
      const namespace = resource === "namespaces" ? "" : objectRef.namespace ?? "";
      const last = verb === "create" ? "" : `/${name ?? ""}`;
      return `${verbs[verb] ?? verb} ${resource}/${namespace}${last}`;
    })),
  ].toSorted();
}

const missing = await kubectlMissing();

for (const [group, lines] of Object.entries(groups)) {
  Deno.test({
    ...unless(missing, `the question of ${group} lists what it changes: ${lines.length} lines`),
    fn: async (t) => {
      const requests: AuditLine[] = [];
      await using cluster = await startTestCluster("empty", {
        audit: (line) => {
          if (line.userAgent.startsWith("kubectl/")) requests.push(line as AuditLine);
        },
      });
      const folder = `${cluster.folder}/manifests`;
      await writeManifests(folder);
      const config = `${cluster.folder}/home/.kodama`;
      await Deno.mkdir(config);
      await Deno.writeTextFile(`${config}/config.yaml`, "gate: { contexts: { '*': allow } }\n");
      await using machine = openMachine(cluster.env);
      const kubectl = Kubectl.on(cluster);
      // Lines of all namespaces come last, one after the other.
      const order = lines.toSorted(([a], [b]) => Number(isWide(a)) - Number(isWide(b)));
      const rest = order.map(([line, asked], at) => ({ line, asked, namespace: `n${at}` }));
      const namespaces = rest.map(({ namespace: name }) => ({
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name },
      }));
      const items = [...namespaces, ...rest.flatMap(({ namespace }) => fixtures(namespace))];
      const created = await kubectl.run(
        ["create", "-f", "-"],
        JSON.stringify({ apiVersion: "v1", kind: "List", items }),
      );
      assert.equal(created.code, 0, created.stderr);
      for (const { line, asked, namespace } of rest) {
        await t.step(line, async () => {
          const args = [...line.replaceAll("FOLDER", folder).split(" "), "-n", namespace]
            .map((arg) => arg.replace("NAMESPACE", namespace));
          await compare(machine.host, requests, args, asked);
        });
      }
    },
  });
}

function isWide(line: string): boolean {
  return / -A( |$)/.test(line);
}

function openMachine(env: Readonly<Record<string, string>>) {
  const host = thisMachine(env);
  return {
    host,
    async [Symbol.asyncDispose]() {
      await (await host.kube())[Symbol.asyncDispose]();
    },
  };
}

/** Compares what a question lists with what its command line then changes. */
async function compare(
  host: Host,
  requests: AuditLine[],
  args: readonly string[],
  asked: "runs" | "asks",
): Promise<void> {
  const kubectl = await host.kubectl();
  const signal = AbortSignal.timeout(50_000);
  const readInput = () => Promise.reject(new Error("no standard input"));
  const planned = await planKubectl(host, args, { readInput, isConfirmed: false });
  const plan = planned.decision === "run" ? planned : await frozenPlan(kubectl, planned, signal);
  assert.equal(plan.decision, asked === "runs" ? "run" : "ask");
  requests.length = 0;
  const preview = await previewKubectl(host, kubectl, plan, signal);
  // A deletion's dry run is in its body, which is in no audit log: that all is deleted afterwards shows that none was.
  const early = requests.filter(({ verb }) => verb !== "delete");
  assert.deepEqual(changedBy(early), [], "the question itself");
  requests.length = 0;
  const { stdout, stderr } = await kubectl.read(plan.args, {
    stderr: "read",
    maxBytes: 1e6,
    signal,
    ...(plan.input === undefined ? {} : { input: plan.input }),
  });
  const { certain, possible } = listedOf(preview, args.includes("--server-side"));
  const changed = changedBy(requests);
  const message = `${JSON.stringify(preview)}\n${stdout}${stderr}`;
  assert.deepEqual(changed.filter((one) => !possible.includes(one)), [], `not listed: ${message}`);
  assert.deepEqual(certain.filter((one) => !changed.includes(one)), [], `not changed: ${message}`);
  const { text, whole = text } = questionOf(plan, preview, { style: plainStyle });
  if (preview.kind === "objects") {
    for (const { name } of preview.objects) assert.ok(whole.includes(name), whole);
    // Whatever fails is said.
    assert.equal(stderr.includes("nosuch") && !whole.includes("nosuch"), false, whole);
  } else if (preview.kind === "unknown") assert.match(whole, /^ {2}objects {4}/m);
}

Deno.test({
  ...unless(
    missing,
    "a yes applies the manifests that were shown, whatever their files are by then",
  ),
  fn: async (t) => {
    await using cluster = await startTestCluster("empty");
    await using machine = openMachine(cluster.env);
    const { host } = machine;
    const kubectl = await host.kubectl();
    const { signal } = new AbortController();
    const config = (name: string, size: string) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { size: "${size}" }\n`;
    const folder = `${cluster.folder}/manifests`;
    await Deno.mkdir(`${folder}/kustom`, { recursive: true });
    const path = `${folder}/kustom/base.yaml`;
    await Deno.writeTextFile(`${folder}/kustom/kustomization.yaml`, "resources: [base.yaml]\n");
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      async () => new Response(await Deno.readTextFile(path)),
    );
    const address = `http://127.0.0.1:${server.addr.port}/base.yaml`;
    const sources = [
      `-f ${path}`,
      `-k ${folder}/kustom`,
      `-f ${address}`,
      `-R -f ${folder}/kustom`,
    ];
    for (const [at, source] of sources.entries()) {
      await t.step(source.replace(folder, "FOLDER").replace(/:\d+/, ""), async () => {
        // kubectl reads every file of a folder.
        if (source.startsWith("-R")) await Deno.remove(`${folder}/kustom/kustomization.yaml`);
        await Deno.writeTextFile(path, config(`shown-${at}`, "1"));
        const plan = await planKubectl(host, ["apply", ...source.split(" ")], {
          readInput: () => Promise.reject(new Error("no standard input")),
          isConfirmed: false,
        });
        const shown: string[] = [];
        const confirmed = await confirmPlan(host, kubectl, plan, {
          signal,
          ask: async ({ preview }) => {
            shown.push(...listedOf(preview, false).certain);
            await Deno.writeTextFile(path, config(`swapped-${at}`, "1"));
            return true;
          },
        });
        assert.deepEqual(shown, ["create configmaps/default"]);
        const { args = [], input } = confirmed?.plan ?? {};
        const { stdout } = await kubectl.read(args, {
          stderr: "pass",
          maxBytes: 1e6,
          signal,
          ...(input === undefined ? {} : { input }),
        });
        assert.equal(stdout, `configmap/shown-${at} created\n`);
      });
    }
  },
});

Deno.test({
  ...unless(missing, "a question shows the revision of an undo, and what is in a namespace"),
  fn: async () => {
    await using cluster = await startTestCluster("empty");
    await using machine = openMachine(cluster.env);
    const { host } = machine;
    const program = await host.kubectl();
    const kubectl = Kubectl.on(cluster);
    const questionAbout = async (...args: string[]) => {
      const readInput = () => Promise.reject(new Error("no standard input"));
      const plan = await planKubectl(host, args, { readInput, isConfirmed: false });
      const preview = await previewKubectl(host, program, plan, new AbortController().signal);
      return questionOf(plan, preview, { style: plainStyle }).text;
    };
    const items = [
      { apiVersion: "v1", kind: "Namespace", metadata: { name: "web" } },
      ...fixtures("web"),
    ];
    await kubectl.apply({ apiVersion: "v1", kind: "List", items });
    const isRolledOut = () => kubectl.ok("rollout", "status", "deploy/a", "-n", "web", hangTimeout);
    await isRolledOut();
    await kubectl.ok("set", "image", "deploy/a", "main=busybox:2", "-n", "web");
    await isRolledOut();
    const undo = await questionAbout("rollout", "undo", "deploy/a", "-n", "web");
    assert.match(undo, / {2}changes {4}deployment\.apps\/a\n/);
    assert.deepEqual(
      undo.split("\n").filter((line) => /^ {4}[-+]/.test(line)).map((line) => line.trim()),
      [
        "-           image: busybox:2",
        "+           image: busybox:1.36",
      ],
    );
    const deletion = await questionAbout("delete", "ns", "web");
    assert.match(
      deletion,
      / {2}with {7}namespace\/web: .*configmap \(3\).*deployment\.apps \(3\).*statefulset\.apps \(3\)/,
    );
    const empty = await questionAbout("delete", "ns", "kube-public", "web");
    assert.match(empty, / {2}with {7}namespace\/kube-public: nothing is in it\n/);
  },
});
