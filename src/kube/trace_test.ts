import assert from "node:assert/strict";
import { systemClock } from "../base/clock.ts";
import { openKubeClient } from "./open_client.ts";
import { PODS } from "./resources.ts";
import { kubeconfig } from "./testing/test_server.ts";
import { testHost } from "./testing/test_host.ts";
import { maskedUrl, type TraceLevel } from "./trace.ts";

Deno.test("`maskedUrl()` masks every value that may be secret, and nothing else", () => {
  const cases: [path: string, shown: string][] = [
    ["/api/v1/pods?limit=500", "/api/v1/pods?limit=500"],
    ["/api/v1/pods?labelSelector=app%3Dweb,a=b", "/api/v1/pods?labelSelector=app%3Dweb%2Ca%3Db"],
    ["/e?command=mysql&command=-phunter2&tty=false", "/e?command=***&tty=false"],
    ["/e?command=a%26tty%3Dhunter2", "/e?command=***"],
    ["/p?continue=eyJhbGciOiJ", "/p?continue=***"],
    ["/p?token=hunter2&access_token=hunter2&x=hunter2", "/p?token=***&access_token=***&x=***"],
    ["/p?Limit=hunter2", "/p?Limit=***"],
    ["/p#hunter2", "/p"],
    ["/p?hunter=", "/p?hunter=***"],
    ["/p?limit=%1B%5B2J", "/p?limit=%1B%5B2J"],
  ];
  for (const [path, shown] of cases) {
    assert.equal(maskedUrl("https://k:6443", path), `https://k:6443${shown}`, path);
  }
  assert.equal(maskedUrl("https://me:hunter2@k:6443/base", "/p"), "https://k:6443/base/p");
  assert.equal(maskedUrl("no URL", "/p?token=hunter2"), "(invalid URL)");
});

Deno.test("requests, refusals and retries are traced, and neither tokens nor bodies", async () => {
  const lines: string[] = [];
  const trace = (level: TraceLevel, line: string) => void lines.push(`${level} ${line}`);
  let requests = 0;
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => {
      if (request.method === "GET") return Response.json({}, { status: 403 });
      const headers = { "retry-after": "0" };
      return ++requests === 1
        ? Response.json({ message: "hunter2" }, { status: 429, headers })
        : Response.json({});
    },
  );
  const { port } = server.addr;
  const host = testHost({ files: { "/k": kubeconfig(port, { token: "hunter2" }) } });
  await using client = await openKubeClient({ kubeconfig: "/k" }, {
    ...host,
    clock: systemClock,
    trace,
  });
  await client.create(PODS, { secret: "hunter2" }, { namespace: "n" });
  const exec = { namespace: "n", pod: "p", container: "c", stdin: false, tty: false };
  await assert.rejects(client.exec({ ...exec, command: ["echo", "hunter2"] }));
  const at = `http://127.0.0.1:${port}/base/api/v1/namespaces/n/pods`;
  const query = "container=c&stdin=false&stdout=true&stderr=true&tty=false&command=***";
  assert.deepEqual(lines.map((line) => line.replace(/\d+ms$/, "Nms")), [
    `6 POST ${at} 429 in Nms`,
    "7 retrying after 429, when the server asked for it",
    `6 POST ${at} 200 in Nms`,
    "7 exec: WebSocket",
    `6 GET ${at}/p/exec?${query} 403 in Nms`,
    "7 exec: SPDY, the WebSocket was refused with 403",
    `6 POST ${at}/p/exec?${query} 400 in Nms`,
  ]);
});
