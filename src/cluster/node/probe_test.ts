/** Probes over the network, against a server on the loopback that pods share. */
import assert from "node:assert/strict";
import { isRunning, startFixture } from "./fixture.ts";
import type { StoredPod } from "./pod_object.ts";

const command = ["sh", "-c", "while :; do sleep 0.05; done"];
const ready = (pod: StoredPod) => pod.status?.containerStatuses?.[0]?.ready === true;

Deno.test("httpGet: ready with a good answer and no longer with a bad one", async () => {
  let status = 200;
  const asked: string[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    asked.push(`${new URL(request.url).pathname} ${request.headers.get("x-probe")}`);
    return new Response("", { status });
  });
  await using fixture = await startFixture();
  const httpGet = {
    path: "health",
    port: "web",
    httpHeaders: [{ name: "X-Probe", value: "yes" }],
  };
  fixture.run({
    containers: [{
      name: "main",
      image: "busybox",
      command,
      ports: [{ name: "web", containerPort: server.addr.port }],
      readinessProbe: { httpGet, periodSeconds: 7, failureThreshold: 1, timeoutSeconds: 100 },
    }],
  });
  await fixture.pod("web", ready);
  assert.equal(asked[0], "/health yes");
  status = 500;
  await fixture.clock.waitedFor(7000);
  fixture.clock.advance(7000);
  await fixture.pod("web", (pod) => isRunning(pod) && !ready(pod));
  assert.ok(
    fixture.events("web").includes(
      "1 Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 500",
    ),
  );
});

Deno.test("tcpSocket: ready when the port is open; a startup probe comes first", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const tcpSocket = { port: listener.addr.port };
  await using fixture = await startFixture();
  fixture.run({
    containers: [{
      name: "main",
      image: "busybox",
      command,
      startupProbe: { tcpSocket, initialDelaySeconds: 3, timeoutSeconds: 100 },
      readinessProbe: { tcpSocket, timeoutSeconds: 100 },
    }],
  });
  const pod = await fixture.pod("web", isRunning);
  assert.deepEqual(
    [pod.status?.containerStatuses?.[0]?.started, ready(pod)],
    [false, false],
  );
  await fixture.clock.waitedFor(3000);
  fixture.clock.advance(3000);
  const up = await fixture.pod("web", ready);
  assert.equal(up.status?.containerStatuses?.[0]?.started, true);
});
