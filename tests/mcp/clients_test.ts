/** The MCP server as programs start it, used by clients that others wrote: both SDKs, the inspector, and Claude Code. */
import assert from "node:assert/strict";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { hangTimeout } from "../harness/hang_limit.ts";
import { claudeCode } from "../harness/claude_code.ts";
import { claudeModel, claudeUsesKodama } from "../harness/claude_uses_kodama.ts";
import { runCommand } from "../harness/command.ts";
import { startTestCluster } from "../harness/embedded_cluster.ts";
import { Kubectl } from "../harness/kubectl.ts";
import { ModelStandIn } from "../harness/model_stand_in.ts";
import { SourceKodama } from "../harness/source_kodama.ts";
import { waitingPod } from "../harness/waiting_pod.ts";
import { ensureInspector, ensurePythonSdk, type Found, sources } from "./programs.ts";

const namespace = "default";
const pod = "web-0";

const [inspector, python, claude] = await Promise.all([
  ensureInspector(),
  ensurePythonSdk(),
  claudeCode(),
]);

Deno.test("clients that others wrote use the MCP server", async (t) => {
  await using cluster = await startTestCluster();
  const kubectl = new Kubectl(cluster.env, cluster.folder);
  await kubectl.apply(waitingPod(pod));
  await kubectl.ok("wait", "--for=condition=Ready", `pod/${pod}`, hangTimeout);
  const kodama = await SourceKodama.on(cluster);
  const [program = "", ...args] = kodama.args(["mcp"]);

  /** A step of a program that this machine may not have. */
  const step = async (name: string, found: Found, run: (path: string) => Promise<void>) => {
    if (found.kind === "there") await t.step(name, () => run(found.path));
    else await t.step({ name: `${name} (not run: ${found.reason})`, ignore: true, fn: () => {} });
  };

  await t.step("the TypeScript SDK of the 2025 protocol", async () => {
    const transport = new StdioClientTransport({ command: program, args, env: { ...kodama.env } });
    const client = new Client({ name: "test", version: "1" });
    await client.connect(transport);
    try {
      assert.equal(client.getServerVersion()?.name, "kodama");
      const { tools } = await client.listTools();
      assert.ok(tools.some(({ name }: { name: string }) => name === "pods"));
      const call = async (name: string, input: Record<string, unknown>) =>
        JSON.stringify((await client.callTool({ name, arguments: input })).content);
      assert.match(await call("pods", { namespaces: [namespace] }), new RegExp(pod));
      const of = { pods: [pod], namespaces: [namespace] };
      assert.match(await call("exec", { ...of, command: ["hostname"] }), /1 pod: 1 ok/);
      assert.match(await call("exec", { ...of, command: ["touch", "/x"] }), /may change/);
      const { prompts } = await client.listPrompts();
      assert.ok(prompts.some(({ name }: { name: string }) => name === "diagnose"));
    } finally {
      await client.close();
    }
  });

  await step("the Python SDK", python, async (path) => {
    const { code, stdout, stderr } = await runCommand(
      [
        "python3",
        `${sources}python/client.py`,
        namespace,
        pod,
        "env",
        ...environment(),
        program,
        ...args,
      ],
      { env: { ...kodama.env, PYTHONPATH: path } },
    );
    assert.deepEqual([code, stdout], [0, "ok\n"], stderr);
  });

  /** Clients start servers with a few variables of theirs alone. */
  function environment(): string[] {
    return Object.entries(kodama.env).map(([name, value]) => `${name}=${value}`);
  }

  await step("the inspector's command line", inspector, async (path) => {
    const inspect = async (...method: string[]) => {
      const command = ["--cli", "env", ...environment(), program, ...args, ...method];
      const { code, stdout, stderr } = await runCommand([path, ...command], {
        env: { ...kodama.env, PATH: Deno.env.get("PATH") ?? "" },
      });
      assert.equal(code, 0, stdout + stderr);
      return stdout;
    };
    const { tools } = JSON.parse(await inspect("--method", "tools/list")) as {
      tools: { name: string }[];
    };
    assert.ok(tools.some(({ name }) => name === "logs"));
    const call = ["--method", "tools/call", "--tool-name", "pods"];
    assert.match(await inspect(...call, "--tool-arg", "allNamespaces=true"), new RegExp(pod));
    assert.match(await inspect("--method", "resources/list"), /kodama:\/\/workflows\/kwekash/);
  });

  await step(
    "Claude Code, which kodama mcp install has registered it with",
    claude,
    async (path) => {
      await using model = new ModelStandIn(claudeModel({ namespace, pod }));
      await claudeUsesKodama({ claude: path, kodama, model, namespace, pod });
    },
  );
});
