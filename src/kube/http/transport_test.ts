import assert from "node:assert/strict";
import { NAMESPACES, PODS } from "../resources.ts";
import { serverOfAuthority } from "../testing/certificates.ts";
import { type Answer, withSecureServer, withServer } from "../testing/test_server.ts";
import { openKubeClient } from "../open_client.ts";
import { MemoryLink } from "../testing/memory_link.ts";
import { testHost } from "../testing/test_host.ts";
import { boundedText } from "./transport.ts";

/** The limit of transport.ts for the head of an answer. */
const headLimitMs = 30_000;

const page = (names: string[], next?: string) =>
  Response.json({
    metadata: { resourceVersion: "7", ...(next ? { continue: next, remainingItemCount: 1 } : {}) },
    items: names.map((name) => ({ metadata: { name } })),
  });

const status = (code: number, message: string, headers: HeadersInit = {}) =>
  Response.json({ kind: "Status", status: "Failure", message, code }, { status: code, headers });

Deno.test("what is meant for this machine doesn't go to a proxy of the environment", async () => {
  // Nothing listens there. The runtime reads the process's own variables, whatever a host returns.
  const env = { HTTP_PROXY: "http://127.0.0.1:9" };
  const before = Deno.env.get("HTTP_PROXY");
  Deno.env.set("HTTP_PROXY", env.HTTP_PROXY);
  try {
    const answer = () => page(["a"]);
    await withServer(
      answer,
      async ({ client }) => {
        const pages = await Array.fromAsync(client.list(PODS, {}));
        assert.equal(pages.length, 1);
      },
      undefined,
      env,
    );
  } finally {
    if (before === undefined) Deno.env.delete("HTTP_PROXY");
    else Deno.env.set("HTTP_PROXY", before);
  }
});

Deno.test("a refused client certificate that has expired is named with its end", async () => {
  const user = {
    "client-certificate-data": btoa(serverOfAuthority.cert),
    "client-key-data": btoa(serverOfAuthority.key),
  };
  const hintAfter = async (days: number) => {
    let hint: unknown;
    await withSecureServer(() => status(401, "Unauthorized"), async ({ client, host }) => {
      host.clock.timer(days * 24 * 3_600_000, () => {});
      host.clock.step();
      const pod = client.get(PODS, "p", { namespace: "n" });
      await assert.rejects(pod, (error: { hint?: unknown }) => {
        hint = error.hint;
        return true;
      });
    }, user);
    return hint;
  };
  assert.equal(
    await hintAfter(101 * 366),
    "the client certificate in the kubeconfig expired on 2126-11-01 13:07 UTC: log in again, or have it renewed",
  );
  assert.match(
    `${await hintAfter(1)}`,
    /^the credentials of this context are missing, wrong or expired/,
  );
});

Deno.test("a redirect isn't followed: another server gets no credentials", async () => {
  let strangers = 0;
  const stranger = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, () => {
    strangers++;
    return Response.json({});
  });
  const location = `http://127.0.0.1:${stranger.addr.port}/`;
  const answer = () => new Response("moved", { status: 307, headers: { location } });
  await withServer(answer, async ({ client, requests }) => {
    await assert.rejects(client.raw("GET", "/version"));
    await assert.rejects(client.get(PODS, "p", { namespace: "n" }));
    assert.equal(requests.length, 2);
  });
  await stranger.shutdown();
  assert.equal(strangers, 0);
});

