import assert from "node:assert/strict";
import { kubectlRights } from "./kubectl_rights.ts";

/** Returns `deployments.apps get,patch` for each right; undefined if they aren't known. */
function rights(line: string): string[] | undefined {
  return kubectlRights(line.split(" "))?.rights.map(({ group, resource, verbs, isClusterWide }) =>
    `${resource}${group === "" ? "" : `.${group}`} ${verbs.join(",")}${isClusterWide ? " *" : ""}`
  );
}

Deno.test("`kubectlRights()` returns verbs of the API on the resources that a command line names", () => {
  const table: [string, string[] | undefined][] = [
    ["get pods", ["pods get,list"]],
    ["get po,deploy web -o json", ["pods get,list", "deployments.apps get,list"]],
    ["get pods -w", ["pods get,list,watch"]],
    ["delete pod web-0 --wait=false", ["pods get,list,watch,delete"]],
    ["rollout restart deploy/web sts/db", [
      "deployments.apps get,list,patch",
      "statefulsets.apps get,list,patch",
    ]],
    ["rollout status deployment web", ["deployments.apps get,list,watch"]],
    ["scale deploy web --replicas 3", [
      "deployments.apps get,list",
      "deployments/scale.apps get,patch,update",
    ]],
    ["describe pod web-0", ["pods get,list", "events list"]],
    ["logs web-0", ["pods get,list", "pods/log get"]],
    ["exec web-0 -- id", ["pods get", "pods/exec create,get"]],
    ["cordon n1", ["nodes get,list,patch *"]],
    ["get no", ["nodes get,list *"]],
    ["get cronjobs.batch", ["cronjobs.batch get,list"]],
    ["version", []],
    ["get widgets", undefined],
    ["apply -f x.yaml", undefined],
    ["delete -f x.yaml", undefined],
    ["neat get pods", undefined],
    ["get", undefined],
  ];
  for (const [line, expected] of table) assert.deepEqual(rights(line), expected, line);
});

Deno.test("`kubectlRights()` returns the namespace that a command line names", () => {
  assert.equal(kubectlRights(["get", "pods", "-n", "shop"])?.namespace, "shop");
  assert.equal(kubectlRights(["get", "pods", "-A"])?.namespace, "*");
  assert.equal(kubectlRights(["get", "pods"])?.namespace, undefined);
});
