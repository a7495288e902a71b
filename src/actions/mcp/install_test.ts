import assert from "node:assert/strict";
import { simulatedHost } from "../testing/simulated_host.ts";
import { installMcp, planMcp } from "./install.ts";

const env = { HOME: "/home/me" };

async function install(
  files: Record<string, string>,
  request: Parameters<typeof planMcp>[1],
  variables: Record<string, string> = env,
) {
  const { host, files: now } = simulatedHost({}, { env: variables, files });
  const plan = await planMcp(host, request);
  await installMcp(host, plan);
  const again = await planMcp(host, request);
  assert.equal(again.text, undefined, "a second time changes nothing");
  return { plan, text: now.get(plan.path) ?? "" };
}

Deno.test("planMcp() finds the file of each program, and of each scope", async () => {
  const git = { "/project/.git": "" };
  const mac = { "/home/me/Library/Application Support": "" };
  const table: [
    Record<string, string>,
    "claude-code" | "vscode",
    "user" | "project",
    Record<string, string>,
    string,
  ][] = [
    [{}, "claude-code", "user", env, "/home/me/.claude.json"],
    [{}, "claude-code", "user", { ...env, CLAUDE_CONFIG_DIR: "/c" }, "/c/.claude.json"],
    [{}, "vscode", "user", env, "/home/me/.config/Code/User/mcp.json"],
    [{}, "vscode", "user", { ...env, XDG_CONFIG_HOME: "/x" }, "/x/Code/User/mcp.json"],
    [mac, "vscode", "user", env, "/home/me/Library/Application Support/Code/User/mcp.json"],
    [{}, "claude-code", "project", env, "/project/.mcp.json"],
    [git, "claude-code", "project", env, "/project/.mcp.json"],
    [git, "vscode", "project", {}, "/project/.vscode/mcp.json"],
  ];
  for (const [files, program, scope, variables, expected] of table) {
    const { plan } = await install(files, { program, scope, args: [] }, variables);
    assert.equal(plan.path, expected);
  }
  const { host } = simulatedHost({}, {});
  await assert.rejects(planMcp(host, { program: "vscode", scope: "user", args: [] }), {
    kind: "environment",
  });
});

Deno.test("installMcp() adds an entry, and everything else in the file stays as it is", async () => {
  const path = "/project/.vscode/mcp.json";
  const before =
    '{\n  // ours\n  "servers": {\n    "x": { "command": "x" }, // keep\n  },\n  "inputs": [],\n}\n';
  const { text } = await install({ [path]: before }, {
    program: "vscode",
    scope: "project",
    args: ["--read-only"],
  });
  for (const part of ["// ours", '"x": { "command": "x" }', "// keep", '"inputs": []']) {
    assert.ok(text.includes(part), `${part} in ${text}`);
  }
  assert.match(
    text,
    /"kodama": \{\s+"type": "stdio",\s+"command": "kodama",\s+"args": \[\s+"mcp",\s+"--read-only"\s+\]\s+\}/,
  );
});

Deno.test("installMcp() replaces how the server is started, and nothing else of the entry", async () => {
  const path = "/project/.mcp.json";
  const entry = { type: "stdio", command: "kodama", args: ["mcp"], env: { KUBECONFIG: "/k" } };
  const before = JSON.stringify({ mcpServers: { kodama: entry } });
  const request = { program: "claude-code", scope: "project", args: ["--allow-changes"] } as const;
  const { plan, text } = await install({ [path]: before }, request);
  assert.deepEqual(JSON.parse(text), {
    mcpServers: { kodama: { ...entry, args: ["mcp", "--allow-changes"] } },
  });
  assert.equal(plan.before, "kodama mcp");
});

Deno.test("planMcp() refuses a file of another form, and says where it is wrong", async () => {
  const table: [string, RegExp][] = [
    ['{\n  "mcpServers": {\n', /mcp\.json:3: CloseBraceExpected/],
    ['{ "mcpServers": [] }', /"mcpServers" isn't a mapping/],
    ["[]", /"mcpServers" isn't a mapping/],
  ];
  for (const [text, message] of table) {
    const { host, files } = simulatedHost({}, { files: { "/project/.mcp.json": text } });
    const request = { program: "claude-code", scope: "project", args: [] } as const;
    await assert.rejects(planMcp(host, request), { kind: "config", message });
    assert.equal(files.get("/project/.mcp.json"), text);
  }
});
