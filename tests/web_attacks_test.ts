/**
 * Attacks on `kodama web`, by real connections to the real server on the embedded cluster. Each is a request that an
 * attacker can cause or send; none may succeed. The same requests as the page sends them do, so that a refusal has its
 * reason in what the attack changes.
 */
import assert from "node:assert/strict";
import type { Host } from "../src/actions/host.ts";
import { type Clock, systemClock } from "../src/base/clock.ts";
import { CONFIG_MAPS } from "../src/kube/resources.ts";
import { inProcessCluster } from "./harness/cluster_in_process.ts";
import { servedPage } from "./harness/served_page.ts";
import type { StrangersOrder, StrangersReport } from "./harness/slow_strangers.ts";

/** What came back; without a status if the connection was closed without an answer. */
interface Answer {
  status: number | undefined;
  head: string;
  body: string;
}

/** The server, and a browser that is signed in. */
class Target {
  constructor(
    readonly port: number,
    readonly newLink: () => URL,
    readonly base: string,
    readonly cookie: string,
  ) {}

  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Sends bytes as they are, and reads until the connection ends or as much as `until` accepts. */
  async raw(
    text: string,
    until = (answer: string) => isWhole(answer),
  ): Promise<Answer> {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: this.port });
    const reading = read(connection, until);
    await connection.write(new TextEncoder().encode(text)).catch(() => 0);
    const answer = await reading;
    const at = answer.indexOf("\r\n\r\n");
    const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1];
    return {
      status: status === undefined ? undefined : Number(status),
      head: answer.slice(0, at),
      body: answer.slice(at + 4),
    };
  }

  /** Sends a request as the page does, with what the attack changes: a header of undefined is left out. */
  async send(
    line: string,
    changes: Readonly<Record<string, string | undefined>> = {},
    body = "",
  ): Promise<Answer> {
    const [method = "GET", path = ""] = line.split(" ");
    const isPost = method === "POST";
    const headers = {
      host: this.host,
      cookie: this.cookie,
      "sec-fetch-site": "same-origin",
      ...(isPost
        ? {
          origin: `http://${this.host}`,
          "content-type": "application/json",
          "x-kodama": "1",
          "content-length": String(new TextEncoder().encode(body).length),
        }
        : {}),
      connection: "close",
      ...changes,
    };
    const lines = Object.entries(headers).filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}: ${value}`);
    const target = /^(?:\/|http:)/.test(path) ? path : `${this.base}${path}`;
    return await this.raw([`${method} ${target} HTTP/1.1`, ...lines, "", body].join("\r\n"));
  }
}

async function read(connection: Deno.Conn, until: (text: string) => boolean): Promise<string> {
  const decoder = new TextDecoder();
  const block = new Uint8Array(64 * 1024);
  let text = "";
  try {
    while (!until(text)) {
      const count = await connection.read(block);
      if (count === null) break;
      text += decoder.decode(block.subarray(0, count), { stream: true });
    }
  } catch {
    // It was reset: an answer may have come before.
  }
  return text;
}

/** Whether an answer of a known length is complete. */
function isWhole(answer: string): boolean {
  const at = answer.indexOf("\r\n\r\n");
  const length = /^content-length: (\d+)/im.exec(answer.slice(0, at))?.[1];
  if (at < 0) return false;
  if (/^HTTP\/1\.1 101/.test(answer)) return true;
  return length !== undefined &&
    new TextEncoder().encode(answer.slice(at + 4)).length >= Number(length);
}

/** Serves while `use` runs. Time for links, cookies and rates passes only by `later`, however slow this machine is. */
async function withServer(
  host: Host,
  use: (target: Target, later: (ms: number) => void) => Promise<void>,
): Promise<void> {
  let elapsedMs = 0;
  const clock: Clock = { ...systemClock, elapsedMs: () => elapsedMs };
  await using page = await servedPage({ ...host, clock });
  const { origin, newLink, base, cookie } = page;
  const target = new Target(Number(origin.port), newLink, base, cookie);
  await use(target, (ms) => elapsedMs += ms);
}

/** One attack: what is sent, and the statuses of which one is the answer; undefined is a closed connection. */
type Attack = readonly [
  name: string,
  attack: (target: Target) => Promise<Answer>,
  ...statuses: readonly (number | undefined)[],
];

const evil = "http://evil.example";
const run = JSON.stringify({
  kind: "exec",
  input: {
    command: ["hostname"],
    pods: ["weka-drive-0"],
    namespaces: ["weka-operator-system"],
  },
});
const upgrade = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};
const terminal =
  "GET api/terminal?pod=weka-drive-0&namespace=weka-operator-system&columns=80&rows=24";

/** Sends the head of a POST by hand, with this body. */
function post(target: Target, headers: readonly string[], body: string): Promise<Answer> {
  return target.raw(
    [
      `POST ${target.base}api/links HTTP/1.1`,
      ...[`host: ${target.host}`, `cookie: ${target.cookie}`, `origin: http://${target.host}`],
      ...["content-type: application/json", "x-kodama: 1", "connection: close"],
      ...headers,
      "",
      body,
    ].join("\r\n"),
  );
}

