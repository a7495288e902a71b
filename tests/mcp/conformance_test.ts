/**
 * The official conformance suite of the Model Context Protocol, over HTTP. Its scenarios of single tools, prompts and
 * resources need a server that has them: they are left out.
 */
import assert from "node:assert/strict";
import { mcpHttpHandler } from "../../src/mcp/http.ts";
import { thisMachine } from "../harness/cluster_in_process.ts";
import { runCommand } from "../harness/command.ts";
import { TestFolder } from "../harness/test_folder.ts";

const suite = "npm:@modelcontextprotocol/conformance@0.1.16";
const scenarios = [
  "server-initialize",
  "ping",
  "tools-list",
  "prompts-list",
  "resources-list",
  "logging-set-level",
  "completion-complete",
  "dns-rebinding-protection",
  "server-sse-polling",
  "server-sse-multiple-streams",
];

Deno.test("the MCP server passes the official conformance suite", async (t) => {
  await using folder = await TestFolder.open("kodama-mcp-");
  const token = "a-token-of-this-test";
  const host = thisMachine({ KODAMA_CONFIG_DIR: folder.path });
  const handler = mcpHttpHandler({ host, version: "test", allowChanges: false }, token);
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  // The suite can't send a token.
  await using server = Deno.serve(options, (request) => {
    const headers = new Headers(request.headers);
    headers.set("authorization", `Bearer ${token}`);
    return handler(new Request(request, { headers }));
  });
  const { port } = server.addr as Deno.NetAddr;
  for (const scenario of scenarios) {
    await t.step(scenario, async () => {
      const url = `http://127.0.0.1:${port}/mcp`;
      const allowed = ["--allow-read", "--allow-net", "--allow-env", "--allow-sys"];
      const args = ["run", ...allowed, "--quiet", suite, "server", "--url", url];
      const { code, stdout, stderr } = await runCommand([
        Deno.execPath(),
        ...args,
        "--scenario",
        scenario,
      ], {
        env: Deno.env.toObject(),
      });
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout + stderr, /Passed: \d+\/\d+, 0 failed/);
    });
  }
});
