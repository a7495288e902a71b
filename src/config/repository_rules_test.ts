import assert from "node:assert/strict";
import { plainHint } from "../base/hint.ts";
import { repositoryRules } from "./repository_rules.ts";
import { allSettings, joinKey } from "./setting_key.ts";
import { effectiveSettings } from "./settings.ts";

/** Returns the settings that count, by key, and the notes, of a file of a repository and of the user's own. */
async function joined(theirs: unknown, own: unknown = {}) {
  const notes: string[] = [];
  const file = (path: string, content: unknown) => ({ path, text: JSON.stringify(content) });
  const settings = await effectiveSettings({
    env: () => undefined,
    repository: file("/r/.kodama.yaml", theirs),
    user: file("/config/config.yaml", own),
    note: (note) => void notes.push(plainHint(note)),
  });
  return { values: new Map(settings.map(({ key, value }) => [key, value])), notes, settings };
}

/** Returns an object with a value at a path. */
function at(path: readonly string[], value: unknown): unknown {
  return path.reduceRight((inside, name) => ({ [name]: inside }), value);
}

/** A value of each setting that no rule lets a repository set. */
const ownValues: Readonly<Record<string, unknown>> = {
  "defaults.tolerations": [{ key: "control-plane" }],
  "defaults.imagePullSecrets": ["payroll"],
  "defaults.labels": { "kodama.dev/session": "x" },
  "defaults.annotations": { "sidecar.istio.io/inject": "true" },
  "defaults.runAsUser": 1,
  "defaults.priorityClass": "system-node-critical",
  "defaults.runtimeClass": "runc",
  "defaults.serviceAccount": "admin",
  "defaults.volumes": [{ name: "x", mountPath: "/x", secret: { secretName: "payroll" } }],
  "git.secretName": "payroll",
  "git.mirrors": { "https://github.com/": "https://evil.example/" },
  "dotfiles.repository": "evil.example/a/b",
  "dotfiles.command": "x",
  "exec.readOnly": ["rm"],
  "runs.outputLimit": "1Ki",
  "runs.totalLimit": "1Ki",
  "runs.image": "evil.example/kodama",
  "runs.resources.cpu": "9",
  "runs.resources.memory": "9Gi",
  "model.name": "ollama/x",
  "model.fallback": ["ollama/x"],
  "model.maxRetries": 9,
  "model.retryDelay": "9s",
  "model.timeout": "9s",
  "model.prices": {},
  "credentials.plugins": ["evil"],
  "releases.url": "https://evil.example/",
  "log.level": "error",
  "log.file": "-",
  "log.format": "json",
  "gate.kubectl": { x: "read" },
  "ui.keys": { zoom: "a" },
  "ui.theme": { error: "red" },
  "ui.columns": { pods: "A:.a" },
  plugins: [{ key: "x", path: "x.wasm" }],
};

function ownValue(path: readonly string[]): unknown {
  return /^model_/.test(path[0] ?? "") ? "https://evil.example/" : ownValues[joinKey(path)];
}

Deno.test("a setting without a rule counts only in the user's own file, and is noted", async () => {
  for (const { path } of allSettings()) {
    const key = joinKey(path);
    if (Object.hasOwn(repositoryRules, key)) continue;
    const value = ownValue(path);
    assert.notEqual(value, undefined, `${key} has neither a rule nor a value in this test`);
    const before = (await joined({})).values.get(key);
    const { values, notes } = await joined(at(path, value));
    assert.deepEqual(values.get(key), before, key);
    assert.deepEqual(notes, [
      `/r/.kodama.yaml: ${key} is ignored: only your own file can set it: ${notes[0]?.slice(-11)}`,
    ]);
    assert.deepEqual((await joined({}, at(path, value))).values.get(key), value, key);
  }
});

Deno.test("every rule is of a setting that exists", () => {
  const keys = allSettings().map(({ path }) => joinKey(path));
  assert.deepEqual(Object.keys(repositoryRules).filter((key) => !keys.includes(key)), []);
});

