/** The real Claude Code uses kodama's MCP server, as a user registers it. The model is a stand-in that calls its tools. */
import assert from "node:assert/strict";
import { runCommand } from "./command.ts";
import { hangLimitMs } from "./hang_limit.ts";
import type { Answer, ModelStandIn } from "./model_stand_in.ts";
import type { SourceKodama } from "./source_kodama.ts";

/** The pod that the tools are used on. */
interface PodName {
  namespace: string;
  pod: string;
}

/** Returns the model: it reads, runs a command that only reads, and then tries to change something. */
export function claudeModel({ namespace, pod }: PodName): Answer {
  const of = { pods: [pod], namespaces: [namespace] };
  const uses = [
    { name: "mcp__kodama__pods", input: { namespaces: [namespace] } },
    { name: "mcp__kodama__exec", input: { ...of, command: ["hostname"] } },
    { name: "mcp__kodama__exec", input: { ...of, command: ["touch", "/tmp/by-claude"] } },
  ];
  return ({ toolsUsed }) => {
    const use = uses[toolsUsed];
    return use === undefined ? [{ type: "text", text: "Done." }] : [{ type: "tool_use", ...use }];
  };
}

/** By default it starts its turn without a server that isn't connected within seconds. */
export const waitsForServers = {
  MCP_CONNECTION_NONBLOCKING: "false",
  MCP_CONNECT_TIMEOUT_MS: String(hangLimitMs),
  MCP_TIMEOUT: String(hangLimitMs),
};

/** Registers the server, lets Claude Code answer a prompt, and checks what its model got. */
export async function claudeUsesKodama(
  { claude, kodama, model, namespace, pod }: PodName & {
    /** Path of the executable. */
    claude: string;
    kodama: SourceKodama;
    model: ModelStandIn;
  },
): Promise<void> {
  const env: Record<string, string> = {
    ...kodama.env,
    ...model.environment,
    ...waitsForServers,
    PATH: `${kodama.bin}:${kodama.env["PATH"] ?? ""}`,
  };
  const written = await kodama.run(["mcp", "install", "claude-code"], { env });
  assert.deepEqual([written.code, written.stdout], [0, `${env["HOME"]}/.claude.json\n`]);
  const { code, stdout, stderr } = await runCommand([
    claude,
    ...["-p", "[look] which pods run?", "--output-format", "json"],
    ...["--allowedTools", "mcp__kodama__pods,mcp__kodama__exec"],
  ], { env, cwd: env["HOME"] ?? "/", signal: AbortSignal.timeout(hangLimitMs) });
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /"result":"Done\."/);
  const [pods = "", ran = "", refused = ""] = model.turns.at(-1)?.toolResults ?? [];
  assert.match(pods, new RegExp(pod));
  assert.match(ran, /1 pod: 1 ok/);
  assert.match(refused, /may change something/);
  const logged = await Deno.readTextFile(`${kodama.configFolder}/log/tools.jsonl`);
  const lines = logged.trimEnd().split("\n").map((line) => JSON.parse(line) as { message: string });
  assert.deepEqual(
    lines.slice(-3).map(({ message }) =>
      /^(\w+) .*: (ok|forbidden): ?/.exec(`${message}: `)?.slice(1)
    ),
    [["pods", "ok"], ["exec", "ok"], ["exec", "forbidden"]],
  );
  const there = await kodama.run(["exec", "-n", namespace, pod, "--", "ls", "/tmp/by-claude"]);
  assert.notEqual(there.code, 0, "the file exists");
}
