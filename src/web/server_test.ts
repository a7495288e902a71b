import assert from "node:assert/strict";
import { simulatedHost } from "../actions/testing/simulated_host.ts";
import { ManualClock } from "../base/testing/manual_clock.ts";
import type { Routes } from "./api.ts";
import { WebServer } from "./server.ts";

/** A server, and what sends requests of a browser that is signed in. */
function serverOf(clock = new ManualClock(), limits: { readOnly?: boolean } = {}) {
  const { host } = simulatedHost({ lab: {} }, { clock });
  const server = new WebServer({
    host: { ...host, ...limits },
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
    ["api/pods?namespace=x", undefined, /no option "namespace".*namespaces/],
    ["api/pods?sample=many", undefined, /sample/],
    ["api/pods?allNamespaces=yes", undefined, /allNamespaces/],
    ["api/runs?limit=1&limit=2", undefined, /limit/],
    ["api/pods?match=/(/", undefined, /\/\(\//],
    ["api/pods?selector=", undefined, /selector/],
    ["api/pods?fieldSelector=", undefined, /fieldSelector/],
    ["api/pods?pods=web-*", undefined, /web-\*/],
    ["api/runs", '{"kind":"exec","input":{"command":[]}}', /command/],
    ["api/runs", '{"kind":"exec","input":{"command":["ls"]}}', /no pods are chosen/],
    ["api/links", "[]", /object/i],
    ["api/links", "{", /isn't JSON/],
  ];
  for (const [path, body, message] of table) {
    const answer = await send(path, body === undefined ? {} : { ...post, body });
    assert.equal(answer.status, 400, path);
    assert.match((await answer.json()).error.message, message, path);
  }
});

/** Each route, and whether read-only mode refuses it: a read never, a change always. */
const routes: Readonly<Record<keyof Routes, "answered" | "refused">> = {
  "GET api/about": "answered",
  "POST api/links": "answered",
  "POST api/sign-out": "answered",
  "GET api/sessions": "answered",
  "GET api/sessions/:name": "answered",
  "GET api/sessions/:name/diff": "answered",
  "GET api/sessions/:name/log": "answered",
  "GET api/sessions/:name/tasks": "answered",
  "POST api/sessions": "refused",
  "GET api/start": "answered",
  "POST api/sessions/:name/prompt": "refused",
  "POST api/sessions/:name/approval": "refused",
  "POST api/sessions/:name/interrupt": "refused",
  "POST api/sessions/:name/stop": "refused",
  "POST api/sessions/:name/delete": "refused",
  "POST api/sessions/:name/transfer": "refused",
  "POST api/sessions/:name/resume": "refused",
  "GET api/pods": "answered",
  "GET api/logs": "answered",
  "GET api/workflows": "answered",
  "GET api/workflows/:name": "answered",
  "POST api/workflows/:name/plan": "answered",
  "GET api/runs": "answered",
  "POST api/runs": "answered",
  "GET api/runs/:id": "answered",
  "GET api/runs/:id/events": "answered",
  "POST api/runs/:id/rerun": "answered",
  "POST api/runs/:id/cancel": "answered",
  "POST api/runs/:id/answer": "answered",
  "GET api/forwards": "answered",
  "POST api/forwards/:name/stop": "refused",
  "GET api/terminal": "answered",
};

Deno.test("in read-only mode every route that changes something is refused, and none that reads", async () => {
  for (const [route, expected] of Object.entries(routes)) {
    const [method = "", path = ""] = route.replace(/:(?:name|id)/, "x").split(" ");
    const { server, send, clock } = serverOf(new ManualClock(), { readOnly: true });
    await using _server = server;
    // A body of no route, and a name of nothing: only what comes before both is tried.
    const init = method === "POST" ? { ...post, body: "[]" } : {};
    const answer = await clock.runUntil(send(path, init));
    const { error } = await answer.json() as { error?: { kind: string } };
    assert.equal(error?.kind === "readOnly", expected === "refused", `${route}: ${error?.kind}`);
    if (expected === "refused") assert.equal(answer.status, 403, route);
    if (expected === "answered") continue;
    const free = serverOf();
    await using _free = free.server;
    const open = await free.send(path, init);
    assert.equal(open.status, 400, route);
    await open.body?.cancel();
  }
});