Deno.test("a repository makes a safeguard of the user's stricter, and never weaker", async () => {
  const cases: [key: string, theirs: unknown, own: unknown, counts: unknown, noted: boolean][] = [
    ["defaults.egress", ["0.0.0.0/0"], ["10.0.0.0/8"], ["10.0.0.0/8"], true],
    ["defaults.egress", ["10.0.0.0/8"], undefined, ["10.0.0.0/8"], false],
    ["env.excludeVars", [], ["A"], ["A"], false],
    ["env.excludeVars", ["B"], ["A"], ["A", "B"], false],
    ["defaults.env.excludeVars", ["B"], ["A"], ["A", "B"], false],
    ["sync.useGitignore", false, undefined, true, true],
    ["sync.useGitignore", true, false, true, false],
    ["sync.excludePatterns", [], ["*.pem"], ["*.pem"], false],
    ["sync.excludePatterns", ["*.log", "!*.pem"], ["*.pem"], ["*.log", "*.pem"], true],
    ["defaults.ttl", "never", "8h", "8h", true],
    ["defaults.ttl", "9h", "8h", "8h", true],
    ["defaults.ttl", "7h", "8h", "7h", false],
    ["defaults.idleTimeout", "1h", undefined, "1h", false],
    ["defaults.nodeSelector", { pool: "prod" }, { pool: "dev" }, { pool: "dev" }, true],
    ["defaults.nodeSelector", { a: "b" }, { pool: "dev" }, { a: "b", pool: "dev" }, false],
    ["exec.confirmAbove", 50, 20, 20, true],
    ["exec.confirmAbove", 5, 20, 5, false],
    ["exec.outputMode", "none", undefined, "prefix", true],
    ["exec.outputMode", "raw", "fold", "fold", true],
    ["exec.outputMode", "group", "fold", "group", false],
    ["runs.outputs", true, false, false, true],
    ["runs.outputs", false, true, false, false],
  ];
  for (const [key, theirs, own, counts, noted] of cases) {
    const path = key.split(".");
    const { values, notes } = await joined(
      at(path, theirs),
      own === undefined ? {} : at(path, own),
    );
    assert.deepEqual(values.get(key), counts, `${key}: ${JSON.stringify(theirs)}`);
    assert.deepEqual(notes.length, noted ? 1 : 0, `${key}: ${notes.join("; ")}`);
  }
  const agent = (command: string) => ({ protocol: "text", command: [command] });
  const { values, notes } = await joined(
    { agents: { mine: agent("evil"), other: agent("b") } },
    { agents: { mine: agent("a") } },
  );
  assert.deepEqual(values.get("agents"), { other: agent("b"), mine: agent("a") });
  assert.match(notes.join(), /agents is ignored in part: mine: you have an agent of this name/);
});

Deno.test("a repository's container has a command, literal variables and resources, and no privilege", async () => {
  const { values, notes } = await joined({
    defaults: {
      containers: [{
        name: "helper",
        image: "debian:12",
        command: ["sh"],
        args: ["-c", "x"],
        env: [
          { name: "A", value: "1" },
          { name: "B", valueFrom: { secretKeyRef: { name: "payroll", key: "password" } } },
        ],
        resources: { limits: { cpu: "1" }, claims: [{ name: "device" }] },
        envFrom: [{ secretRef: { name: "payroll" } }],
        securityContext: { privileged: true, runAsUser: 0 },
        volumeMounts: [{ name: "git-token", mountPath: "/t" }],
        ports: [{ containerPort: 80, hostPort: 80 }],
        lifecycle: { postStart: { httpGet: { host: "169.254.169.254", port: 80 } } },
      }],
    },
  });
  assert.deepEqual(values.get("defaults.containers"), [{
    name: "helper",
    image: "debian:12",
    command: ["sh"],
    args: ["-c", "x"],
    env: [{ name: "A", value: "1" }],
    resources: { limits: { cpu: "1" } },
  }]);
  assert.deepEqual(notes, [
    "/r/.kodama.yaml: defaults.containers is ignored in part: helper.env, helper.resources, helper.envFrom, " +
    "helper.securityContext, helper.volumeMounts, helper.ports, helper.lifecycle: only your own file can set this",
  ]);
  const own = { defaults: { containers: [{ name: "db", image: "x", securityContext: {} }] } };
  assert.deepEqual(
    (await joined({}, own)).values.get("defaults.containers"),
    own.defaults.containers,
  );
});

Deno.test("the rules count for a template in a repository, and not for one of the user's own", async () => {
  const text = "defaults: {runtimeClass: runc, egress: [0.0.0.0/0]}\n";
  const user = { path: "/c", text: "defaults: {runtimeClass: gvisor, egress: [10.0.0.0/8]}\n" };
  const of = async (inRepository: boolean) => {
    const template = { path: "/t", text, inRepository };
    const repository = { path: "/r", text: "defaults: {egress: [192.0.2.0/24]}\n" };
    const all = await effectiveSettings({ env: () => undefined, template, repository, user });
    return ["defaults.runtimeClass", "defaults.egress"]
      .map((key) => all.find((one) => one.key === key)?.value);
  };
  assert.deepEqual(await of(true), ["gvisor", ["10.0.0.0/8"]]);
  assert.deepEqual(await of(false), ["runc", ["0.0.0.0/0"]]);
});
