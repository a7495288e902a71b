/** The real Claude Code in a session of the embedded cluster, with a stand-in for its model. */
import { type AgentStage, Gates, storyModel, tellAgentStory } from "./harness/agent_story.ts";
import { agentImage, claudeCode } from "./harness/claude_code.ts";
import { imageRoots, startTestCluster } from "./harness/embedded_cluster.ts";
import { ModelStandIn } from "./harness/model_stand_in.ts";
import { SourceKodama } from "./harness/source_kodama.ts";

const claude = await claudeCode();

Deno.test({
  name: claude.kind === "there"
    ? "Claude Code works in a session of the embedded cluster"
    : `Claude Code in a session (not run: ${claude.reason})`,
  ignore: claude.kind === "missing",
  fn: async (t) => {
    if (claude.kind === "missing") return;
    await using cluster = await startTestCluster("empty", {
      imageRoots: [...imageRoots, claude.imageRoot],
    });
    const gates = new Gates();
    await using model = new ModelStandIn(storyModel(gates));
    const kodama = await SourceKodama.on(cluster);
    const variables = Object.entries(model.environment).map(([name, value]) =>
      `${name}=${value}\n`
    );
    await Deno.writeTextFile(`${cluster.folder}/.env`, variables.join(""));
    const on = (...words: string[]) => kodama.succeed(words, { cwd: cluster.folder });
    await on("start", "story", "--image", agentImage, "--env-file", ".env");
    const stage: AgentStage = {
      place: "story",
      scope: [],
      run: (words) => kodama.run(words, { cwd: cluster.folder }),
      start: (words) => kodama.start(words),
      inPod: (line) => on("attach", "story", "--", "sh", "-c", `cd /workspace && ${line}`),
      restart: async () => {
        await on("stop", "story", "--yes");
        await on("resume", "story");
      },
      turns: model.turns,
    };
    await tellAgentStory(t, stage, gates);
  },
});
