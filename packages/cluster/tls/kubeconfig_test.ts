import assert from "node:assert/strict";
import { contextNameOf } from "./kubeconfig.ts";

const kept: readonly (readonly [folder: string, name: string])[] = [
  ["/home/ada/lab", "kodama-lab"],
  ["/home/ada/My Lab.2/", "kodama-my-lab-2"],
  ["/tmp/_x_", "kodama-x"],
  ["/srv/kodama-two", "kodama-two"],
  ["/", "kodama"],
  ["/木霊", "kodama"],
  [`/${"long-".repeat(20)}`, `kodama-${"long-".repeat(8)}`.replace(/-$/, "")],
];

for (const [folder, name] of kept) {
  Deno.test(`the persistent cluster in ${folder.slice(0, 30)} is called ${name}`, () => {
    assert.equal(contextNameOf(folder, { isPersistent: true }), name);
  });
}

Deno.test("the user's own cluster has the same name in every folder", () => {
  assert.equal(contextNameOf("/home/ada/.kodama/cluster", { isPersistent: false }), "kodama");
});