/** The routes that change sessions, each with a body that the page could send. */
const sessionChanges: readonly (readonly [path: string, body: string])[] = [
  ["sessions", '{"name":"evil","options":{}}'],
  ["sessions/evil/prompt", '{"text":"x"}'],
  [
    "sessions/evil/approval",
    '{"task":1,"request":"r","tool":"Bash","summary":"ls","decision":"allow"}',
  ],
  ["sessions/evil/transfer", '{"to":"eve"}'],
  ["sessions/evil/delete", '{"purge":true}'],
];

const attacks: readonly Attack[] = [
  // Changes of sessions.
  ...sessionChanges.flatMap(([path, body]): Attack[] => [
    [`${path} of another page`, (t) => t.send(`POST api/${path}`, { origin: evil }, body), 403],
    [
      `${path} by a form`,
      (t) => t.send(`POST api/${path}`, { "content-type": "text/plain" }, body),
      403,
    ],
    [
      `${path} without the page's header`,
      (t) => t.send(`POST api/${path}`, { "x-kodama": undefined }, body),
      403,
    ],
    [
      `${path} without a cookie`,
      (t) => t.send(`POST api/${path}`, { cookie: undefined }, body),
      401,
    ],
    [
      `${path} with another field`,
      (t) => t.send(`POST api/${path}`, {}, body.replace("{", '{"yes":true,')),
      400,
    ],
  ]),
  [
    "a file of this machine as variables of a session",
    (t) => t.send("POST api/sessions", {}, '{"name":"evil","options":{"envFiles":"/etc/passwd"}}'),
    400,
  ],
  [
    "a file of this machine as a template",
    (t) => t.send("POST api/sessions", {}, '{"name":"evil","options":{"template":"/etc/passwd"}}'),
    400,
  ],
  [
    "a file of this machine as a repository",
    (t) => t.send("POST api/sessions", {}, '{"name":"evil","options":{"repo":"file:///etc"}}'),
    400,
  ],
  ["metrics without a token", (t) => t.send("GET /metrics"), 404],
  [
    "metrics with a token that no one has chosen",
    (t) => t.send("GET /metrics", { authorization: "Bearer undefined" }),
    404,
  ],

  // Links and cookies.
  ["a guessed link", (t) => t.send(`GET /sign-in?token=${"0".repeat(64)}`), 401],
  ["a link without a token", (t) => t.send("GET /sign-in"), 401],
  ["a token in a form", (t) => t.send("POST /sign-in", {}, "token=x"), 404],
  ["a link that was used", async (t) => {
    const { pathname, search } = t.newLink();
    await t.send(`GET ${pathname}${search}`);
    return await t.send(`GET ${pathname}${search}`);
  }, 401],
  ["no cookie", (t) => t.send("GET api/about", { cookie: undefined }), 401],
  ["a guessed cookie", (t) => t.send("GET api/about", { cookie: `kodama=${"0".repeat(64)}` }), 401],
  [
    "a cookie of another name",
    (t) => t.send("GET api/about", { cookie: t.cookie.replace("kodama", "Kodama") }),
    401,
  ],
  ["a part of the cookie", (t) => t.send("GET api/about", { cookie: t.cookie.slice(0, -1) }), 401],
  ["the cookie as a token", (t) => t.send(`GET /sign-in?token=${t.cookie.slice(7)}`), 401],
  [
    "the cookie in the address",
    (t) => t.send(`GET api/about?${t.cookie}`, { cookie: undefined }),
    401,
  ],
  ["another path with the cookie", (t) => t.send(`GET /w/${"0".repeat(32)}/api/about`), 404],
  ["a path without the secret one", (t) => t.send("GET /api/about"), 404],

  // Other pages.
  ["a change of another page", (t) => t.send("POST api/runs", { origin: evil }, run), 403],
  ["a change of a sandboxed frame", (t) => t.send("POST api/runs", { origin: "null" }, run), 403],
  [
    "a change of a page on another port",
    (t) => t.send("POST api/runs", { origin: "http://127.0.0.1:8080" }, run),
    403,
  ],
  [
    "a change of a page with TLS",
    (t) => t.send("POST api/runs", { origin: `https://${t.host}` }, run),
    403,
  ],
  ["a change without an origin", (t) => t.send("POST api/runs", { origin: undefined }, run), 403],
  ["a form's text", (t) => t.send("POST api/runs", { "content-type": "text/plain" }, run), 403],
  [
    "a form's fields",
    (t) => t.send("POST api/runs", { "content-type": "application/x-www-form-urlencoded" }, run),
    403,
  ],
  [
    "a change without the page's header",
    (t) => t.send("POST api/runs", { "x-kodama": undefined }, run),
    403,
  ],
  [
    "a script of another site",
    (t) =>
      t.send("GET api/sessions", { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" }),
    403,
  ],
  [
    "an image of an app on another port",
    (t) => t.send("GET api/sessions", { "sec-fetch-site": "same-site", "sec-fetch-dest": "image" }),
    403,
  ],
  ["a frame of another site", (t) =>
    t.send("GET ", {
      "sec-fetch-site": "cross-site",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "iframe",
    }), 403],
  ["another page that reads", (t) => t.send("GET api/sessions", { origin: evil }), 403],
  [
    "a preflight",
    (t) => t.send("OPTIONS api/runs", { origin: evil, "access-control-request-method": "POST" }),
    403,
  ],

  // Names that lead here.
  ["a foreign host", (t) => t.send("GET api/about", { host: `evil.example:${t.port}` }), 421],
  ["a host without a port", (t) => t.send("GET api/about", { host: "127.0.0.1" }), 421],
  ["a host with a user", (t) => t.send("GET api/about", { host: `evil@${t.host}` }), 400, 421],
  ["a host that isn't one", (t) => t.send("GET api/about", { host: "[::1" }), 421],
  ["a host with a space", (t) => t.send("GET api/about", { host: `${t.host} :80` }), 421],
  ["no host", (t) => t.send("GET api/about", { host: undefined }), 421],
  [
    "a foreign host that was forwarded",
    (t) => t.send("GET api/about", { host: "evil.example", "x-forwarded-host": t.host }),
    421,
  ],
  ["a foreign target", (t) => t.send(`GET http://evil.example${t.base}api/about`), 421],
  [
    "a foreign host of its own page",
    (t) => t.send("POST api/runs", { host: "evil.example", origin: evil }, run),
    421,
  ],

  // WebSockets.
  ["a terminal of another page", (t) => t.send(terminal, { ...upgrade, origin: evil }), 403],
  ["a terminal of a sandboxed frame", (t) => t.send(terminal, { ...upgrade, origin: "null" }), 403],
  ["a terminal without an origin", (t) => t.send(terminal, upgrade), 403],
  [
    "a terminal without a cookie",
    (t) => t.send(terminal, { ...upgrade, origin: `http://${t.host}`, cookie: undefined }),
    401,
  ],
  ["a terminal that isn't a WebSocket", (t) => t.send(terminal), 400],
  [
    "a WebSocket without a key",
    (t) =>
      t.send(terminal, {
        ...upgrade,
        origin: `http://${t.host}`,
        "sec-websocket-key": undefined,
      }),
    400,
  ],

  // Methods and paths.
  ["a change by GET", (t) => t.send("GET api/links"), 404],
  ["a change by HEAD", (t) => t.send("HEAD api/runs/x/cancel"), 404],
  [
    "a method in a header",
    (t) => t.send("GET api/links", { "x-http-method-override": "POST" }),
    404,
  ],
  ["a method that echoes", (t) => t.send("TRACE api/about"), 403, 405],
  ["a tunnel", (t) => t.raw(`CONNECT ${t.host} HTTP/1.1\r\nhost: ${t.host}\r\n\r\n`), 403],
  ["a file of this machine", (t) => t.send("GET assets/..%2f..%2f..%2fetc%2fpasswd"), 404],
  ["a file by dots", (t) => t.send("GET assets/../../../../../etc/passwd"), 404],
  ["a file by backslashes", (t) => t.send("GET assets/..%5c..%5cpasswd.js"), 404],
  ["a file by a NUL", (t) => t.send("GET assets/main%00.js"), 404],
  [
    "a workflow by its path",
    (t) => t.send("POST api/runs", {}, '{"kind":"workflow","workflow":"/etc/passwd"}'),
    404,
  ],
  ["another kind by a namespace", (t) => t.send("GET api/sessions?namespace=x/secrets"), 400],
  ["all namespaces by dots", (t) => t.send("GET api/sessions?namespace=.."), 400],
  ["a session by dots", (t) => t.send("GET api/sessions/..%2f..%2fsecrets"), 400, 404],

  // Bodies.
  [
    "a body that is too large",
    (t) => t.send("POST api/links", { "content-length": "100000000" }, "{}"),
    413,
  ],
  ["a chunked body that is too large", (t) => {
    const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
    return post(t, ["transfer-encoding: chunked"], `${chunk.repeat(17)}0\r\n\r\n`);
  }, 413],
  ["a body that is nested deeply", (t) => t.send("POST api/runs", {}, "[".repeat(200_000)), 400],
  ["nested parameters", (t) => {
    const value = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    const body = `{"kind":"workflow","workflow":"x","params":{"a":${value}}}`;
    return t.send("POST api/runs", {}, body);
  }, 400],
  ["a prototype", (t) => t.send("POST api/links", {}, '{"__proto__":{"isAdmin":true}}'), 400],
  [
    "fields that don't exist",
    (t) => t.send("POST api/runs", {}, run.replace("{", '{"confirmed":true,')),
    400,
  ],
  [
    "an endless query",
    (t) => t.send(`GET api/pods?match=${"x".repeat(70_000)}`),
    undefined,
    400,
    431,
  ],

  // Requests that two programs would read differently.
  ["two lengths", (t) => post(t, ["content-length: 2", "content-length: 40"], "{}"), 400],
  [
    "a length and chunks",
    (t) => post(t, ["content-length: 2", "transfer-encoding: chunked"], "0\r\n\r\n"),
    400,
  ],
  ["an unknown encoding", (t) => post(t, ["transfer-encoding: xchunked"], "{}"), 400],
  ["a space before a colon", (t) => post(t, ["content-length : 2"], "{}"), 400],
  ["a folded line", (t) => post(t, ["x-a: 1\r\n 2", "content-length: 2"], "{}"), 400],
  ["two hosts", (t) => post(t, ["host: evil.example", "content-length: 2"], "{}"), 400],
  ["a request behind another one", async (t) => {
    const line = `GET ${t.base}api/about HTTP/1.1\r\nhost: ${t.host}\r\n`;
    const both = `${line}cookie: ${t.cookie}\r\n\r\n${line}connection: close\r\n\r\n`;
    const { body } = await t.raw(both, () => false);
    const [, status, second = ""] = /HTTP\/1\.1 (\d+)(.*)/s.exec(body) ?? [];
    return { status: Number(status), head: "", body: second };
  }, 401],
  ["HTTP/2 without TLS", (t) => t.raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), undefined],
];

Deno.test("no attack on the page's server succeeds", async (t) => {
  await using cluster = await inProcessCluster("weka:computes=0,clients=0");
  // Each change is confirmed.
  const settings = `${cluster.host.places.configDir}/config.yaml`;
  await cluster.host.files.replaceText(settings, "gate: { contexts: { '*': ask } }\n");
  await withServer(cluster.host, async (target, later) => {
    const isServed = async () => {
      const { status, head, body } = await target.send("GET api/about");
      assert.equal(status, 200, body);
      assert.match(head, /^x-content-type-options: nosniff$/m);
    };
    await t.step("what the page sends is answered", async () => {
      await isServed();
      assert.equal((await target.send("POST api/links", {}, "{}")).status, 200);
      const started = await target.send("POST api/runs", {}, run);
      assert.equal(started.status, 200, started.body);
      const origin = { origin: `http://${target.host}` };
      const opened = await target.send(terminal, { ...upgrade, ...origin });
      assert.equal(opened.status, 101, opened.body);
    });
    assert.ok(attacks.length >= 40);
    const runsBefore = (await target.send("GET api/runs")).body;
    for (const [name, attack, ...statuses] of attacks) {
      await t.step(name, async () => {
        const { status, head, body } = await attack(target);
        assert.ok(statuses.includes(status), `${status}: ${body.slice(0, 300)}`);
        assert.doesNotMatch(head, /^access-control-|^set-cookie: /im);
        if (status !== undefined && head !== "" && status !== 400) {
          assert.match(head, /^x-content-type-options: nosniff$/m, head);
        }
        assert.doesNotMatch(body, /root:|apiVersion|"version"/);
      });
    }
    await t.step("none of them has started anything", async () => {
      const ids = (text: string) => [...text.matchAll(/"id":"(run-\w+)"/g)].map(([, id]) => id);
      assert.deepEqual(ids((await target.send("GET api/runs")).body), ids(runsBefore));
      await isServed();
    });
    await t.step("texts of pods and of other people are data", async () => {
      await hostileTexts(cluster.host, target);
    });
    await t.step("a confirmation is for one request, of one browser, once", async () => {
      await confirmations(target);
    });
    await t.step("clients that never finish don't keep others out", async () => {
      const slow = await Promise.all(
        Array.from(
          { length: 200 },
          () => Deno.connect({ hostname: "127.0.0.1", port: target.port }),
        ),
      );
      const half = new TextEncoder().encode(`GET / HTTP/1.1\r\nhost: ${target.host}\r\n`);
      for (const one of slow) await one.write(half);
      await isServed();
      for (const one of slow) one.close();
    });
    await t.step("strangers' requests have a rate, which isn't the user's", async () => {
      const statuses = [];
      for (let count = 0; count < 100; count++) {
        statuses.push((await target.send("GET api/about", { cookie: undefined })).status);
      }
      assert.ok(statuses.includes(429), String(statuses));
      await isServed();
    });
    await t.step("links and cookies end", async () => {
      const { pathname, search } = target.newLink();
      later(10 * 60_000);
      assert.equal((await target.send(`GET ${pathname}${search}`)).status, 401);
      await isServed();
      later(12 * 3_600_000);
      assert.equal((await target.send("GET api/about")).status, 401);
    });
  });
});

Deno.test("two thousand strangers who never finish don't keep a signed-in browser waiting", async () => {
  await using cluster = await inProcessCluster("empty");
  await using page = await servedPage(cluster.host);
  const target = new Target(Number(page.origin.port), page.newLink, page.base, page.cookie);
  const url = new URL("harness/slow_strangers.ts", import.meta.url);
  const strangers = new Worker(url, { type: "module" });
  const { promise: there, resolve } = Promise.withResolvers<StrangersReport>();
  strangers.onmessage = ({ data }: MessageEvent<StrangersReport>) => resolve(data);
  const order: StrangersOrder = { port: target.port, count: 2000 };
  strangers.postMessage(order);
  const times: number[] = [];
  const request = async () => {
    const start = performance.now();
    const { status, body } = await target.send("GET api/about");
    times.push(performance.now() - start);
    assert.equal(status, 200, `after ${times.length} requests: ${body}`);
  };
  try {
    // While they come, and then while those that were turned away come back.
    let isFull = false;
    void there.then(() => isFull = true);
    // A browser has a limit of requests in a minute.
    while (!isFull && times.length < 100) await request();
    await there;
    for (let count = 0; count < 30; count++) await request();
  } finally {
    strangers.terminate();
  }
  // All of them do, on a machine with nothing else to do.
  const inTime = times.filter((ms) => ms < 1000);
  assert.ok(inTime.length > times.length / 2, `${times.map(Math.round)}`);
});

Deno.test("a browser that has signed out isn't answered", async () => {
  await using cluster = await inProcessCluster("empty");
  await withServer(cluster.host, async (target) => {
    const opened = Promise.withResolvers<void>();
    const stream = target.raw(
      `GET ${target.base}api/sessions HTTP/1.1\r\nhost: ${target.host}\r\n` +
        `cookie: ${target.cookie}\r\naccept: text/event-stream\r\n\r\n`,
      (text) => {
        if (text.includes("\r\n\r\n")) opened.resolve();
        return text.includes("0\r\n\r\n");
      },
    );
    await Promise.race([opened.promise, stream]);
    assert.equal((await target.send("POST api/sign-out", {}, "{}")).status, 200);
    assert.match((await stream).head, /^content-type: text\/event-stream/m);
    assert.equal((await target.send("GET api/about")).status, 401);
  });
});

/** A script, a command of a terminal, and what would end an event of a stream. */
const hostile = "<script>alert(1)</script>\x1b]0;x\x07\u2028\n\nevent: end\ndata: {}\n\n";

async function hostileTexts(host: Host, target: Target): Promise<void> {
  const client = await host.kube();
  const labels = {
    "app.kubernetes.io/managed-by": "kodama",
    "kodama.dev/session": "evil",
    "app.kubernetes.io/component": "state",
  };
  const metadata = { name: "kodama-session-evil", labels };
  const state = { apiVersion: "v1", kind: "ConfigMap", metadata, data: { session: hostile } };
  const signal = new AbortController().signal;
  await client.create(CONFIG_MAPS, state, { namespace: "default" }, { signal });
  const listed = await target.send("GET api/sessions?namespace=default");
  assert.equal(listed.status, 200, listed.body);
  assert.match(listed.head, /^content-type: application\/json; charset=utf-8$/m);
  assert.match(listed.head, /^content-security-policy: default-src 'none'/m);
  assert.equal(JSON.parse(listed.body).sessions[0].status, "Unreadable");

  const command = ["echo", hostile];
  const where = { pods: ["weka-drive-0"], namespaces: ["weka-operator-system"] };
  const body = JSON.stringify({ kind: "exec", input: { command, ...where } });
  const { id } = JSON.parse((await target.send("POST api/runs", {}, body)).body);
  const events = await target.raw(
    `GET ${target.base}api/runs/${id}/events HTTP/1.1\r\nhost: ${target.host}\r\n` +
      `cookie: ${target.cookie}\r\naccept: text/event-stream\r\n\r\n`,
    (text) => text.includes("\nevent: end\n"),
  );
  assert.match(events.head, /^content-type: text\/event-stream; charset=utf-8$/m);
  assert.match(events.head, /^x-content-type-options: nosniff$/m);
  const sent = events.body.split("\n");
  const data = sent.filter((one) => one.startsWith("data: ")).map((one) =>
    JSON.parse(one.slice(6))
  );
  assert.equal(sent.filter((one) => one === "event: end").length, 1, "its text ended nothing");
  const lines = data.flatMap((one) => one.event?.event === "line" ? [one.event.text] : []);
  assert.ok(lines.includes("<script>alert(1)</script>\x1b]0;x\x07\u2028"), JSON.stringify(lines));

  for (const path of ["<script>", "api/<script>", "assets/<script>.js"]) {
    const { head, body } = await target.send(`GET ${encodeURI(path)}?x=<script>`);
    assert.match(head, /^content-type: application\/json/m);
    assert.doesNotMatch(body, /script/);
  }
}

async function confirmations(target: Target): Promise<void> {
  const change = (command: string[]) =>
    JSON.stringify({
      kind: "exec",
      input: { command, namespaces: ["weka-operator-system"], match: ["weka-drive"] },
    });
  const asked = await target.send("POST api/runs", {}, change(["touch", "/tmp/x"]));
  assert.equal(asked.status, 409, asked.body);
  const { kind, confirm, question } = JSON.parse(asked.body).error;
  assert.equal(kind, "unconfirmed");
  assert.match(question.text, /touch \/tmp\/x/);
  const other = await signedIn(target);
  const attempts: [string, () => Promise<Answer>][] = [
    [
      "another command",
      () => target.send("POST api/runs", { "x-kodama-confirm": confirm }, change(["rm", "/tmp/x"])),
    ],
    [
      "again",
      () =>
        target.send("POST api/runs", { "x-kodama-confirm": confirm }, change(["touch", "/tmp/x"])),
    ],
  ];
  for (const [name, attempt] of attempts) assert.equal((await attempt()).status, 409, name);
  const fresh = await target.send("POST api/runs", {}, change(["touch", "/tmp/x"]));
  const token = JSON.parse(fresh.body).error.confirm;
  const stolen = { "x-kodama-confirm": token, cookie: other };
  assert.equal(
    (await target.send("POST api/runs", stolen, change(["touch", "/tmp/x"]))).status,
    409,
  );
  const last = await target.send("POST api/runs", {}, change(["touch", "/tmp/x"]));
  const own = { "x-kodama-confirm": JSON.parse(last.body).error.confirm };
  const started = await target.send("POST api/runs", own, change(["touch", "/tmp/x"]));
  assert.equal(started.status, 200, started.body);
}

/** Returns the cookie of another browser. */
async function signedIn(target: Target): Promise<string> {
  const { pathname, search } = target.newLink();
  const { head } = await target.send(`GET ${pathname}${search}`, { cookie: undefined });
  return /^set-cookie: (kodama=\w+)/m.exec(head)?.[1] ?? "";
}
