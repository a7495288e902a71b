/** What is refused, and with which message: one error a case. */
import assert from "node:assert/strict";
import { podNamed, testApi } from "../testing/api.ts";

type Case = [name: string, spec: Record<string, unknown>, complaint: string];

async function complaints(path: string, body: Record<string, unknown>): Promise<string[]> {
  const status = await testApi().json("POST", path, { body });
  const { causes = [] } = (status["details"] ?? {}) as {
    causes?: { field: string; message: string }[];
  };
  if (status.code === 403) return [status.message ?? ""];
  return causes.map(({ field, message }) => `${field}: ${message}`);
}

const container = (more: Record<string, unknown>) => ({
  containers: [{ name: "main", image: "busybox", ...more }],
});
const resources = (limit: string, request: string) =>
  container({ resources: { limits: { cpu: limit }, requests: { cpu: request } } });
const c0 = "spec.containers[0]";
const exec = { command: ["true"] };
const term = (expression: Record<string, unknown>) => ({
  ...container({}),
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: "zone", ...expression }] }],
      },
    },
  },
});
const expression0 =
  "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0]";

const pods: Case[] = [
  [
    "a request above its limit",
    resources("500m", "1"),
    `${c0}.resources.requests: Invalid value: "1": must be less than or equal to cpu limit of 500m`,
  ],
  [
    "a negative request",
    resources("1", "-1"),
    `${c0}.resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0`,
  ],
  [
    "an unknown protocol",
    container({ ports: [{ containerPort: 80, protocol: "HTTP" }] }),
    `${c0}.ports[0].protocol: Unsupported value: "HTTP": supported values: "SCTP", "TCP", "UDP"`,
  ],
  [
    "two ports of one name",
    container({ ports: [{ name: "a", containerPort: 1 }, { name: "a", containerPort: 2 }] }),
    `${c0}.ports[1].name: Duplicate value: "a"`,
  ],
  [
    "two handlers of a probe",
    container({ readinessProbe: { exec, tcpSocket: { port: 1 } } }),
    `${c0}.readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type`,
  ],
  [
    "a probe without a handler",
    container({ livenessProbe: { periodSeconds: 1 } }),
    `${c0}.livenessProbe: Required value: must specify a handler type`,
  ],
  [
    "ephemeral containers from the beginning",
    { ...container({}), ephemeralContainers: [{ name: "debug", image: "busybox" }] },
    "spec.ephemeralContainers: Forbidden: cannot be set on create",
  ],
  [
    "an unknown operator of a toleration",
    { ...container({}), tolerations: [{ key: "a", operator: "Is" }] },
    'spec.tolerations[0].operator: Unsupported value: "Is": supported values: "Equal", "Exists"',
  ],
  [
    "seconds of a toleration that isn't NoExecute",
    {
      ...container({}),
      tolerations: [{ key: "a", operator: "Exists", effect: "NoSchedule", tolerationSeconds: 1 }],
    },
    'spec.tolerations[0].effect: Invalid value: "NoSchedule": ' +
    "effect must be 'NoExecute' when `tolerationSeconds` is set",
  ],
  [
    "an unknown operator of an affinity",
    term({ operator: "Is", values: ["a"] }),
    `${expression0}.operator: Invalid value: "Is": not a valid selector operator`,
  ],
  [
    "an affinity to none of no values",
    term({ operator: "In" }),
    `${expression0}.values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
  ],
  [
    "a service account that isn't there",
    { ...container({}), serviceAccountName: "nobody" },
    'pods "a" is forbidden: error looking up service account default/nobody: serviceaccount "nobody" not found',
  ],
  [
    "a priority class that isn't there",
    { ...container({}), priorityClassName: "high" },
    'pods "a" is forbidden: no PriorityClass with name high was found',
  ],
];

for (const [name, spec, complaint] of pods) {
  Deno.test(`a pod with ${name} is refused`, async () => {
    const body = { ...podNamed("a"), spec };
    assert.deepEqual(await complaints("/api/v1/namespaces/default/pods", body), [complaint]);
  });
}

Deno.test("a pod's host name is a label", async () => {
  const body = { ...podNamed("a"), spec: { ...container({}), hostname: "A_B" } };
  const [complaint] = await complaints("/api/v1/namespaces/default/pods", body);
  assert.match(
    complaint ?? "",
    /^spec\.hostname: Invalid value: "A_B": a lowercase RFC 1123 label/,
  );
});

const strategies: Case[] = [
  [
    "no percentage",
    { rollingUpdate: { maxSurge: "abc", maxUnavailable: 1 } },
    "spec.strategy.rollingUpdate.maxSurge: Invalid value: \"abc\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
  ],
  [
    "nothing that may move",
    { rollingUpdate: { maxSurge: 0, maxUnavailable: "0%" } },
    'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0',
  ],
  [
    "an unknown type",
    { type: "Sometimes" },
    'spec.strategy.type: Unsupported value: "Sometimes": supported values: "Recreate", "RollingUpdate"',
  ],
];

for (const [name, strategy, complaint] of strategies) {
  Deno.test(`a Deployment whose strategy has ${name} is refused`, async () => {
    const body = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "a" },
      spec: {
        strategy,
        selector: { matchLabels: { app: "a" } },
        template: { metadata: { labels: { app: "a" } }, spec: container({}) },
      },
    };
    assert.deepEqual(
      await complaints("/apis/apps/v1/namespaces/default/deployments", body),
      [complaint],
    );
  });
}

const others: [string, string, Record<string, unknown>, string][] = [
  [
    "Service",
    "an unknown type",
    { spec: { type: "Foo", ports: [{ port: 80 }] } },
    'spec.type: Unsupported value: "Foo": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
  ],
  [
    "Service",
    "a port of the node out of range",
    { spec: { type: "NodePort", ports: [{ port: 80, nodePort: 80 }] } },
    "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767",
  ],
  [
    "PersistentVolumeClaim",
    "an unknown access mode",
    { spec: { accessModes: ["RW"], resources: { requests: { storage: "1Gi" } } } },
    'spec.accessModes[0]: Unsupported value: "RW": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
  ],
  [
    "PersistentVolumeClaim",
    "no size",
    { spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "0" } } } },
    'spec.resources[storage]: Invalid value: "0": must be greater than zero',
  ],
  [
    "Secret",
    "half a key pair",
    { type: "kubernetes.io/tls", data: { "tls.crt": "" } },
    "data[tls.key]: Required value",
  ],
  [
    "ConfigMap",
    "a key that can't be a file's name",
    { data: { "a b": "" } },
    "data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
  ],
  [
    "ConfigMap",
    "more than a mebibyte",
    { data: { a: "x".repeat(1024 * 1024 + 1) } },
    "[]: Too long: may not be more than 1048576 bytes",
  ],
];

for (const [kind, name, fields, complaint] of others) {
  Deno.test(`a ${kind} with ${name} is refused`, async () => {
    const body = { apiVersion: "v1", kind, metadata: { name: "a" }, ...fields };
    const path = `/api/v1/namespaces/default/${kind.toLowerCase()}s`;
    assert.deepEqual(await complaints(path, body), [complaint]);
  });
}

const kinds: [string, Record<string, unknown>, string[]][] = [
  [
    "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers",
    { spec: { maxReplicas: 1 } },
    [
      "spec.scaleTargetRef.kind: Required value",
      "spec.scaleTargetRef.name: Required value",
    ],
  ],
  ["/apis/networking.k8s.io/v1/namespaces/default/ingresses", {
    spec: { rules: [{ http: { paths: [{ backend: { service: { name: "" } } }] } }] },
  }, [
    "spec.rules[0].http.paths[0].backend.service.name: Required value",
    "spec.rules[0].http.paths[0].pathType: Required value",
  ]],
  ["/apis/node.k8s.io/v1/runtimeclasses", {}, ["handler: Required value"]],
  ["/apis/scheduling.k8s.io/v1/priorityclasses", {}, []],
  ["/apis/policy/v1/namespaces/default/poddisruptionbudgets", { spec: { minAvailable: 1 } }, []],
];

for (const [path, object, expected] of kinds) {
  const plural = path.split("/").at(-1);
  Deno.test(`of ${plural} ${expected.length === 0 ? "nothing" : expected[0]} is missing`, async () => {
    assert.deepEqual(await complaints(path, { metadata: { name: "a" }, ...object }), expected);
  });
}
