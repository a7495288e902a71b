/**
 * Command lines of `kubectl wait`, which `kodama wait` takes too, with the same result: the real kubectl judges, on any
 * cluster.
 */
import assert from "node:assert/strict";
import { runCommand } from "./command.ts";
import { KodamaInProcess } from "./kodama_in_process.ts";

const container = {
  name: "main",
  image: "busybox:1.36",
  imagePullPolicy: "IfNotPresent",
  command: ["sleep", "2147483647"],
};
const spec = { terminationGracePeriodSeconds: 0, dnsPolicy: "Default" };
const ports = [{ containerPort: 80 }, { containerPort: 443 }];
const manifests = `apiVersion: v1
kind: ConfigMap
metadata: { name: conf, annotations: { example.com/a: b } }
data: { app.properties: x, n: "3" }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec: { replicas: 1, selector: { matchLabels: { app: web } } }
`;
const objects: readonly Record<string, unknown>[] = [
  {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "conf", labels: { app: "conf" }, annotations: { "example.com/a": "b" } },
    data: { "app.properties": "x", n: "3", equation: "a=b", blank: "" },
  },
  {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "done" },
    spec: {
      template: {
        spec: {
          ...spec,
          restartPolicy: "Never",
          containers: [{ ...container, command: ["true"] }],
        },
      },
    },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "svc" },
    spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
  },
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: { ...spec, containers: [{ ...container, ports }, { ...container, name: "side" }] },
      },
    },
  },
  {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", labels: { app: "p", "example.com/tier": "db" } },
    spec: { ...spec, containers: [container] },
  },
];

/**
 * Args of `wait`, and its result: both end with 0 if it is met, and neither if not, or if the line is wrong. Where they
 * differ, as `docs/wait.md` says, it is kubectl's and then kodama's; `any` where
 * versions of kubectl differ.
 */
type Line = readonly [Result | `${Result | "any"}, ${Result}`, ...string[]];

type Result = "met" | "unmet" | "wrong";

