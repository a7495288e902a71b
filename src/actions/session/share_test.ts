import assert from "node:assert/strict";
import { shareRights } from "./share.ts";

interface Rights {
  rules?: { resources: string[]; resourceNames?: string[]; verbs: string[] }[];
  subjects?: unknown;
  roleRef?: unknown;
  metadata: { namespace: string };
}

Deno.test("who a session is shared with sees that session and execs in its pod, and nothing else", () => {
  const [role, binding] = shareRights(
    { name: "work", namespace: "dev" },
    "bob",
  ) as unknown as Rights[];
  const granted = role?.rules?.flatMap(({ resources, resourceNames = ["*"], verbs }) =>
    verbs.map((verb) => `${verb} ${resources}/${resourceNames}`)
  );
  assert.deepEqual(granted, [
    "get configmaps/kodama-session-work",
    "get pods/kodama-work",
    "get pods/exec/kodama-work",
    "create pods/exec/kodama-work",
  ]);
  const apiGroup = "rbac.authorization.k8s.io";
  assert.deepEqual(binding?.subjects, [{ apiGroup, kind: "User", name: "bob" }]);
  assert.deepEqual(binding?.roleRef, { apiGroup, kind: "Role", name: "kodama-share-work" });
  assert.deepEqual([role, binding].map((one) => one?.metadata.namespace), ["dev", "dev"]);
});
