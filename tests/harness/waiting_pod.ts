/** The pod that tests create when they need any pod. */

/** Returns a pod of one container that waits until it is killed, unless `container` overrides that. */
export function waitingPod(
  name: string,
  container: Record<string, unknown> = {},
  spec: Record<string, unknown> = {},
): Record<string, unknown> {
  const main = { name: "main", image: "busybox:1.36", command: ["sleep", "2147483647"] };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: name } },
    // A program as process 1 ignores SIGTERM: without this each test would wait 30 s at its end.
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ ...main, ...container }],
      ...spec,
    },
  };
}
