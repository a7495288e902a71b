/** The embedded cluster and clients that others wrote: helm, stern, Python's, and an operator of controller-runtime. */
import assert from "node:assert/strict";
import { hangTimeout } from "../harness/hang_limit.ts";
import { runCommand, RunningCommand } from "../harness/command.ts";
import { startTestCluster, type TestCluster } from "../harness/embedded_cluster.ts";
import { Kubectl } from "../harness/kubectl.ts";
import { waitingPod } from "../harness/waiting_pod.ts";
import { ensureClients, sources } from "./clients.ts";

// deno-lint-ignore no-console -- a build of minutes says so
const clients = await ensureClients((line) => console.error(line));

function clientTest(
  name: string,
  body: (test: TestCluster, kubectl: Kubectl) => Promise<void>,
): void {
  Deno.test(name, async () => {
    await using test = await startTestCluster();
    await body(test, new Kubectl(test.env, test.folder));
  });
}

const chart: Readonly<Record<string, string>> = {
  "Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n",
  "values.yaml": "message: one\nreplicas: 1\nready: 'true'\n",
  "templates/settings.yaml": `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-settings
data:
  message: {{ .Values.message }}
`,
  "templates/service.yaml": `apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
spec:
  selector: { app: {{ .Release.Name }} }
  ports: [{ port: 80, targetPort: 8080 }]
`,
  "templates/deployment.yaml": `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels: { app: {{ .Release.Name }} }
  template:
    metadata:
      labels: { app: {{ .Release.Name }} }
      annotations:
        settings: {{ include (print $.Template.BasePath "/settings.yaml") . | sha256sum }}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: main
        image: busybox:1.36
        command: [sleep, "1000000"]
        envFrom:
        - configMapRef: { name: {{ .Release.Name }}-settings }
        readinessProbe:
          exec: { command: [ {{ .Values.ready | quote }} ] }
          periodSeconds: 1
`,
};

async function writeChart(folder: string): Promise<void> {
  await Deno.mkdir(`${folder}/web/templates`, { recursive: true });
  for (const [path, text] of Object.entries(chart)) {
    await Deno.writeTextFile(`${folder}/web/${path}`, text);
  }
}

clientTest(
  "helm: install and upgrade --wait, a failed upgrade, rollback, uninstall",
  async (test, kubectl) => {
    await writeChart(test.folder);
    const helm = (...args: string[]) =>
      runCommand([clients.helm, ...args], { env: test.env, cwd: test.folder });
    const ok = async (...args: string[]) => {
      const { code, stdout, stderr } = await helm(...args);
      assert.equal(code, 0, `helm ${args.join(" ")}: ${stderr}${stdout}`);
      return stdout;
    };
    const wait = ["--wait", "--timeout", "60s"];
    const messages = () => kubectl.ok("exec", "deploy/web", "--", "sh", "-c", "echo $message");
    const ready = () =>
      kubectl.ok("get", "deploy", "web", "-o", "jsonpath={.status.readyReplicas}");

    assert.match(await ok("install", "web", "./web", ...wait), /STATUS: deployed\nREVISION: 1/);
    assert.deepEqual([await messages(), await ready()], ["one", "1"]);

    await ok("upgrade", "web", "./web", "--set", "message=two,replicas=2", ...wait);
    assert.deepEqual([await messages(), await ready()], ["two", "2"]);

    // What never becomes ready doesn't replace what is.
    const failed = await helm(
      ...["upgrade", "web", "./web", "--set", "message=three,ready=false"],
      ...["--wait", "--timeout", "3s"],
    );
    assert.notEqual(failed.code, 0, failed.stdout);
    assert.match(failed.stderr, /UPGRADE FAILED/);
    assert.equal(await ready(), "1");

    await ok("rollback", "web", "1", ...wait);
    assert.deepEqual([await messages(), await ready()], ["one", "1"]);
    const history = JSON.parse(await ok("history", "web", "-o", "json")) as { status: string }[];
    assert.deepEqual(
      history.map(({ status }) => status),
      ["superseded", "superseded", "failed", "deployed"],
    );

    await ok("uninstall", "web", ...wait);
    assert.equal(
      await kubectl.ok("get", "deploy,rs,pod,svc,cm", "-l", "app=web", "-o", "name"),
      "",
    );
    assert.match(await kubectl.fails("get", "cm", "web-settings"), /NotFound/);
  },
);

