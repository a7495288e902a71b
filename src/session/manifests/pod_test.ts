import assert from "node:assert/strict";
import { gitTokenKey } from "../git_environment.ts";
import type { Session } from "../model.ts";
import { sampleSession } from "../testing/session.ts";
import { egressPolicy, manifests } from "./all.ts";
import { envSecret } from "./env_secret.ts";
import { scriptCommand } from "../../base/shell_script.ts";
import { sessionScripts } from "../pod_script.ts";
import { sessionPod } from "./pod.ts";

const session = sampleSession();

Deno.test("every container passes the restricted standard of pod security", () => {
  const { spec } = sessionPod(session);
  assert.equal(spec?.securityContext?.runAsNonRoot, true);
  assert.equal(spec?.securityContext?.seccompProfile?.type, "RuntimeDefault");
  assert.equal(spec?.automountServiceAccountToken, false);
  assert.equal(spec?.hostNetwork, undefined);
  const all = [...spec?.initContainers ?? [], ...spec?.containers ?? []];
  assert.equal(all.length, 2);
  for (const { name, securityContext } of all) {
    assert.equal(securityContext?.allowPrivilegeEscalation, false, name);
    assert.deepEqual(securityContext?.capabilities, { drop: ["ALL"] }, name);
    assert.equal(securityContext?.runAsNonRoot, true, name);
  }
  const volumes = (spec?.volumes ?? []).flatMap(({ name: _name, ...kinds }) => Object.keys(kinds));
  const allowed = ["configMap", "emptyDir", "persistentVolumeClaim", "secret"];
  assert.deepEqual(volumes.filter((kind) => !allowed.includes(kind)), []);
});

Deno.test("a secret is named in the pod, and never stands in it", () => {
  const secrets = {
    variables: new Map([["DATABASE_URL", "postgres://planted-1"]]),
    gitToken: "planted-2",
  };
  const secret = envSecret(session, secrets);
  assert.deepEqual(Object.keys(secret.data ?? {}), ["DATABASE_URL", gitTokenKey]);
  const printed = JSON.stringify(manifests(session, { secrets, editor: {} }));
  for (const planted of ["planted-1", "planted-2", btoa("postgres://planted-1")]) {
    assert.ok(!printed.includes(planted), planted);
  }
  const env = sessionPod(session).spec?.containers[0]?.env ?? [];
  assert.deepEqual(env.find(({ name }) => name === "DATABASE_URL")?.valueFrom, {
    secretKeyRef: { name: "kodama-env-my-work", key: "DATABASE_URL" },
  });
});

Deno.test("the token for git is for its host alone", () => {
  const env = sessionPod(session).spec?.containers[0]?.env ?? [];
  const keys = env.filter(({ name }) => name.startsWith("GIT_CONFIG_KEY_")).map((one) => one.value);
  assert.deepEqual(keys, [
    "safe.directory",
    "url.https://git.example.com/github/.insteadOf",
    "credential.https://github.com.helper",
    "credential.https://github.com.helper",
  ]);
  assert.equal(env.find(({ name }) => name === "GIT_CONFIG_COUNT")?.value, "4");
});

Deno.test("variables of a project are those of its text, and the user's own of the name win", () => {
  const env = (one: Session) => sessionPod(one).spec?.containers[0]?.env ?? [];
  assert.equal(env(session).find(({ name }) => name === "MODE")?.value, "$$(HOME) dev");
  const environment = { variables: ["MODE"], gitToken: false };
  const [mode, ...more] = env({ ...session, environment }).filter(({ name }) => name === "MODE");
  assert.deepEqual([mode?.value, more], [undefined, []]);
});

Deno.test("a session asks the scheduler for little, and never for more than its limit", () => {
  const resources = (cpu: string, memory: string) => {
    const { requests: _requests, extendedResources: _extended, ...own } = session.spec;
    const spec = { ...own, resources: { cpu, memory } };
    return sessionPod({ ...session, spec }).spec?.containers[0]?.resources;
  };
  assert.deepEqual(resources("2", "4Gi"), {
    limits: { cpu: "2", memory: "4Gi" },
    requests: { cpu: "100m", memory: "256Mi" },
  });
  assert.deepEqual(resources("50m", "128Mi")?.requests, { cpu: "50m", memory: "128Mi" });
});

Deno.test("what a cluster requires of its pods is in the pod, without the account's token", () => {
  const { spec } = sessionPod(session);
  const [own] = spec?.containers ?? [];
  assert.deepEqual(own?.resources, {
    limits: { cpu: "2", memory: "4Gi", "nvidia.com/gpu": "1" },
    requests: { cpu: "500m", memory: "256Mi" },
  });
  assert.deepEqual(spec?.imagePullSecrets, [{ name: "registry" }]);
  assert.equal(spec?.runtimeClassName, "gvisor");
  assert.equal(spec?.serviceAccountName, "builder");
  assert.equal(spec?.automountServiceAccountToken, false);
  assert.deepEqual(spec?.volumes?.at(-1), {
    name: "cache",
    persistentVolumeClaim: { claimName: "cache" },
  });
  assert.deepEqual(own?.volumeMounts?.at(-1), {
    name: "cache",
    mountPath: "/cache",
    readOnly: true,
  });
});

