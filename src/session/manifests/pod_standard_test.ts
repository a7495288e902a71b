import assert from "node:assert/strict";
import { isRecord } from "../../base/json_value.ts";
import type { Container, Pod } from "../../kube/types.ts";
import { sampleSession } from "../testing/session.ts";
import { imageCheckPod } from "./image_check_pod.ts";
import { sessionAllowances, sessionPod } from "./pod.ts";
import { secretsOf, violations } from "../testing/pod_security.ts";
import { checkedPod, noAllowances, podProblems, secretNames } from "./pod_standard.ts";
import { filesPod, snapshotPod } from "./snapshot_pod.ts";

const session = sampleSession();
const allowances = sessionAllowances(session);

Deno.test("every pod of a session complies with the restricted standard", () => {
  const pods = [
    sessionPod(session),
    sessionPod({ ...session, spec: { ...session.spec, limits: {} } }),
    snapshotPod(session, "own"),
    snapshotPod(session, "passing"),
    filesPod(session),
    imageCheckPod({
      name: "x",
      namespace: "dev",
      limitSeconds: 60,
      image: "i",
      settings: session.spec,
    }),
  ];
  for (const pod of pods) assert.deepEqual(podProblems(pod, allowances), []);
});

/** Returns the pod with the value at a path such as `containers.0.ports`, in its specification. */
function withValue(path: string, value: unknown): Pod {
  const pod = JSON.parse(JSON.stringify(sessionPod(session))) as Pod;
  const names = path.split(".");
  const last = names.pop() ?? "";
  let inside: unknown = pod.spec;
  for (const name of names) {
    if (!isRecord(inside) && !Array.isArray(inside)) break;
    const parts = inside as Record<string, unknown>;
    inside = parts[name] ??= {};
  }
  (inside as Record<string, unknown>)[last] = value;
  return pod;
}

Deno.test("each rule of the standard is noticed, in the pod, containers and init containers", () => {
  const ofPod: [path: string, value: unknown, problem: string][] = [
    ["hostNetwork", true, "hostNetwork"],
    ["hostPID", true, "hostPID"],
    ["hostIPC", true, "hostIPC"],
    ["automountServiceAccountToken", true, "it mounts its account's token"],
    ["automountServiceAccountToken", undefined, "it mounts its account's token"],
    ["securityContext.sysctls", [{ name: "kernel.msgmax", value: "1" }], 'sysctl "kernel.msgmax"'],
    ["securityContext.runAsUser", 0, "runAsUser 0"],
    ["securityContext.runAsNonRoot", false, "runAsNonRoot isn't true"],
    ["securityContext.seccompProfile", { type: "Unconfined" }, 'seccompProfile "Unconfined"'],
    ["securityContext.appArmorProfile", { type: "Unconfined" }, 'appArmorProfile "Unconfined"'],
    ["securityContext.seLinuxOptions", { type: "spc_t" }, "seLinuxOptions.type"],
    ["securityContext.seLinuxOptions", { user: "u" }, "seLinuxOptions.user"],
    ["securityContext.seLinuxOptions", { role: "r" }, "seLinuxOptions.role"],
    ["securityContext.windowsOptions", { hostProcess: true }, "windowsOptions.hostProcess"],
    ["volumes.0.hostPath", { path: "/" }, 'volume "workspace": hostPath'],
    ["volumes.0.nfs", { server: "x", path: "/" }, 'volume "workspace": nfs'],
    [
      "volumes.0.projected",
      { sources: [{ serviceAccountToken: { path: "t" } }] },
      `volume "workspace": a service account's token`,
    ],
    ["volumes.0.secret", { secretName: "payroll" }, `secret "payroll" isn't the session's own`],
    [
      "volumes.0.projected",
      { sources: [{ secret: { name: "payroll" } }] },
      `secret "payroll" isn't the session's own`,
    ],
    ["imagePullSecrets", [{ name: "payroll" }], `secret "payroll" isn't the session's own`],
  ];
  const ofContainer: typeof ofPod = [
    ["securityContext.privileged", true, "privileged"],
    ["securityContext.allowPrivilegeEscalation", true, "allowPrivilegeEscalation isn't false"],
    ["securityContext.capabilities.drop", ["KILL"], "capabilities.drop isn't ALL"],
    ["securityContext.capabilities.add", ["SYS_ADMIN"], 'capabilities.add "SYS_ADMIN"'],
    ["securityContext.procMount", "Unmasked", "procMount"],
    ["securityContext.runAsUser", 0, "runAsUser 0"],
    ["securityContext.runAsNonRoot", false, "runAsNonRoot isn't true"],
    ["securityContext.seccompProfile", { type: "Unconfined" }, 'seccompProfile "Unconfined"'],
    ["securityContext.windowsOptions", { hostProcess: true }, "windowsOptions.hostProcess"],
    ["ports", [{ containerPort: 1, hostPort: 1 }], "hostPort"],
    ["livenessProbe", { httpGet: { host: "h", port: 1 } }, "a probe or hook of another host"],
    ["startupProbe", { tcpSocket: { host: "h", port: 1 } }, "a probe or hook of another host"],
    ["lifecycle.preStop", { httpGet: { host: "h", port: 1 } }, "a probe or hook of another host"],
  ];
  for (const [path, value, problem] of ofPod) {
    const pod = withValue(path, value);
    assert.deepEqual(podProblems(pod, allowances), [problem], path);
    // The standard has no rule for tokens and Secrets.
    const isOurs = /token|^secret /.test(problem);
    assert.equal(violations(pod).length > 0, !isOurs, `${path}: ${violations(pod)}`);
    assert.equal(secretsOf(pod).has("payroll"), problem.includes("payroll"), path);
  }
  for (const [list, name] of [["containers", "workspace"], ["initContainers", "db"]]) {
    for (const [path, value, problem] of ofContainer) {
      const pod = withValue(`${list}.0.${path}`, value);
      assert.deepEqual(podProblems(pod, allowances), [`container "${name}": ${problem}`], path);
      assert.equal(violations(pod).length, 1, `${path}: ${violations(pod)}`);
    }
    const secret = { secretRef: { name: "payroll" } };
    assert.deepEqual(podProblems(withValue(`${list}.0.envFrom`, [secret]), allowances), [
      `secret "payroll" isn't the session's own`,
    ]);
  }
  const annotated = sessionPod(session);
  const name = "container.apparmor.security.beta.kubernetes.io/workspace";
  const metadata = { ...annotated.metadata, annotations: { [name]: "unconfined" } };
  assert.deepEqual(podProblems({ ...annotated, metadata }, allowances), [`annotation "${name}"`]);
});

