/** The MCP server over HTTP: clients that never finish leave it to those that do. */
import assert from "node:assert/strict";
import { ManualClock } from "../base/testing/manual_clock.ts";
import { simulatedHost } from "../actions/testing/simulated_host.ts";
import { MemoryTerminal } from "../terminal/testing/memory_terminal.ts";
import { serveTools } from "./mcp.ts";
import { frontLimits } from "./web_front.ts";

const initialize = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: {
    protocolVersion: "2025-06-18",
    capabilities: {},
    clientInfo: { name: "test", version: "1" },
  },
};

Deno.test("serveTools() ends requests over HTTP that don't come to their end, and answers others", async () => {
  const clock = new ManualClock();
  const { host } = simulatedHost({}, { clock });
  const configDir = await Deno.makeTempDir({ prefix: "kodama-mcp-" });
  const stop = new AbortController();
  const { promise: listening, resolve: onListen } = Promise.withResolvers<string>();
  const serving = serveTools({
    host: { ...host, places: { ...host.places, configDir } },
    allowChanges: false,
    http: { port: 0, token: "t0ken", onListen },
    signal: stop.signal,
  }, new MemoryTerminal());
  try {
    const url = await listening;
    const post = (token: string) =>
      fetch(url, {
        method: "POST",
        headers: {
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
        },
        body: JSON.stringify(initialize),
      });
    const refused = await post("wrong");
    assert.deepEqual([refused.status, refused.headers.get("connection")], [401, "close"]);
    await refused.body?.cancel();
    using slow = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(url).port) });
    await slow.write(new TextEncoder().encode("POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\nx: "));
    await clock.waitedFor(frontLimits.headMs);
    clock.advance(frontLimits.headMs);
    assert.equal(await slow.read(new Uint8Array(1)).catch(() => null), null);
    const answer = await post("t0ken");
    assert.equal(answer.status, 200);
    assert.match(await answer.text(), /"serverInfo"/);
  } finally {
    stop.abort();
    await serving;
    await Deno.remove(configDir, { recursive: true });
  }
});
