/** Probes over the network: a process of the pod's own answers them. */
import { isolations } from "./testing/isolations.ts";
import { noneOf, otherThan, unless } from "../../../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import { NodeError } from "../model.ts";
import { isRunning, type NodeFixture, refOf, startFixture } from "./testing/fixture.ts";
import { listeningSockets } from "./listeners.ts";
import type { StoredPod } from "./pod_context.ts";

const idle = ["sh", "-c", "while :; do sleep 0.05; done"];
const ready = (pod: StoredPod) => pod.status?.containerStatuses?.[0]?.ready === true;

/** Answers 200 until /break is requested, then 500; /seen lists the requests. */
const serverScript = `
let [status, seen] = [200, []];
Deno.serve({ hostname: "127.0.0.1", port: Number(Deno.args[0]), onListen: () => console.log("up") }, (request) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/break") status = 500;
  if (pathname === "/seen") return Response.json(seen);
  seen.push(pathname + " " + request.headers.get("x-probe"));
  return new Response("", { status });
});`;

/** Returns a pod's command that listens on the port. */
function server(port: number): string[] {
  return [Deno.execPath(), "eval", "--quiet", serverScript, String(port)];
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

Deno.test("httpGet: ready with a good answer and no longer with a bad one", async () => {
  const port = freePort();
  await using fixture = await startFixture({ isolation: "plain" });
  const httpGet = {
    path: "health",
    port: "web",
    httpHeaders: [{ name: "X-Probe", value: "yes" }],
  };
  fixture.run({
    containers: [{
      name: "main",
      image: "busybox",
      command: server(port),
      ports: [{ name: "web", containerPort: port }],
      readinessProbe: {
        httpGet,
        initialDelaySeconds: 3,
        periodSeconds: 7,
        failureThreshold: 1,
        timeoutSeconds: 100,
      },
    }],
  });
  await fixture.begun("web");
  await fixture.clock.waitedFor(3000);
  fixture.clock.advance(3000);
  await fixture.pod("web", ready);
  const seen = await (await fetch(`http://127.0.0.1:${port}/seen`)).json();
  assert.deepEqual(seen, ["/health yes"]);
  await (await fetch(`http://127.0.0.1:${port}/break`)).body?.cancel();
  await fixture.clock.waitedFor(7000);
  fixture.clock.advance(7000);
  await fixture.pod("web", (pod) => isRunning(pod) && !ready(pod));
  assert.ok(
    fixture.events("web").includes(
      "1 Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 500",
    ),
  );
});

// A container sees this machine's /usr, in which Deno itself is seldom installed.
const perl = "/usr/bin/perl";
const listenerScript =
  `$| = 1; my $socket = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], Listen => 5)
  or die $!; print "up\n"; while (my $client = $socket->accept) { close $client }`;

async function startServer(fixture: NodeFixture, port: number): Promise<StoredPod> {
  const tcpSocket = { port };
  fixture.run({
    containers: [{
      name: "main",
      image: "busybox",
      command: [perl, "-MIO::Socket::INET", "-e", listenerScript, String(port)],
      startupProbe: { tcpSocket, initialDelaySeconds: 3, timeoutSeconds: 100 },
      readinessProbe: { tcpSocket, timeoutSeconds: 100 },
    }],
  });
  const pod = await fixture.begun("web");
  assert.deepEqual([pod.status?.containerStatuses?.[0]?.started, ready(pod)], [false, false]);
  await fixture.clock.waitedFor(3000);
  fixture.clock.advance(3000);
  return await fixture.pod("web", ready);
}

const noPerl = noneOf({ perl: await Deno.stat(perl).then(() => perl, () => undefined) });

for (const { isolation, missing } of isolations) {
  Deno.test({
    ...unless(
      missing ?? noPerl,
      `${isolation}: tcpSocket: ready when the pod listens; a startup probe comes first`,
    ),
    async fn() {
      const port = freePort();
      await using fixture = await startFixture({ isolation });
      const pod = await startServer(fixture, port);
      assert.equal(pod.status?.containerStatuses?.[0]?.started, true);
      using connection = await fixture.node.connect(refOf(pod), port);
      assert.equal(connection.remoteAddr.port, port);
    },
  });

  Deno.test({
    ...unless(
      missing ?? otherThan("linux"),
      `${isolation}: probes and port-forwards don't reach a port of another process`,
    ),
    async fn() {
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const { port } = listener.addr;
      await using fixture = await startFixture({ isolation });
      const why = `dial tcp 127.0.0.1:${port}: connect: connection refused: ` +
        "the process that listens there isn't the pod's " +
        "(pods of the embedded cluster share the machine's ports)";
      for (
        // Each has a period of its own: the clock can't distinguish who waits.
        const [name, handler, periodSeconds] of [
          ["tcp", { tcpSocket: { port } }, 17],
          ["http", { httpGet: { port } }, 19],
        ] as const
      ) {
        const readinessProbe = { ...handler, timeoutSeconds: 100, periodSeconds };
        fixture.run(
          { containers: [{ name: "main", image: "busybox", command: idle, readinessProbe }] },
          name,
        );
        const pod = await fixture.pod(name, isRunning);
        await fixture.clock.waitedFor(periodSeconds * 1000);
        assert.ok(!ready(pod));
        assert.equal(
          fixture.events(name).at(-1),
          `1 Unhealthy: Readiness probe failed: ${why}`,
        );
        await assert.rejects(fixture.node.connect(refOf(pod), port), (error) => {
          assert.ok(error instanceof NodeError && error.code === 500, String(error));
          assert.ok(error.message.endsWith(`IPv4: ${why}`), error.message);
          return true;
        });
      }
    },
  });
}

const head =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
const row = (local: string, state: string, inode: number) =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0 100 0 0 10 0`;
const tables = [
  head,
  row("0100007F:1F90", "01", 1),
  row("0200007F:1F90", "0A", 2),
  row("00000000:1F90", "0A", 3),
  row("00000000:1F91", "0A", 4),
  row("0100007F:1F91", "0A", 5),
  row("00000000:0050", "0A", 6),
  row("00000000:0050", "0A", 7),
  head,
  row("00000000000000000000000000000000:1F90", "0A", 8),
  row("00000000000000000000000000000000:1F92", "0A", 9),
  row("00000000000000000000000001000000:1F93", "0A", 10),
].join("\n");

for (
  const [port, sockets, why] of [
    [8080, ["3"], "any address of IPv4 before any of IPv6; a link and 127.0.0.2 don't count"],
    [8081, ["5"], "the loopback before any address"],
    [80, ["6", "7"], "all that share the port"],
    [8082, ["9"], "any address of IPv6 takes IPv4 as well"],
    [8083, [], "the loopback of IPv6 doesn't"],
    [8084, [], "nothing listens"],
  ] as const
) {
  Deno.test(`\`listeningSockets()\` of port ${port}: ${why}`, () => {
    assert.deepEqual(listeningSockets(tables, port), sockets);
  });
}
