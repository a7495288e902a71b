/**
 * The tools of models on a real cluster, as a user who may do everything: Claude Code calls them, then a model that
 * tries to change something. The API server's audit log has no change by this user.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Host } from "../../src/actions/host.ts";
import { hostileCalls } from "../../src/toolbox/testing/hostile_calls.ts";
import { tools } from "../../src/toolbox/toolbox.ts";
import { claudeCode } from "../harness/claude_code.ts";
import { claudeModel, claudeUsesKodama } from "../harness/claude_uses_kodama.ts";
import { thisMachine } from "../harness/cluster_in_process.ts";
import { testEnvironment } from "../harness/embedded_cluster.ts";
import { ModelStandIn } from "../harness/model_stand_in.ts";
import { SourceKodama } from "../harness/source_kodama.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { changes, namespacesOf } from "./audit.ts";
import { RealCluster, rigVariable, type TestNamespace } from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();
const rig = Deno.env.get(rigVariable);
const pod = "one";

/** `deno task test:mcp-attacks` has 10,000. */
const sequences = Number(Deno.env.get("KODAMA_ATTACKS") ?? "300");

/**
 * Writes a kubeconfig of a user who may do everything. The audit log has it as one that the administrator impersonates,
 * which distinguishes its requests from those of others, in all namespaces.
 */
async function administrator(
  { cluster, name }: TestNamespace,
  path: string,
  prefix = "agent",
): Promise<string> {
  const view = ["config", "view", "--raw", "--minify", "-o", "json"];
  const config = JSON.parse(await cluster.kubectl(view));
  const user = `${prefix}-of-${name}`;
  Object.assign(config.users[0].user, { as: user, "as-groups": ["system:masters"] });
  config.contexts[0].context.namespace = name;
  await Deno.writeTextFile(path, JSON.stringify(config), { mode: 0o600 });
  return user;
}

Deno.test({
  name: "tools of models: the audit log of a real cluster has no change",
  ignore: cluster === undefined || rig === undefined,
  fn: async (t) => {
    assert.ok(cluster !== undefined && rig !== undefined);
    await using folder = await TestFolder.open("kodama-mcp-");
    await Deno.mkdir(`${folder.path}/home`);
    await using namespace = await cluster.namespace("mcp");
    await namespace.startPod(pod, {});
    const kubeconfig = `${folder.path}/kubeconfig`;
    const user = await administrator(namespace, kubeconfig);
    const env = testEnvironment(folder.path, kubeconfig);
    const kodama = await SourceKodama.on({ env, folder: folder.path });

    const claude = await claudeCode();
    await t.step({
      name: claude.kind === "there" ? "Claude Code" : `Claude Code (not run: ${claude.reason})`,
      ignore: claude.kind !== "there",
      fn: async () => {
        assert.ok(claude.kind === "there");
        await using model = new ModelStandIn(claudeModel({ namespace: namespace.name, pod }));
        await claudeUsesKodama({
          claude: claude.path,
          kodama,
          model,
          namespace: namespace.name,
          pod,
        });
      },
    });

    const attack = async (host: Host) => {
      await using _client = await host.kube();
      const signal = new AbortController().signal;
      await fc.assert(
        fc.asyncProperty(
          fc.array(hostileCalls(tools), { minLength: 1, maxLength: 4 }),
          async (calls) => {
            for (const { tool, input } of calls) {
              // It would wait for what never comes.
              const short = tool.name === "wait" ? { ...input, timeoutMs: 1 } : input;
              await tool.call(short, { host, signal, confirm: undefined });
            }
          },
        ),
        { numRuns: sequences },
      );
    };
    await t.step(`${sequences} hostile sequences of calls`, () => attack(thisMachine(env)));

    const found = await changes(rig, { user });
    // Commands that are known to read run by exec; nothing else has left this machine.
    assert.ok(found.includes(`get pods/${pod}/exec`), "hardly anything ran");
    assert.deepEqual(found.filter((one) => !/^(?:get|create) pods\/[^/]+\/exec$/.test(one)), []);
    // The same user, where a change is allowed: the log would have had it.
    await kodama.succeed(["k", "--yes", "label", "pod", pod, "a=b"]);
    assert.ok((await changes(rig, { user })).includes(`patch pods/${pod}`));

    await t.step(
      `${sequences} more, limited to the namespace: no request is about another one`,
      async () => {
        const limited = await administrator(namespace, kubeconfig, "limited");
        await attack(thisMachine(env, { only: { namespace: namespace.name } }));
        // The audit log has the whole log of earlier requests too: they are of another user.
        assert.deepEqual([...await namespacesOf(rig, limited)], [namespace.name]);
        assert.ok((await namespacesOf(rig, user)).size > 1, "the same calls reach others");
      },
    );
  },
});
