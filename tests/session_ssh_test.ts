/** Real SSH clients in a session of the embedded cluster. */
import { unless } from "../src/base/testing/unless.ts";
import { findProgram } from "../src/kube/testing/image_shells.ts";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { SourceKodama } from "./harness/source_kodama.ts";
import { missingClients, runSshFlows } from "./harness/ssh_flows.ts";

const missing = await missingClients();
// Pods of the embedded cluster have this machine's programs.
for (const name of ["perl", "sshd"]) if (await findProgram(name) === undefined) missing.push(name);
// sshd as root separates its privileges, which an unprivileged cluster's pods can't.
const why = missing.length > 0
  ? `this machine has no ${missing.join(", ")}`
  : Deno.uid() === 0
  ? undefined
  : "only root can run sshd in a pod";

Deno.test({
  ...unless(
    why,
    "ssh, rsync, scp, git push and the server of an editor work in a session, and end with it",
  ),
  fn: async () => {
    await using cluster = await startTestCluster("empty");
    await runSshFlows({
      kodama: await SourceKodama.on(cluster),
      folder: cluster.folder,
      namespace: "default",
      image: "debian:12",
      user: "root",
    });
  },
});