/** All lines; `NAMESPACE` is that of the objects. */
export const waitLines: readonly Line[] = [
  // Conditions.
  ["met", "pod/p", "--for=condition=Ready"],
  ["met", "pod/p", "--for", "condition=Ready"],
  ["met", "pod", "p", "--for=condition=ready"],
  ["met", "pods/p", "--for=condition=READY=true"],
  ["met", "po/p", "--for=condition=Ready=True"],
  ["wrong", "pod/p", "--for=Condition=Ready"],
  ["unmet", "pod/p", "--for=condition=Ready=False"],
  ["unmet", "pod/p", "--for=condition=Ready=Unknown"],
  ["unmet", "pod/p", "--for=condition=NoSuch"],
  ["unmet", "cm/conf", "--for=condition=Ready"],
  ["met", "deploy/web", "--for=condition=Available"],
  ["met", "deployment", "web", "--for=condition=Available"],
  ["met", "deployments.apps/web", "--for=condition=Available"],
  ["met", "deployments.v1.apps/web", "--for=condition=Available"],
  ["met", "deploy/web", "pod/p", "--for=jsonpath={.metadata.name}"],
  ["met", "pod", "-l", "app=p", "--for=condition=Ready"],
  ["met", "pod", "--selector=app in (p,web)", "--for=condition=Ready"],
  ["met", "pods", "-l", "example.com/tier=db", "--for=condition=Ready"],
  ["met", "pods", "--all", "--for=condition=PodScheduled"],
  ["met", "pods,deployments", "--all", "--for=jsonpath={.metadata.uid}"],
  ["met", "pods", "--field-selector=metadata.name=p", "--for=condition=Ready"],
  ["met", "pods", "-l", "example.com/tier=db", "-A", "--for=jsonpath={.status.phase}=Running"],
  ["met", "pod/p", "-n", "NAMESPACE", "--for=condition=Ready"],
  ["wrong", "pod/p", "-n", "kube-public", "--for=condition=Ready"],
  ["wrong", "pods", "-l", "app=none", "--for=condition=Ready"],
  ["wrong", "pod/none", "--for=condition=Ready"],
  ["wrong", "nosuchkind/p", "--for=condition=Ready"],
  ["wrong", "pods", "--for=condition=Ready"],
  ["wrong", "--for=condition=Ready"],
  ["wrong", "pod/p", "--for=nonsense"],
  ["wrong", "pod/p", "--for="],
  ["wrong", "pod/p", "-l", "app=p", "--for=condition=Ready"],
  ["unmet, wrong", "pod/p", "--for=condition="],
  ["wrong", "pod/p", "--for=condition"],
  ["unmet", "pod/p", "--for=condition=Ready==True"],
  ["unmet", "pod/p", "--for=condition=Ready=tru"],
  ["met", "job/done", "--for=condition=complete"],
  ["unmet", "job/done", "--for=condition=Failed"],
  ["met", "jobs.v1.batch/done", "--for=condition=Complete"],
  ["wrong", "jobs.v2.batch/done", "--for=condition=Complete"],
  ["wrong", "deployments.extensions/web", "--for=condition=Available"],
  ["met", "nodes", "--all", "--for=condition=Ready"],
  ["met", "namespace/NAMESPACE", "--for=jsonpath={.status.phase}=Active", "-n", "kube-system"],
  ["wrong", "pod/p", "--for=condition=Ready", "-n", "nosuch"],
  ["wrong", "deploy/", "--for=condition=Available"],
  ["wrong", "deploy/web/x", "--for=condition=Available"],
  ["wrong, met", "DEPLOY/web", "--for=condition=Available"],
  // An object that is named twice is one object.
  ["met", "pod", "p", "p", "--for=condition=Ready"],
  ["met", "pod/p", "po/p", "pods.v1./p", "--for=condition=Ready"],
  ["met", "deploy/web", "deployments.apps/web", "--for=condition=Available"],
  ["met", "po,pods", "-l", "app=p", "--for=condition=Ready"],
  ["wrong", "pod", "p", "q", "--for=condition=Ready"],
  ["wrong", "pod/p", "p", "--for=condition=Ready"],
  ["met", "cm,pods", "-l", "app in (p,conf)", "--for=jsonpath={.metadata.name}"],
  ["wrong", "pod,deploy", "web", "--for=jsonpath={.metadata.name}"],
  ["wrong", "pod/p", "cm/none", "svc/svc", "--for=jsonpath={.metadata.name}"],
  ["met", "pod/p", "cm/conf", "svc/svc", "--for=jsonpath={.metadata.name}"],
  ["met", "pods", "-l", "app==p", "--for=condition=Ready"],
  ["met", "pods", "-l", "app,app!=web", "--for=condition=Ready"],
  ["met", "job", "-l", "!app", "--for=condition=Complete"],
  ["wrong", "pods", "-l", "app in", "--for=condition=Ready"],
  ["wrong", "pods", "-l", "=x", "--for=condition=Ready"],
  ["wrong", "pods", "--selector=", "--for=condition=Ready"],
  ["wrong", "pods", "--field-selector=nonsense=1", "--for=condition=Ready"],
  ["wrong", "pods", "-A", "--for=condition=Ready"],
  ["wrong", "pod/p", "-A", "--for=condition=Ready"],
  ["wrong", "pod/p", "--nonsense", "--for=condition=Ready"],
  ["wrong", "pod/p", "--context=nosuch", "--for=condition=Ready"],
  ["met, wrong", "pod/p", "--all", "--for=condition=Ready"],
  ["met, unmet", "pod/p", "--for=condition=NoSuch", "--for=condition=Ready"],

  // Paths.
  ["met", "pod/p", "--for=jsonpath={.status.phase}=Running"],
  ["met", "pod/p", "--for=jsonpath={.status.phase}='Running'"],
  ["met", "pod/p", '--for=jsonpath={.status.phase}="Running"'],
  ["met", "pod/p", "--for=jsonpath=.status.phase=Running"],
  ["met", "pod/p", "--for=jsonpath=status.phase=Running"],
  ["met", "pod/p", "--for=jsonpath={status.phase}=Running"],
  ["met", "pod/p", "--for=jsonpath={.status.phase}"],
  ["unmet", "pod/p", "--for=jsonpath={.status.phase}=Pending"],
  ["unmet", "pod/p", "--for=jsonpath={.status.phase}=running"],
  ["unmet", "pod/p", "--for=jsonpath={.status.nosuch}"],
  ["unmet", "pod/p", "--for=jsonpath={.status.nosuch}=x"],
  ["met", "deploy/web", "--for=jsonpath={.status.readyReplicas}=1"],
  ["met", "deploy/web", "--for=jsonpath={.spec.replicas}=1"],
  ["met", "pod/p", '--for=jsonpath={.status.conditions[?(@.type=="Ready")].status}=True'],
  ["met", "pod/p", "--for=jsonpath={.status.conditions[?(@.type=='Ready')].status}=True"],
  ["met", "pod/p", '--for=jsonpath=.status.conditions[?(@.type=="Ready")].status=True'],
  ["met", "pod/p", '--for=jsonpath={.status.conditions[?(@.type == "Ready")].status}'],
  ["unmet", "pod/p", '--for=jsonpath={.status.conditions[?(@.type=="Ready")].status}=False'],
  ["unmet", "pod/p", '--for=jsonpath={.status.conditions[?(@.type=="No")].status}=True'],
  [
    "met",
    "deploy/web",
    '--for=jsonpath={.spec.template.spec.containers[?(@.name=="side")].image}=busybox:1.36',
  ],
  ["met", "deploy/web", "--for=jsonpath={.spec.template.spec.containers[0].name}=main"],
  ["met", "deploy/web", "--for=jsonpath={.spec.template.spec.containers[-1].name}=side"],
  ["met", "deploy/web", "--for=jsonpath={.spec.template.spec.containers[1:].name}=side"],
  ["met", "cm/conf", String.raw`--for=jsonpath={.data.app\.properties}=x`],
  ["met", "cm/conf", String.raw`--for=jsonpath={.data['app\.properties']}=x`],
  ["met", "cm/conf", String.raw`--for=jsonpath={.metadata.annotations.example\.com/a}=b`],
  ["unmet", "cm/conf", String.raw`--for=jsonpath={.metadata.annotations.example\.com/a}=c`],
  ["met", "pod/p", String.raw`--for=jsonpath={.metadata.labels.example\.com/tier}=db`],
  [
    "met",
    "deploy/web",
    String.raw`--for=jsonpath={.metadata.annotations.deployment\.kubernetes\.io/revision}=1`,
  ],
  ["met", "cm/conf", "--for=jsonpath={.data.n}=3"],
  ["met", "cm/conf", "--for=jsonpath={..n}=3"],
  ["wrong", "pod/p", "--for=jsonpath={.status.phase}="],
  ["wrong", "pod/p", "--for=jsonpath="],
  ["wrong", "pod/p", "--for=jsonpath={.a[}"],
  ["wrong", "pod/p", '--for=jsonpath={.status.conditions[?(@.type=="Ready"]}'],
  ["wrong", "pod/p", "--for=jsonpath={.status.phase"],
  ["met", "deploy/web", "--for=jsonpath={.spec.template.spec.containers}"],
  ["unmet", "deploy/web", "--for=jsonpath={.spec.paused}"],
  ["unmet", "deploy/web", "--for=jsonpath={.spec.paused}=false"],
  ["unmet", "deploy/web", "--for=jsonpath={.spec.replicas}=1.0"],
  ["met", "deploy/web", '--for=jsonpath={.spec.replicas}="1"'],
  ["met", "pod/p", "--for=jsonpath={.status.containerStatuses[0].ready}=true"],
  ["unmet", "pod/p", "--for=jsonpath={.status.containerStatuses[0].ready}=True"],
  ["met", "pod/p", "--for=jsonpath={.status.containerStatuses[*].ready}=true"],
  ["met", "deploy/web", "--for=jsonpath={.spec.template.spec.containers[:1].name}=main"],
  ["met", "deploy/web", "--for=jsonpath={.spec.template.spec.containers[?(@.ports)].name}=main"],
  [
    "met",
    "deploy/web",
    "--for=jsonpath={.spec.template.spec.containers[0].ports[?(@.containerPort<100)].containerPort}=80",
  ],
  [
    "met",
    "deploy/web",
    "--for=jsonpath={.spec.template.spec.containers[?(@.ports[0].containerPort==80)].name}=main",
  ],
  ["met", "svc/svc", "--for=jsonpath={.spec.clusterIP}"],
  ["unmet", "svc/svc", "--for=jsonpath={.status.loadBalancer.ingress}"],
  ["unmet", "svc/svc", "--for=jsonpath={.status.loadBalancer.ingress[0].ip}"],
  ["met", "cm/conf", "--for=jsonpath={.data.blank}"],
  ["met", "cm/conf", "--for=jsonpath={.data}"],
  ["wrong", "pod/p", "--for=jsonpath={}"],
  ["wrong", "pod/p", "--for=jsonpath"],
  ["wrong", "pod/p", "--for=JSONPATH={.status.phase}"],
  ["wrong", "pod/p", "--for=jsonpath={.status.phase}x=Running"],
  ["wrong", "pod/p", "--for=jsonpath={.status.phase},{.metadata.name}=p"],
  ["wrong", "deploy/web", "--for=jsonpath={range .status.conditions[*]}{.type}{end}=x"],

  // Other than kubectl, kodama takes quotes around a path that no shell has removed, and more operators.
  ["wrong, met", "pod/p", "--for=jsonpath='{.status.phase}'=Running"],
  ["wrong, met", "pod/p", '--for=jsonpath={.status.conditions[?(@.type!="Ready")].status}=True'],
  ["wrong, met", "pod/p", '--for=jsonpath={.metadata["name"]}=p'],
  ["wrong, met", "pod/p", "--for=jsonpath={.status.conditions[*].status}=True"],
  ["wrong, met", "pod/p"],
  ["wrong, met", "cm/conf", "--for=jsonpath={.data.equation}=a=b"],
  ["wrong, met", "deploy/web", "--for=jsonpath={.spec.template.spec.containers[*].name}"],
  ["wrong, unmet", "deploy/web", "--for=jsonpath={.spec.template.spec.containers[*].name}=main"],
  ["wrong, unmet", "deploy/web", "--for=jsonpath={.spec.template.spec.containers[9].name}=main"],
  ["unmet, met", "pod/p", "--for=jsonpath={$.status.phase}=Running"],

  // Creation, deletion, files, outputs and times.
  ["met", "pod/p", "--for=create"],
  ["met", "pod/none", "--for=delete"],
  ["met", "pod/none", "--for=DELETE"],
  ["unmet", "pod/p", "--for=delete"],
  ["met", "pods", "-l", "app=none", "--for=delete"],
  ["met", "-f", "app.yaml", "--for=jsonpath={.metadata.name}"],
  ["met", "--filename=app.yaml", "--for=create"],
  ["unmet", "-f", "app.yaml", "--for=condition=Available"],
  ["met", "-f", "folder", "--for=jsonpath={.data.n}=3"],
  ["met", "-f", "-", "--for=jsonpath={.metadata.name}"],
  ["wrong", "-f", "none.yaml", "--for=create"],
  ["wrong", "-f", "app.yaml", "pod/p", "--for=create"],
  ["wrong", "-f", "app.yaml", "-n", "kube-public", "--for=jsonpath={.metadata.name}"],
  ["met", "all", "--all", "--for=jsonpath={.metadata.name}"],
  ["met", "pod/p", "--for=condition=Ready", "--timeout=-1s"],
  ["met", "pod/p", "--for=condition=Ready", "--timeout=-1m"],
  ["met", "pod/p", "--for=condition=Ready", "--timeout=0"],
  ["met", "pod/p", "--for=condition=Ready", "--timeout=0s"],
  ["met", "pod/p", "--for=condition=Ready", "--timeout=1m30s"],
  ["unmet", "pod/p", "--for=condition=NoSuch", "--timeout=300ms"],
  ["wrong", "pod/p", "--for=condition=Ready", "--timeout=soon"],
  ["met", "pod/p", "deploy/web", "cm/conf", "--for=jsonpath={.metadata.uid}", "-o", "name"],
  ["met", "pod/p", "--for=Create"],
  ["wrong", "pod/p", "--for=created"],
  ["wrong", "pod/p", "--for=delete=x"],
  ["unmet", "pod/none", "--for=create"],
  ["unmet", "cm,svc", "conf", "--for=create"],
  ["met", "pods", "-l", "app=p", "--for=create"],
  ["any, unmet", "pods", "-l", "app=none", "--for=create"],
  // Of several kinds, one object that exists is enough.
  ["met", "all", "--all", "--for=create"],
  ["met", "all", "-l", "app=web", "--for=create"],
  ["met", "pods,statefulsets", "-l", "app=p", "--for=create"],
  ["unmet", "pods,statefulsets", "-l", "app=p", "--for=delete"],
  ["met", "statefulsets,daemonsets", "--all", "--for=delete"],
  ["met", "pod/none", "cm/none", "--for=delete"],
  ["unmet", "pod/none", "pod/p", "--for=delete"],
  ["met", "pod/p", "--for=delete", "-n", "nosuch"],
  ["wrong", "nosuch.example.com/x", "--for=delete"],
  ["wrong", "nosuchkind/x", "--for=create"],
  ["wrong", "pods", "--for=delete"],
  ["met", "-f", "app.yaml,folder", "--for=jsonpath={.metadata.name}"],
  ["met", "-f", "app.yaml", "-f", "app.yaml", "--for=create"],
  ["met", "-f", "gone.json", "--for=delete"],
  ["wrong, unmet", "-f", "gone.json", "--for=create"],
  ["wrong", "-f", "gone.json", "--for=condition=Ready"],
  ["wrong", "-f", "empty.yaml", "--for=condition=Ready"],
  ["met, wrong", "-R", "-f", "folder", "--for=create"],
  ["met, wrong", "-f", "fold*/*.yml", "--for=create"],
  ["met, wrong", "-f", "app.yaml", "--all", "--for=create"],
  ["wrong", "-k", "folder", "--for=create"],
  ["met, wrong", "pod/p", "--for=create", "-o", "yaml"],
  ["met, wrong", "pod/p", "--for=create", "-o", "jsonpath={.metadata.name}"],
  ["wrong", "pod/p", "--for=create", "-o", "wide"],
  ["met", "pod/p", "--for=create", "-o", "json"],
  ["met", "deploy/web", "--for=create", "-oname"],
  ["unmet", "pod/p", "--for=delete", "-o", "name"],
  ["met", "pod/p", "--for=create", "--timeout=.5s"],
  ["met", "pod/p", "--for=create", "--timeout=+5s"],
  ["met", "pod/p", "--for=create", "--timeout=-0s"],
  ["met", "pod/p", "--for=create", "--timeout=0s0m"],
  ["met", "pod/p", "--for=create", "--timeout=1000h"],
  ["met", "pod/p", "--for=create", "--timeout", "-1000h"],
  ["wrong", "pod/p", "--for=create", "--timeout=10"],
  ["wrong", "pod/p", "--for=create", "--timeout=-1"],
  ["wrong", "pod/p", "--for=create", "--timeout="],
  ["wrong, met", "pod/p", "--for=create", "--timeout=1d"],
];

