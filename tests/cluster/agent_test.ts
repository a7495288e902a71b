/** The real Claude Code in a Debian pod of a real cluster, with a stand-in for its model. */
import assert from "node:assert/strict";
import { hangTimeout } from "../harness/hang_limit.ts";
import { type AgentEnvironment, Gates, runAgentStory, storyModel } from "../harness/agent_story.ts";
import { claudeCode } from "../harness/claude_code.ts";
import { claudeModel, waitsForServers } from "../harness/claude_uses_kodama.ts";
import { testEnvironment } from "../harness/embedded_cluster.ts";
import { ModelStandIn } from "../harness/model_stand_in.ts";
import { SourceKodama } from "../harness/source_kodama.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { RealCluster, rigVariable, type TestNamespace } from "./test_namespace.ts";
import { addressSeenByNode } from "./way_here.ts";

const cluster = RealCluster.fromEnvironment();
// The executable is mounted from this machine, and the pod reaches this machine: both need the rig.
const onRig = cluster !== undefined && Deno.env.get(rigVariable) !== undefined;
const claude = onRig ? await claudeCode() : undefined;
const missing = claude?.kind === "missing" ? claude.reason : undefined;

const claim = {
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name: "kept" },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
};

/** Returns a pod as sessions have it, but on the node's network: the pods' own has no route to this machine. */
function agentPod(executable: string, environment: Readonly<Record<string, string>>) {
  const variables = { HOME: "/home/kodama", ...environment };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "agent" },
    spec: {
      hostNetwork: true,
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsUser: 1000, runAsGroup: 1000, runAsNonRoot: true, fsGroup: 1000 },
      volumes: [
        { name: "kept", persistentVolumeClaim: { claimName: "kept" } },
        { name: "claude", hostPath: { path: executable, type: "File" } },
      ],
      containers: [{
        name: "workspace",
        image: "debian:12",
        command: ["sh", "-c", "while :; do sleep 3600 & wait $!; done"],
        env: Object.entries(variables).map(([name, value]) => ({ name, value })),
        workingDir: "/workspace",
        volumeMounts: [
          { name: "kept", subPath: "workspace", mountPath: "/workspace" },
          { name: "kept", subPath: "home", mountPath: "/home/kodama" },
          { name: "claude", mountPath: "/usr/local/bin/claude", readOnly: true },
        ],
      }],
    },
  };
}

async function startPod(namespace: TestNamespace, pod: Record<string, unknown>): Promise<void> {
  await namespace.create(pod);
  await namespace.kubectl("wait", "--for=condition=Ready", "pod/agent", hangTimeout);
}

Deno.test({
  name: missing === undefined
    ? "real cluster: Claude Code works in a pod"
    : `real cluster: Claude Code in a pod (not run: ${missing})`,
  ignore: claude?.kind !== "there",
  fn: async (t) => {
    assert.ok(cluster !== undefined && claude?.kind === "there");
    await using folder = await TestFolder.open("kodama-agent-");
    await Deno.mkdir(`${folder.path}/home`);
    await using namespace = await cluster.namespace("agent");
    const gates = new Gates();
    const story = storyModel(gates);
    const reader = claudeModel({ namespace: namespace.name, pod: "agent" });
    await using model = new ModelStandIn(
      (turn) => turn.marker === "look" ? reader(turn) : story(turn),
      await addressSeenByNode(cluster),
    );
    const env = testEnvironment(folder.path, cluster.kubeconfig);
    const kodama = await SourceKodama.on({ env, folder: folder.path });
    const pod = agentPod(claude.path, model.environment);
    await namespace.create(claim);
    await startPod(namespace, pod);
    const stage: AgentEnvironment = {
      operand: "pod/agent",
      scope: ["-n", namespace.name],
      run: (words) => kodama.run(words),
      start: (words) => kodama.start(words),
      inPod: (line) => namespace.kubectl("exec", "agent", "--", "sh", "-c", line),
      restart: async () => {
        await namespace.kubectl("delete", "pod", "agent");
        await startPod(namespace, pod);
      },
      turns: model.turns,
    };
    await runAgentStory(t, stage, gates);

    await t.step("it reads its namespace by the kodama of this machine", async () => {
      await using serving = kodama.start(["mcp", "--session", "pod/agent", "-n", namespace.name]);
      await serving.writes(({ stderr }) => stderr.includes("agents in agent can read"));
      assert.match(serving.stderr, /registered with claude in the pod/);
      const variables = Object.entries(waitsForServers).map((pair) => pair.join("=")).join(" ");
      const ask = `${variables} claude -p '[look] which pods run?' --output-format json ` +
        "--allowedTools mcp__kodama__pods,mcp__kodama__exec";
      assert.match(await stage.inPod(ask), /"result":"Done\."/);
      const [pods = "", ran = "", refused = ""] = model.turns.at(-1)?.toolResults ?? [];
      assert.match(pods, /agent/);
      assert.match(ran, /1 pod: 1 ok/);
      assert.match(refused, /may change something/);
      serving.signal("SIGINT");
      assert.equal(await serving.ended(), 130);
      const gone =
        "while [ -e ~/.kodama/tools/server ]; do sleep 0.1; done; sh ~/.kodama/tools/mcp";
      await assert.rejects(stage.inPod(gone), /kodama isn't connected/);
    });
  },
});
