import assert from "node:assert/strict";
import type { KubeClient } from "../kube/client.ts";
import { clientRegistry } from "./host.ts";

/** Returns a registry whose current context is `kind`, and the names that were opened. */
function registry() {
  const opened: (string | undefined)[] = [];
  const ask = clientRegistry((context) => {
    opened.push(context);
    if (context === "broken") return Promise.reject(new Error("no such context"));
    // The registry reads only its name.
    return Promise.resolve({ context: context ?? "kind" } as KubeClient);
  });
  return { ask, opened };
}

Deno.test("a client is made once, however often it is asked for at the same time", async () => {
  const { ask, opened } = registry();
  const clients = await Promise.all([ask("a"), ask("a"), ask("b")]);
  assert.equal(clients[0], clients[1]);
  assert.deepEqual(opened, ["a", "b"]);
});

Deno.test("the current context and its name are one client", async () => {
  const { ask, opened } = registry();
  const [current, named] = await Promise.all([ask(undefined), ask("kind")]);
  assert.equal(current, named);
  assert.equal(await ask("kind"), current);
  assert.deepEqual(opened, [undefined]);
});

Deno.test("another context than the current one is its own client", async () => {
  const { ask, opened } = registry();
  await ask(undefined);
  assert.equal((await ask("prod")).context, "prod");
  assert.deepEqual(opened, [undefined, "prod"]);
});

Deno.test("a context that can't be opened breaks no other", async () => {
  const { ask } = registry();
  await assert.rejects(ask("broken"), /no such context/);
  assert.equal((await ask("a")).context, "a");
});
