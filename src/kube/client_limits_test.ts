import assert from "node:assert/strict";
import fc from "fast-check";
import {
  isReadingRequest,
  isWithinNamespace,
  requireReading,
  requireWithin,
  requireWritable,
} from "./client_limits.ts";

const pod = "/api/v1/namespaces/n/pods/web";

/** Requests, and whether they change nothing. */
const table: Readonly<Record<string, boolean>> = {
  "GET /api/v1/pods?watch=true": true,
  [`GET ${pod}`]: true,
  [`GET ${pod}/log?follow=true`]: true,
  "GET /api/v1/namespaces/n/pods/exec": true,
  "GET /version": true,
  [`GET ${pod}/portforward?ports=80`]: true,
  [`POST ${pod}/portforward`]: true,
  "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews": true,
  "POST /apis/authorization.k8s.io/v1/namespaces/n/localsubjectaccessreviews": true,
  "POST /apis/authentication.k8s.io/v1/selfsubjectreviews": true,
  // By WebSocket a stream into a pod is a GET.
  [`GET ${pod}/exec?command=rm`]: false,
  [`GET ${pod}/attach?stdin=true`]: false,
  [`GET ${pod}/%65xec?command=rm`]: false,
  [`GET ${pod}/%ff`]: false,
  // A URL's parser makes another path of these on the way.
  [`GET ${pod}/./exec?command=rm`]: false,
  [`GET ${pod}/%2e/exec?command=rm`]: false,
  [`GET ${pod}/log/../exec?command=rm`]: false,
  [`GET ${pod}\\exec?command=rm`]: false,
  [`GET ${pod}/ex\tec?command=rm`]: false,
  [`GET ${pod}//exec?command=rm`]: false,
  [`GET ${pod}/proxy/shutdown`]: false,
  "GET /api/v1/namespaces/n/services/s/proxy": false,
  "GET /api/v1/nodes/n/proxy/run/n/web/c": false,
  "GET /api/v1/proxy/nodes/n/run": false,
  [`POST ${pod}/exec`]: false,
  [`POST ${pod}/eviction`]: false,
  [`POST /api/v1/namespaces/n/pods`]: false,
  "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews/x": false,
  "POST /apis/example.com/v1/selfsubjectaccessreviews": false,
  [`PUT ${pod}`]: false,
  [`PATCH ${pod}`]: false,
  [`DELETE ${pod}`]: false,
};

function request(line: string): { method: string; path: string } {
  const [method = "", path = ""] = line.split(" ");
  return { method, path };
}

Deno.test("isReading() knows the requests that change nothing, and no other", () => {
  for (const [line, expected] of Object.entries(table)) {
    assert.equal(isReadingRequest(request(line)), expected, line);
  }
});

Deno.test("a read-only client refuses all others, unless their command is known to read", () => {
  const client = { context: "lab", readOnly: "run" } as const;
  for (const [line, isRead] of Object.entries(table)) {
    requireReading({ ...client, readOnly: undefined }, request(line), false);
    requireReading(client, request(line), true);
    if (isRead) requireReading(client, request(line), false);
    else {
      assert.throws(() => requireReading(client, request(line), false), { kind: "readOnly" }, line);
    }
  }
  assert.throws(() => requireReading(client, request(`DELETE ${pod}?x=secret`), false), {
    message: `cannot send DELETE ${pod}: context lab is read-only`,
  });
});

Deno.test("a refused stream is named by its pod, and without its command", () => {
  const line = request(`GET ${pod}/exec?command=secret`);
  assert.throws(() => requireReading({ context: "lab", readOnly: "run" }, line, false), {
    message: "cannot run a command in web: context lab is read-only",
  });
});

Deno.test("requireWritable() names what can't be done, and the context", () => {
  requireWritable({ context: "lab" }, "start a session");
  assert.throws(
    () => requireWritable({ context: "lab", readOnly: "context" }, "start a session"),
    {
      kind: "readOnly",
      message: "cannot start a session: context lab is read-only",
      hint: "the settings gate.contexts and gate.servers allow only reading there",
    },
  );
});

Deno.test("isWithin() knows the requests about one namespace, and what belongs to none", () => {
  const table: Readonly<Record<string, boolean>> = {
    "GET /api/v1/namespaces/shop": true,
    "GET /api/v1/namespaces/shop/pods?limit=500": true,
    "GET /api/v1/namespaces/shop/pods/web/exec?command=id": true,
    "PATCH /apis/apps/v1/namespaces/shop/deployments/web": true,
    "GET /version": true,
    "GET /api/v1": true,
    "GET /apis/apps/v1": true,
    "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews": true,
    "GET /api/v1/pods": false,
    "GET /api/v1/nodes": false,
    "GET /api/v1/namespaces": false,
    "GET /api/v1/namespaces/shop2/pods": false,
    "GET /api/v1/namespaces/kube-system/secrets": false,
    "GET /api/v1/namespaces/shop/../kube-system/secrets": false,
    "GET /api/v1/namespaces/shop%2F..%2Fkube-system/secrets": false,
    "GET /api/v1/namespaces/shop/..\\..\\kube-system/secrets": false,
    "GET /api/v1/namespaces/shop/%2e%2e/kube-system/secrets": false,
    "GET /api/v1/namespaces/%73hop/pods": true,
    "GET /api/v1/watch/namespaces/shop/pods": false,
    "GET /api/v1/%ff": false,
    "POST /apis/apps/v1": false,
    "GET /apis/rbac.authorization.k8s.io/v1/clusterroles": false,
    "POST /apis/authorization.k8s.io/v1/namespaces/other/localsubjectaccessreviews": false,
    "GET /": false,
    "GET /metrics": false,
  };
  for (const [line, expected] of Object.entries(table)) {
    assert.equal(isWithinNamespace("shop", request(line)), expected, line);
  }
  assert.throws(
    () => requireWithin({ context: "lab", namespace: "shop" }, request("GET /api/v1/nodes")),
    {
      kind: "forbidden",
      message: "cannot send GET /api/v1/nodes",
    },
  );
});

Deno.test("isWithin() lets no path to another namespace through, however it is written", () => {
  const part = fc.constantFrom(
    "..",
    ".",
    "%2e%2e",
    "shop",
    "other",
    "namespaces",
    "pods",
    "%2f",
    "",
    "v1",
    "api",
  );
  fc.assert(fc.property(fc.array(part, { maxLength: 10 }), (parts) => {
    const path = `/api/v1/namespaces/${parts.join("/")}`;
    if (!isWithinNamespace("shop", { method: "GET", path })) return;
    // What a server makes of it.
    const { pathname } = new URL(decodeURIComponent(path), "http://server");
    assert.match(pathname, /^\/api\/v1\/namespaces\/shop(?:\/|$)/, path);
  }));
});
