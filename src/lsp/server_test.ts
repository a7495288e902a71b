/** A server's reaction to texts that come faster than they are checked: an editor that a test plays. */
import assert from "node:assert/strict";
import type { EditedWorkflow } from "../actions/workflow/editor.ts";
import { Changes } from "../base/testing/changes.ts";
import { serveEditor } from "./server.ts";

const uri = "file:///work/restart.yaml";

/** A server whose checks end when a test lets them, and the diagnostics that it publishes. */
function started() {
  const input = new TransformStream<Uint8Array, Uint8Array>();
  const writer = input.writable.getWriter();
  const checks = new Map<string, PromiseWithResolvers<void>>();
  const answered = new Set<number>();
  const published: { version?: number; diagnostics: unknown[] }[] = [];
  const changes = new Changes();
  let received = "";
  const ended = serveEditor(async ({ path, text }) => {
    const check = Promise.withResolvers<void>();
    checks.set(text, check);
    changes.changed();
    await check.promise;
    return { path, text, diagnostics: [] } as unknown as EditedWorkflow;
  }, {
    version: "test",
    input: input.readable,
    write(bytes) {
      received += new TextDecoder().decode(bytes);
      for (;;) {
        const [head = "", length] = /^Content-Length: (\d+)\r\n\r\n/.exec(received) ?? [];
        const end = head.length + Number(length);
        if (head === "" || received.length < end) break;
        const { method, params, id } = JSON.parse(received.slice(head.length, end));
        received = received.slice(end);
        if (method === "textDocument/publishDiagnostics") published.push(params);
        if (id !== undefined) answered.add(id);
      }
      changes.changed();
      return Promise.resolve();
    },
  });
  return {
    published,
    answered,
    async send(method: string, params: unknown, id?: number) {
      const json = JSON.stringify({ jsonrpc: "2.0", method, params, id });
      await writer.write(
        new TextEncoder().encode(`Content-Length: ${json.length}\r\n\r\n${json}`),
      );
    },
    holds: (what: string, condition: () => boolean) => changes.holds(what, condition),
    checks,
    async end() {
      await this.send("exit", undefined);
      const isShutDown = await ended;
      await writer.abort();
      return isShutDown;
    },
  };
}

Deno.test("serveEditor() reports only the newest text, and clears a file that is closed", async () => {
  const server = started();
  const change = (version: number, text: string) =>
    server.send("textDocument/didChange", {
      textDocument: { uri, version },
      contentChanges: [{ text }],
    });
  await server.send("textDocument/didOpen", {
    textDocument: { uri, languageId: "yaml", version: 1, text: "a" },
  });
  await server.holds("the check of a", () => server.checks.has("a"));
  for (const [version, text] of [[2, "b"], [3, "c"]] as const) await change(version, text);
  // It is answered after the changes before it are known.
  await server.send("initialize", { capabilities: {} }, 1);
  await server.holds("the answer", () => server.answered.has(1));
  server.checks.get("a")?.resolve();
  await server.holds("the check of c", () => server.checks.has("c"));
  assert.equal(server.checks.has("b"), false, "only the newest is worth a check");
  server.checks.get("c")?.resolve();
  await server.holds("the findings", () => server.published.length > 0);
  assert.deepEqual(server.published, [{ uri, version: 3, diagnostics: [] }]);
  await server.send("textDocument/didClose", { textDocument: { uri } });
  await server.holds("the empty findings", () => server.published.length > 1);
  assert.deepEqual(server.published[1], { uri, diagnostics: [] });
  assert.equal(await server.end(), false, "no shutdown was requested");
});
