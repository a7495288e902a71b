/** The image of a session for which none is chosen. */
import assert from "node:assert/strict";
import type { KubeClient } from "../kube/client.ts";
import { defaultImage, hasStandIn } from "./session_image.ts";

const { signal } = new AbortController();

function server(gitVersion: unknown): KubeClient {
  return { raw: () => Promise.resolve({ gitVersion }) } as unknown as KubeClient;
}

Deno.test("`defaultImage()`: only the embedded cluster has one", async () => {
  assert.equal(await defaultImage(server("v1.32.0+kodama"), signal), "kodama-session");
  for (const version of ["v1.34.4", "v1.32.0+k3s1", undefined]) {
    await assert.rejects(defaultImage(server(version), signal), {
      message: "no image for sessions is set, and kodama publishes none",
    });
  }
});

Deno.test("`hasStandIn()`: the agent of the embedded cluster's own image, and of no other", async () => {
  const embedded = server("v1.32.0+kodama");
  assert.equal(await hasStandIn(embedded, "kodama-session", signal), true);
  assert.equal(await hasStandIn(embedded, "registry.example/session:1", signal), false);
  assert.equal(await hasStandIn(server("v1.34.4"), "kodama-session", signal), false);
});
