/** The page of `kodama web` on the embedded cluster: what a person does with it, in both themes and on a phone. */
import { startTestCluster } from "../harness/embedded_cluster.ts";
import { startGitServer } from "../harness/git_server.ts";
import { SourceKodama } from "../harness/source_kodama.ts";
import { runWebFlows, webWorld } from "../harness/web_flows.ts";
import { filePath } from "../../src/files/file_path.ts";

Deno.test("the page, as a person uses it", async (t) => {
  await using cluster = await startTestCluster(filePath(webWorld));
  await using git = await startGitServer(`${cluster.folder}/git`);
  await runWebFlows(t, {
    kodama: await SourceKodama.on(cluster),
    folder: cluster.folder,
    context: "kodama",
    namespace: "default",
    sessionArgs: ["--repo", git.repository],
  }, { looks: [["light", 1200], ["light", 390], ["dark", 1200], ["dark", 390]] });
});