/** The cluster, and a namespace for the objects, which has no others. */
export interface WaitLinesOn {
  /** The program. */
  kubectl: string;
  /** The environment of both programs. */
  env: Readonly<Record<string, string>>;
  namespace: string;
  /** For manifests. */
  folder: string;
}

/** Runs all lines with kubectl and kodama. @returns what is wrong, a line each. */
export async function runWaitLines(
  { kubectl: program, env, namespace, folder: cwd }: WaitLinesOn,
): Promise<string[]> {
  const gone = { apiVersion: "v1", kind: "Pod", metadata: { name: "gone" } };
  const files = {
    "app.yaml": manifests,
    "folder/conf.yml": manifests.split("---")[0] ?? "",
    "folder/note.txt": "no manifest",
    "gone.json": JSON.stringify(gone),
    "empty.yaml": "# nothing\n",
  };
  await Deno.mkdir(`${cwd}/folder`, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${cwd}/${name}`, text);
  }
  const kodama = new KodamaInProcess(env);
  const kubectl = (args: readonly string[], stdin?: string) =>
    runCommand([program, ...args], { env, cwd, ...(stdin === undefined ? {} : { stdin }) });
  const list = { apiVersion: "v1", kind: "List", items: objects };
  const created = await kubectl(["create", "-n", namespace, "-f", "-"], JSON.stringify(list));
  assert.equal(created.code, 0, created.stderr);
  const names = ["deploy/web", "pod/p", "job/done"];
  await kodama.succeed(["wait", "-n", namespace, ...names, "--timeout=60s"]);
  const wrong: string[] = [];
  const rest = [...waitLines];
  await Promise.all(Array.from({ length: 4 }, async () => {
    for (let line = rest.shift(); line !== undefined; line = rest.shift()) {
      const [expected, ...words] = line;
      const args = [
        "wait",
        ...words.map((word) => word.replace("NAMESPACE", namespace)),
        ...(words.includes("-n") || words.includes("-A") ? [] : ["-n", namespace]),
        ...(words.some((word) => word.startsWith("--timeout")) ? [] : ["--timeout=0"]),
      ];
      const stdin = words.includes("-") ? { stdin: manifests } : {};
      const [theirs, ours] = await Promise.all([
        kubectl(args, stdin.stdin),
        kodama.run(args, { cwd, ...stdin }),
      ]);
      const found = `${resultOf(theirs)}, ${resultOf(ours)}`;
      const pair = expected.includes(",") ? expected : `${expected}, ${expected}`;
      if (found !== pair.replace("any", resultOf(theirs))) {
        wrong.push(`${args.join(" ")}: ${found}; ${theirs.stderr}${ours.stderr}`);
      }
      if (!words.includes("name") || found !== "met, met") continue;
      const [ids, own] = [theirs, ours].map(({ stdout }) => stdout.split("\n").toSorted());
      if (`${ids}` !== `${own}`) wrong.push(`${args.join(" ")}: ${ids}; ${own}`);
    }
  }));
  return wrong;
}

function resultOf({ code, stderr }: { code: number; stderr: string }): Result {
  if (code === 0) return "met";
  return /timed out waiting|condition not met/.test(stderr) ? "unmet" : "wrong";
}