clientTest(
  "stern: lines of a container before and after its restart, each once",
  async (test, kubectl) => {
    const script = "echo up; until [ -e /tmp/stop ]; do sleep 0.1; done; echo down";
    await kubectl.apply(waitingPod("talker", { command: ["sh", "-c", script] }));
    await kubectl.apply(waitingPod("other", { command: ["sh", "-c", `echo no; ${script}`] }));
    await kubectl.ok("wait", "--for=condition=Ready", "pod", "--all", hangTimeout);
    const words = [clients.stern, "talker", "--output", "raw", "--color", "never"];
    await using stern = new RunningCommand(words, { env: test.env });
    for (const ups of [1, 2, 3]) {
      await stern.writes(({ stdout }) => stdout.split("up\n").length === ups + 1);
      if (ups < 3) await kubectl.ok("exec", "talker", "--", "touch", "/tmp/stop");
    }
    assert.equal(stern.stdout, "up\ndown\nup\ndown\nup\n");
  },
);

clientTest("Python's client: lists, watches, patches, execs, micro times", async (test) => {
  const env = { ...test.env, PYTHONPATH: clients.pythonPackages };
  const { code, stdout, stderr } = await runCommand(
    ["python3", `${sources}python/client.py`],
    { env },
  );
  assert.deepEqual([code, stdout], [0, "ok\n"], stderr);
});

clientTest(
  "an operator by protobuf: leads, reconciles, and is followed by the next",
  async (test, kubectl) => {
    const start = (name: string) =>
      new RunningCommand([clients.operator, "--name", name], { env: test.env });
    const lease = (field: string) =>
      kubectl.ok("get", "lease", "operator", "-o", `jsonpath={.spec.${field}}`);
    const copy = (field: string) =>
      kubectl.ok("get", "cm", "source-copy", "-o", `jsonpath={.${field}}`);

    await using first = start("first");
    await first.writes(({ stdout }) => stdout.includes("leader first\n"));
    assert.match(await lease("renewTime"), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    const holder = await lease("holderIdentity");
    await kubectl.apply({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "source", labels: { operated: "yes" } },
      data: { text: "one" },
    });
    await first.writes(({ stdout }) => stdout.includes("created source-copy\n"));
    assert.deepEqual([await copy("data.text"), await copy("metadata.annotations.by")], [
      "one",
      "first",
    ]);
    await kubectl.ok(
      ...["wait", "--for=jsonpath={.message}=created by first", hangTimeout],
      ...["events", "--field-selector", "reason=Copied"],
    );

    await using second = start("second");
    await second.writes(({ stderr }) => stderr.includes("attempting to acquire leader lease"));
    first.signal("SIGKILL");
    await first.ended();
    await kubectl.ok("patch", "cm", "source", "-p", '{"data":{"text":"two"}}');
    await second.writes(({ stdout }) => stdout.includes("updated source-copy\n"));
    assert.ok(second.stdout.startsWith("leader second\n"), second.stdout);
    assert.notEqual(await lease("holderIdentity"), holder);
    assert.equal(await lease("leaseTransitions"), "1");
    assert.deepEqual([await copy("data.text"), await copy("metadata.annotations.by")], [
      "two",
      "second",
    ]);

    await kubectl.ok("delete", "cm", "source", hangTimeout);
    assert.ok(second.stdout.includes("released source\n"), second.stdout);
    await kubectl.ok("wait", "--for=delete", "cm/source-copy", hangTimeout);
    second.signal("SIGTERM");
    assert.equal(await second.ended(), 0, second.stderr);
  },
);
