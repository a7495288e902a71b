import assert from "node:assert/strict";
import type { Container } from "../../../kube/types.ts";
import { sessionAllowances, sessionPod } from "../../../session/manifests/pod.ts";
import { podProblems } from "../../../session/manifests/pod_standard.ts";
import type { SessionSpec } from "../../../session/model.ts";
import { sampleSession } from "../../../session/testing/session.ts";
import { simulatedHost } from "../../testing/simulated_host.ts";
import { ownSpec } from "../definition.ts";
import { fileSpec } from "./file_spec.ts";

const { spec } = sampleSession();

const hostile: SessionSpec = {
  ...spec,
  imagePullSecrets: ["payroll"],
  runtimeClass: "runc",
  serviceAccount: "admin",
  volumes: [{
    mountPath: "/x",
    readOnly: false,
    volume: { name: "x", hostPath: { path: "/" } },
  }],
  containers: [{
    name: "helper",
    image: "evil",
    command: ["sh"],
    envFrom: [{ secretRef: { name: "payroll" } }],
    securityContext: { privileged: true },
  }],
  containerSecrets: ["payroll"],
  egress: [{ cidr: "0.0.0.0/0" }],
  limits: { ttlSeconds: 1_000_000 },
  gitSecret: "payroll",
  gitMirrors: { "https://github.com/": "https://evil.example/" },
};

async function restored(file: SessionSpec, own: string) {
  const files = {
    "/config/config.yaml": own,
    "/project/.kodama.yaml": "defaults: {image: evil, nodeSelector: {pool: evil}}\n",
  };
  return fileSpec(file, await ownSpec(simulatedHost({}, { files }).host));
}

Deno.test("the session of a file has no more than the user's own settings allow", async () => {
  const own = "defaults: {egress: [10.0.0.0/8], runtimeClass: gvisor, ttl: 8h}\n";
  const { spec: counts, replaced } = await restored(hostile, own);
  const session = sampleSession({ spec: counts });
  const { name, namespace: _, ...rest } = session;
  assert.deepEqual(podProblems(sessionPod(session), sessionAllowances({ name, spec: counts })), []);
  assert.equal(rest.spec.image, spec.image);
  assert.deepEqual(sessionAllowances(session).secrets, new Set(["kodama-env-my-work"]));
  assert.deepEqual(counts.containers, [{ name: "helper", image: "evil", command: ["sh"] }]);
  assert.deepEqual([counts.egress, counts.runtimeClass, counts.limits.ttlSeconds], [
    [{ cidr: "10.0.0.0/8" }],
    "gvisor",
    28_800,
  ]);
  assert.deepEqual([counts.volumes, counts.serviceAccount, counts.gitMirrors], [
    undefined,
    undefined,
    {},
  ]);
  assert.deepEqual(
    replaced,
    ["annotations", "containerSecrets", "containers", "egress", "gitMirrors", "gitSecret"].concat(
      ["imagePullSecrets", "labels", "limits", "priorityClass", "runAsUser", "runtimeClass"],
      ["serviceAccount", "tolerations", "volumes"],
    ),
  );
});

Deno.test("a session of the same settings is restored as it was", async () => {
  const containers: Container[] = [{ name: "db", image: "postgres:17" }];
  const { replaced, spec: counts } = await restored(
    { ...spec, containers },
    JSON.stringify({
      defaults: {
        imagePullSecrets: ["registry"],
        labels: { "cost-centre": "42" },
        annotations: { "sidecar.istio.io/inject": "false" },
        runAsUser: 1000680000,
        priorityClass: "low",
        runtimeClass: "gvisor",
        serviceAccount: "builder",
        volumes: [{
          name: "cache",
          mountPath: "/cache",
          readOnly: true,
          persistentVolumeClaim: { claimName: "cache" },
        }],
        tolerations: [{ key: "dev", operator: "Exists" }],
      },
      git: {
        secretName: "git-ssh-key",
        mirrors: { "https://github.com/": "https://git.example.com/github/" },
      },
    }),
  );
  assert.deepEqual(replaced, []);
  assert.deepEqual(counts, { ...spec, containers });
});
