/**
 * What the simulated API server of the benchmarks says, as functions over values: a namespace `fleet-N` has
 * the N running pods `weka-drive-0` to `weka-drive-(N-1)`, and each of them knows two commands.
 */

/** An answer: the HTTP code and its JSON. */
export interface ApiAnswer {
  code: number;
  body: unknown;
}

/** The names of the fleet of that size, in order. */
export function podNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `weka-drive-${index}`);
}

/** The namespace that has N pods. */
export function fleetNamespace(count: number): string {
  return `fleet-${count}`;
}

/** Answers a GET that isn't an upgrade. */
export function answer({ pathname, searchParams }: URL): ApiAnswer {
  const document = documents[pathname];
  if (document !== undefined) return { code: 200, body: document };
  const [, fleet, name] =
    /^\/api\/v1\/namespaces\/(fleet-\d{1,6})\/pods(?:\/([^/]+))?$/.exec(pathname) ?? [];
  if (fleet === undefined) return { code: 404, body: notFound(pathname) };
  if (name !== undefined) return { code: 200, body: { ...podHead, ...podOf(fleet, name) } };
  return { code: 200, body: podList(fleet, searchParams) };
}

/**
 * What a command prints. `hostname`: the pod's name. `text N`: a line of N bytes that begins with it. A command
 * that is wrapped in a shell prints the same.
 */
export function printed(pod: string, words: readonly string[]): string {
  const [program, bytes] = words.slice(words.findLastIndex((word) => programs.has(word)));
  return program === "text" ? lineOf(pod, Number(bytes)) : lineOf(pod);
}

const programs: ReadonlySet<string> = new Set(["hostname", "text"]);

/** The line that a pod prints for `text N`, its end included; for `hostname` where there is no N. */
export function lineOf(pod: string, bytes: number = pod.length + 1): string {
  return `${pod.padEnd(bytes - 1, ".")}\n`;
}

const podHead = { apiVersion: "v1", kind: "Pod" };

/** What kubectl asks for before it knows what a pod is. */
const documents: Readonly<Record<string, unknown>> = {
  "/version": { major: "1", minor: "34", gitVersion: "v1.34.0" },
  "/api": { kind: "APIVersions", versions: ["v1"] },
  "/apis": { kind: "APIGroupList", apiVersion: "v1", groups: [] },
  "/api/v1": {
    kind: "APIResourceList",
    groupVersion: "v1",
    resources: [{
      name: "pods",
      singularName: "pod",
      namespaced: true,
      kind: "Pod",
      verbs: ["get", "list"],
      shortNames: ["po"],
    }],
  },
};

/** One page: `limit` pods from the one that `continue` names. */
function podList(fleet: string, query: URLSearchParams): unknown {
  const names = podNames(Number(fleet.slice("fleet-".length)));
  const start = Number(query.get("continue") ?? 0);
  const end = start + (Number(query.get("limit")) || names.length);
  const rest = names.length - end;
  return {
    apiVersion: "v1",
    kind: "PodList",
    metadata: {
      resourceVersion: "1",
      ...(rest > 0 ? { continue: String(end), remainingItemCount: rest } : {}),
    },
    items: names.slice(start, end).map((name) => podOf(fleet, name)),
  };
}

/** A pod about as large as real ones are: 4 kB of JSON, half of it unread. */
function podOf(namespace: string, name: string) {
  const since = "2026-01-01T00:00:00Z";
  const conditions = ["PodScheduled", "Initialized", "ContainersReady", "Ready"]
    .map((type) => ({ type, status: "True", lastProbeTime: null, lastTransitionTime: since }));
  return {
    metadata: {
      name,
      namespace,
      uid: `00000000-0000-0000-0000-${name.slice(-12).padStart(12, "0")}`,
      resourceVersion: "1",
      creationTimestamp: since,
      labels: { app: "weka-drive", "statefulset.kubernetes.io/pod-name": name },
      managedFields: [{
        manager: "kubelet",
        operation: "Update",
        apiVersion: "v1",
        time: since,
        fieldsType: "FieldsV1",
        fieldsV1: { "f:status": Object.fromEntries(managed) },
      }],
    },
    spec: {
      nodeName: `node-${name.length}`,
      containers: [{
        name: "main",
        image: "busybox:1.36",
        command: ["sleep", "2147483647"],
        resources: { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "1", memory: "1Gi" } },
        imagePullPolicy: "IfNotPresent",
      }],
      restartPolicy: "Always",
      serviceAccountName: "default",
    },
    status: {
      phase: "Running",
      podIP: "10.0.0.1",
      startTime: since,
      conditions,
      containerStatuses: [{
        name: "main",
        ready: true,
        restartCount: 0,
        state: { running: { startedAt: since } },
        image: "busybox:1.36",
        imageID: `sha256:${"0".repeat(64)}`,
        containerID: `containerd://${"0".repeat(64)}`,
      }],
    },
  };
}

const managed = Array.from({ length: 24 }, (_, index) => {
  const field = `f:field-of-the-status-${index}`;
  return [field, { ".": {}, "f:lastTransitionTime": {}, "f:status": {} }] as const;
});

function notFound(path: string) {
  return {
    kind: "Status",
    apiVersion: "v1",
    status: "Failure",
    reason: "NotFound",
    code: 404,
    message: `${path} is not simulated`,
  };
}