Deno.test("paths, queries and proofs are as the API wants them", async () => {
  let headers = new Headers();
  const user = {
    token: "secret",
    as: "jane",
    "as-groups": ["a", "b"],
    "as-user-extra": { "x/y": ["1"] },
  };
  await withSecureServer((request) => {
    headers = new Headers(request.headers);
    return Response.json({});
  }, async ({ client, requests }) => {
    await client.get(PODS, "a?b", { namespace: "n s" });
    await client.get(NAMESPACES, "x", {});
    await client.create(PODS, { a: 1 }, { namespace: "ns" });
    await client.update(PODS, "p", { a: 2 }, { namespace: "ns" });
    await client.delete(PODS, "p", { namespace: "ns" });
    await client.raw("GET", "/version");
    assert.deepEqual(requests, [
      "GET /base/api/v1/namespaces/n%20s/pods/a%3Fb",
      "GET /base/api/v1/namespaces/x",
      "POST /base/api/v1/namespaces/ns/pods",
      "PUT /base/api/v1/namespaces/ns/pods/p",
      "DELETE /base/api/v1/namespaces/ns/pods/p",
      "GET /base/version",
    ]);
    assert.equal(headers.get("authorization"), "Bearer secret");
    assert.equal(headers.get("impersonate-user"), "jane");
    assert.equal(headers.get("impersonate-group"), "a, b");
    assert.equal(headers.get("impersonate-extra-x%2fy"), "1");
  }, user);
});

Deno.test("a deletion says which object is meant and how long it may take, where that is said", async () => {
  const bodies: string[] = [];
  await withServer((_request, body) => {
    bodies.push(body);
    return Response.json({});
  }, async ({ client }) => {
    await client.delete(PODS, "p", { namespace: "ns" });
    await client.delete(PODS, "p", { namespace: "ns" }, { uid: "u-1", graceSeconds: 0 });
    assert.equal(bodies[0], "");
    assert.deepEqual(JSON.parse(bodies[1] ?? ""), {
      apiVersion: "v1",
      kind: "DeleteOptions",
      preconditions: { uid: "u-1" },
      gracePeriodSeconds: 0,
    });
  });
});

Deno.test("a list is requests for page by page, only when the next is wanted", async () => {
  await withServer(
    (request) =>
      new URL(request.url).searchParams.has("continue") ? page(["c"]) : page(["a", "b"], "next/1"),
    async ({ client, requests }) => {
      const pages = client.list(PODS, { namespace: "ns", labelSelector: "a in (b,c)" });
      const iterator = pages[Symbol.asyncIterator]();
      const first = (await iterator.next()).value;
      assert.deepEqual([first?.items.length, first?.resourceVersion, first?.remaining], [
        2,
        "7",
        1,
      ]);
      assert.equal(requests.length, 1);
      assert.equal((await iterator.next()).value?.items.length, 1);
      assert.equal((await iterator.next()).done, true);
      assert.deepEqual(requests, [
        "GET /base/api/v1/namespaces/ns/pods?labelSelector=a+in+%28b%2Cc%29&limit=500",
        "GET /base/api/v1/namespaces/ns/pods?labelSelector=a+in+%28b%2Cc%29&limit=500&continue=next%2F1",
      ]);
    },
  );
});

for (
  const [what, items] of [["nothing", [null]], ["a number", [7]], ["an object without a name", [{
    metadata: { name: 7 },
  }]], ["a text", "web-0"]] as const
) {
  Deno.test(`a list with ${what} in it is refused`, () =>
    withServer(() => Response.json({ items }), async ({ client }) => {
      await assert.rejects(Array.fromAsync(client.list(PODS, {})), /gave no list$/);
    }));
}

Deno.test("a list that gives the same page again and again is left", () =>
  withServer(() => page(["a"], "next"), async ({ client, requests }) => {
    await assert.rejects(Array.fromAsync(client.list(PODS, {})), /has no end$/);
    assert.equal(requests.length, 2);
  }));