Deno.test("the standard's own exceptions are none", () => {
  const fine: [path: string, value: unknown][] = [
    ["securityContext.sysctls", [{ name: "net.ipv4.tcp_syncookies", value: "1" }]],
    ["securityContext.seccompProfile", { type: "Localhost", localhostProfile: "p" }],
    ["containers.0.securityContext.capabilities.add", ["NET_BIND_SERVICE"]],
    ["containers.0.ports", [{ containerPort: 80 }]],
    ["containers.0.livenessProbe", { httpGet: { port: 1 } }],
    ["nodeSelector", { secret: "pool" }],
  ];
  for (const [path, value] of fine) {
    assert.deepEqual(podProblems(withValue(path, value), allowances), [], path);
    assert.deepEqual(violations(withValue(path, value)), [], path);
  }
});

Deno.test("a pod beyond the standard isn't returned, and all reasons are named", () => {
  assert.throws(() => checkedPod(withValue("hostPID", true), noAllowances), {
    kind: "config",
    message: 'cannot create pod "kodama-my-work": hostPID; ' +
      ["kodama-env-my-work", "git-ssh-key", "registry"]
        .map((name) => `secret "${name}" isn't the session's own`).join("; "),
  });
});

Deno.test("a container beside the workspace is restricted, whatever its own context says", () => {
  const beside = {
    name: "db",
    image: "x",
    securityContext: {
      allowPrivilegeEscalation: true,
      capabilities: { add: ["SYS_ADMIN"] },
      runAsNonRoot: false,
      seccompProfile: { type: "Unconfined" },
      runAsUser: 999,
    },
  } as Container;
  const spec = { ...session.spec, containers: [beside], limits: {} };
  const pod = sessionPod({ ...session, spec });
  assert.deepEqual(podProblems(pod, allowances), []);
  assert.equal(pod.spec?.containers[1]?.securityContext?.runAsUser, 999);
});

Deno.test("what the user's own settings name is allowed, and nothing else", () => {
  const volume = { name: "x", hostPath: { path: "/x" } };
  const volumes = [{ mountPath: "/x", readOnly: true, volume }];
  const secret = { secretKeyRef: { name: "password", key: "a" } };
  const containers = [{ name: "db", image: "x", env: [{ name: "A", valueFrom: secret }] }];
  const loosened = {
    ...session,
    spec: { ...session.spec, volumes, containers, containerSecrets: ["password"] },
  };
  const pod = sessionPod(loosened);
  assert.deepEqual(podProblems(pod, sessionAllowances(loosened)), []);
  assert.deepEqual(podProblems(pod, allowances), [
    'volume "x": hostPath',
    `secret "password" isn't the session's own`,
  ]);
});

Deno.test("Secrets are found in every field that names them", () => {
  const volumes = [
    { cephfs: { secretRef: { name: "a" } } },
    { azureFile: { secretName: "b" } },
    { csi: { nodePublishSecretRef: { name: "c" } } },
    { projected: { sources: [{ secret: { name: "d" } }] } },
    { secret: { secretName: "e" } },
  ];
  assert.deepEqual([...secretNames(volumes)], ["a", "b", "c", "d", "e"]);
});