Deno.test("a container of the person's own sees the workspace", () => {
  const { spec } = sessionPod({ ...session, spec: { ...session.spec, limits: {} } });
  const [, db] = spec?.containers ?? [];
  assert.deepEqual(db?.volumeMounts, [{ name: "workspace", mountPath: "/workspace" }]);
  assert.equal(spec?.restartPolicy, "Always");
});

Deno.test("a pod with limits stays ended when its watcher ends it, and no other container holds it up", () => {
  const { spec } = sessionPod(session);
  assert.equal(spec?.restartPolicy, "OnFailure");
  assert.deepEqual(spec?.containers.map(({ name }) => name), ["workspace"]);
  const [db] = spec?.initContainers ?? [];
  assert.deepEqual([db?.name, db?.restartPolicy], ["db", "Always"]);
  assert.deepEqual(db?.volumeMounts, [{ name: "workspace", mountPath: "/workspace" }]);
  assert.equal(db?.securityContext?.runAsNonRoot, true);
});

Deno.test("Kubernetes reads the command first, and finds nothing of its own in it", () => {
  const [{ command = [] } = {}] = sessionPod(session).spec?.containers ?? [];
  assert.match(command[2] ?? "", /start_runner/);
  const variables = /\$\$|\$\([-._a-zA-Z][-._a-zA-Z0-9]*\)/;
  for (const word of command) assert.doesNotMatch(word, variables);
});

Deno.test("an allow-list lets names be resolved and its own destinations be reached", () => {
  const { spec } = egressPolicy(session, session.spec.egress ?? []);
  assert.deepEqual(spec, {
    podSelector: {
      // A label that other programs set as well would let a pod go free.
      matchLabels: { "kodama.dev/session": "my-work" },
    },
    policyTypes: ["Egress"],
    egress: [
      { ports: [{ protocol: "UDP", port: 53 }, { protocol: "TCP", port: 53 }] },
      {
        to: [{ ipBlock: { cidr: "10.0.0.0/8" } }],
        ports: [{ protocol: "TCP", port: 443 }],
      },
    ],
  });
  const { egress } = egressPolicy(session, [
    { cidr: "2001:db8::/32", ports: [443], udpPorts: [443, 51820] },
  ]).spec as { egress: unknown[] };
  assert.deepEqual(egress[1], {
    to: [{ ipBlock: { cidr: "2001:db8::/32" } }],
    ports: [
      { protocol: "TCP", port: 443 },
      { protocol: "UDP", port: 443 },
      { protocol: "UDP", port: 51820 },
    ],
  });
});

/** Prints its number a little after it was started, and continues, like a runner. */
const runner = `sleep 0.1
echo "\${1##*/}" | tee -a "$HOME/begun"
exec >/dev/null
read -r end <"$HOME/end"`;

Deno.test("tasks that waited are begun in the order of their numbers, and no others", async () => {
  const home = await Deno.makeTempDir({ prefix: "kodama-waiting-" });
  const files: Record<string, string[]> = {
    "1": ["runner", "began", "exit"],
    "2": ["runner", "began"],
    "3": ["runner", "exit"],
    "9": ["runner"],
    "10": ["runner"],
    "11": [],
    "100": ["runner"],
    ".new-a": ["runner"],
  };
  for (const [task, names] of Object.entries(files)) {
    await Deno.mkdir(`${home}/.kodama/tasks/${task}`, { recursive: true });
    for (const name of names) {
      await Deno.writeTextFile(`${home}/.kodama/tasks/${task}/${name}`, runner);
    }
  }
  const run = async (home: string) => {
    const { stdout, stderr } = await new Deno.Command("sh", {
      args: scriptCommand([...sessionScripts.queuedTasks, "echo ready"], []).slice(1),
      clearEnv: true,
      env: { HOME: home, PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin" },
    }).output();
    return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  };
  await new Deno.Command("mkfifo", { args: [`${home}/end`] }).output();
  assert.equal(await run(home), "ready\n");
  assert.equal(await Deno.readTextFile(`${home}/begun`), "9\n10\n100\n");
  assert.equal(await run(`${home}/nobody`), "ready\n");
  for (const one of [home, `${home}/nobody`]) {
    assert.match(await Deno.readTextFile(`${one}/.kodama/tasks/queue`), /^\d+ \d+\n$/);
  }
  // The runners continue until this: their starter didn't wait for their end.
  await Deno.writeTextFile(`${home}/end`, "\n\n\n");
  await Deno.remove(home, { recursive: true });
});
