import assert from "node:assert/strict";
import { simulatedHost } from "../actions/testing/simulated_host.ts";
import { ManualClock } from "../base/testing/manual_clock.ts";
import { WebServer } from "./server.ts";

/** A server, and what sends requests of a browser that is signed in. */
function serverOf(clock = new ManualClock()) {
  const { host } = simulatedHost({ lab: {} }, { clock });
  const server = new WebServer({
    host,
    version: "test",
    scheme: "http",
    page: (path) =>
      Promise.resolve(
        path === "index.html" ? { bytes: new TextEncoder().encode("page") } : undefined,
      ),
    upgrade: () => assert.fail("no terminal is opened"),
  });
  server.access.listens(["127.0.0.1"], 80);
  const token = new URL(server.access.newLink().url).searchParams.get("token") ?? "";
  const cookie = server.access.signIn(token)?.split(";")[0] ?? "";
  const send = (path: string, init: RequestInit = {}) =>
    server.handle(
      new Request(`http://127.0.0.1${server.access.base}${path}`, {
        ...init,
        headers: { host: "127.0.0.1", cookie, ...init.headers },
      }),
    );
  return { server, send, clock };
}

const post = {
  method: "POST",
  headers: {
    origin: "http://127.0.0.1",
    "content-type": "application/json",
    "x-kodama": "1",
  },
};

Deno.test("a body that doesn't arrive isn't waited for", async () => {
  const { server, send, clock } = serverOf();
  await using _server = server;
  const body = new ReadableStream<Uint8Array>({ start: (to) => to.enqueue(Uint8Array.of(0x7b)) });
  const answer = send("api/links", { ...post, body });
  await clock.waitedFor(10_000);
  clock.advance(10_000);
  assert.equal((await answer).status, 504);
});

Deno.test("the page has a policy of its own, and data has none that allows anything", async () => {
  const { server, send } = serverOf();
  await using _server = server;
  const page = await send("");
  assert.equal(await page.text(), "page");
  assert.match(page.headers.get("content-security-policy") ?? "", /script-src 'self';/);
  const data = await send("api/workflows");
  assert.equal(
    data.headers.get("content-security-policy"),
    "default-src 'none'; frame-ancestors 'none'; sandbox",
  );
  assert.equal(data.headers.get("cache-control"), "no-store");
});

Deno.test("queries and bodies of another form are refused, with the nearest name", async () => {
  const { server, send } = serverOf();
  await using _server = server;
  const table: [path: string, body: string | undefined, message: RegExp][] = [
    ["api/pods?namespace=x", undefined, /no parameter "namespace".*namespaces/],
    ["api/pods?sample=many", undefined, /sample/],
    ["api/pods?allNamespaces=1", undefined, /allNamespaces/],
    ["api/runs?limit=1&limit=2", undefined, /limit/],
    ["api/pods?match=/(/", undefined, /\/\(\//],
    ["api/runs", '{"kind":"exec","command":[],"selection":{}}', /command/],
    ["api/runs", '{"kind":"exec","command":["ls"],"selection":{}}', /no pods are chosen/],
    ["api/links", "[]", /object/i],
    ["api/links", "{", /isn't JSON/],
  ];
  for (const [path, body, message] of table) {
    const answer = await send(path, body === undefined ? {} : { ...post, body });
    assert.equal(answer.status, 400, path);
    assert.match((await answer.json()).error.message, message, path);
  }
});
