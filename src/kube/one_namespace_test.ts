import assert from "node:assert/strict";
import fc from "fast-check";
import { isWithinNamespace, requireWithin } from "./one_namespace.ts";

const request = (line: string) => {
  const [method = "", path = ""] = line.split(" ");
  return { method, path };
};

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