Deno.test("a busy server is given the time that it asks for, five times", async () => {
  let busy = 2;
  const answer = () => busy-- > 0 ? status(429, "busy", { "retry-after": "3" }) : Response.json({});
  await withServer(answer, async ({ client, requests, host }) => {
    // The server answers in the machine's time, which isn't the test's: this limit may not expire meanwhile.
    const timer = host.clock.timer.bind(host.clock);
    host.clock.timer = (delayMs, fire) =>
      delayMs === headLimitMs ? { [Symbol.dispose]: () => {} } : timer(delayMs, fire);
    await host.clock.runUntil(client.raw("GET", "/a"));
    assert.equal(host.clock.elapsedMs(), 6000);
    busy = 99;
    await assert.rejects(host.clock.runUntil(client.raw("GET", "/b")), {
      kind: "server",
      message: /^busy \(/,
    });
    assert.equal(requests.filter((one) => one === "GET /base/b").length, 6);
  });
});

Deno.test("a server that wants too much time is answered with its error", async () => {
  await withServer(
    () => status(429, "busy", { "retry-after": "3600" }),
    async ({ client, requests }) => {
      await assert.rejects(client.raw("GET", "/a"), { message: /^busy/ });
      assert.equal(requests.length, 1);
    },
  );
});

Deno.test("a refused token file is read again, once", async () => {
  const seen: (string | null)[] = [];
  const answer: Answer = (request) => {
    seen.push(request.headers.get("authorization"));
    return status(401, "Unauthorized");
  };
  await withSecureServer(answer, async ({ client, host }) => {
    const asking = client.raw("GET", "/a");
    host.files["/t"] = "second";
    await assert.rejects(asking, { kind: "unauthorized" });
    assert.equal(seen.length, 2);
    assert.equal(seen[1], "Bearer second");
  }, { tokenFile: "/t" });
});

Deno.test("an answer that isn't JSON is shortened in the error", async () => {
  await withServer(() => new Response("<html>\x1b[2Jlogin</html>"), async ({ client }) => {
    await assert.rejects(client.raw("GET", "/a"), {
      kind: "server",
      message:
        /^http:\/\/127\.0\.0\.1:\d+\/base \(context x\) answered with something other than JSON: <html>login<\/html>$/,
      hint: "is this the address of a Kubernetes API server?",
    });
  });
});

Deno.test("a page that expired halfway is an `expired` error", async () => {
  const answer: Answer = (request) =>
    new URL(request.url).searchParams.has("continue") ? status(410, "too old") : page(["a"], "n");
  await withServer(answer, async ({ client }) => {
    await assert.rejects(Array.fromAsync(client.list(PODS, {})), { name: "ExpiredError" });
  });
});

Deno.test("an answer that stops in its middle is given up", async () => {
  const link = new MemoryLink();
  const host = { ...testHost(), dial: () => Promise.resolve(link) };
  await using client = await openKubeClient({ server: "http://api.test" }, host);
  link.give(new TextEncoder().encode("HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{"));
  await assert.rejects(host.clock.runUntil(client.raw("GET", "/a")), {
    kind: "unreachable",
    message: /no answer in 30s$/,
  });
  assert.equal(link.closed, true);
  assert.equal(host.clock.waiting, 0);
});

Deno.test("a call ends with its signal, and with the signal's own words", async () => {
  const hold = Promise.withResolvers<Response>();
  await withServer(() => hold.promise, async ({ client }) => {
    const stop = new AbortController();
    const asking = client.raw("GET", "/a", { signal: stop.signal });
    stop.abort();
    await assert.rejects(asking, { kind: "cancelled" });
    const late = AbortSignal.abort(new DOMException("", "TimeoutError"));
    await assert.rejects(client.raw("GET", "/a", { signal: late }), { kind: "timeout" });
    hold.resolve(Response.json({}));
  });
});

Deno.test("a refused upgrade is the API's own error", async () => {
  await withServer(() => status(403, "no exec for you"), async ({ client }) => {
    const request = {
      namespace: "a",
      pod: "b",
      container: "c",
      command: ["x"],
      stdin: false,
      tty: false,
    };
    await assert.rejects(client.exec(request), {
      kind: "forbidden",
      message: /^no exec for you \(context x, /,
    });
  });
});

const at = { context: "prod", server: "https://api.test:6443" };

async function* endless(piece: string): AsyncGenerator<Uint8Array> {
  for (;;) yield await Promise.resolve(new TextEncoder().encode(piece));
}

Deno.test("a body that is cut anywhere is its text", async () => {
  const bytes = new TextEncoder().encode("né");
  const chunks = ReadableStream.from([bytes.subarray(0, 2), bytes.subarray(2)]);
  assert.equal(await boundedText(chunks, 2, at), "né");
});

Deno.test("a body beyond its limit is an error, however much follows", async () => {
  await assert.rejects(boundedText(endless("abc"), 10, at), {
    kind: "server",
    message: "https://api.test:6443 (context prod) answered with more than 10 characters",
  });
});
