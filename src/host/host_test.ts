import assert from "node:assert/strict";
import type { KubeClient } from "../kube/client.ts";
import { clientRegistry } from "./host.ts";

/** Returns a registry whose current context is `kind`, the names that were opened, and how many of them were closed. */
function registry() {
  const opened: (string | undefined)[] = [];
  const closed: (string | undefined)[] = [];
  const ask = clientRegistry((context) => {
    opened.push(context);
    if (context === "broken") return Promise.reject(new Error("no such context"));
    const close = () => Promise.resolve(void closed.push(context));
    // The registry reads only its name.
    const client = { context: context ?? "kind", [Symbol.asyncDispose]: close };
    return Promise.resolve(client as unknown as KubeClient);
  });
  return { ask, opened, closed };
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

Deno.test("the current context is one client too if its name is asked for first", async () => {
  const { ask, opened, closed } = registry();
  const [named, current] = await Promise.all([ask("kind"), ask(undefined)]);
  assert.equal(current, named);
  assert.deepEqual([opened.toSorted(), closed], [["kind", undefined], [undefined]]);
});

Deno.test("another context than the current one is its own client", async () => {
  const { ask, opened } = registry();
  await ask(undefined);
  assert.equal((await ask("prod")).context, "prod");
  assert.deepEqual(opened, [undefined, "prod"]);
});

Deno.test("a context that can't be opened breaks no other", async () => {
  const { ask, opened } = registry();
  await assert.rejects(ask("broken"), /no such context/);
  assert.equal((await ask("a")).context, "a");
  // The next attempt may succeed: a person has logged in.
  await assert.rejects(ask("broken"), /no such context/);
  assert.deepEqual(opened, ["broken", "a", "broken"]);
});
