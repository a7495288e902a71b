import assert from "node:assert/strict";
import { UsageError } from "../base/errors.ts";
import { PODS, resourcePath } from "./resources.ts";

Deno.test("resourcePath() escapes each part, and takes none that leads elsewhere", () => {
  assert.equal(resourcePath(PODS, "a b", "c:d?e"), "/api/v1/namespaces/a%20b/pods/c%3Ad%3Fe");
  assert.equal(resourcePath(PODS, undefined), "/api/v1/pods");
  for (const part of ["", ".", "..", "kube-system/secrets", "../../apis", "a%2fb"]) {
    assert.throws(() => resourcePath(PODS, part), UsageError, part);
    assert.throws(() => resourcePath(PODS, "default", part), UsageError, part);
  }
});
