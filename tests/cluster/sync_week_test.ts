/** A week of work in a synced session on a real cluster: in a restricted namespace, with the documented Role. */
import assert from "node:assert/strict";
import { comparisons, syncWeek } from "../harness/sync_week.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { machine, sessionNamespace } from "./session_machine.ts";
import { RealCluster, rigVariable } from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();
// Its image is the rig's.
const onRig = cluster !== undefined && Deno.env.get(rigVariable) !== undefined;

Deno.test({
  name: "a week of work in a synced session on a real cluster loses nothing",
  ignore: !onRig,
  fn: async () => {
    assert.ok(cluster);
    await using namespace = await sessionNamespace(cluster, "week");
    await using own = await TestFolder.open("kodama-week-");
    const kodama = await machine(namespace, `${own.path}/machine`);
    const folder = `${own.path}/site`;
    await Deno.mkdir(folder);
    const on = (...words: string[]) => kodama.succeed(words, { cwd: folder });
    await on("start", "week", "--image", "debian:12", "--sync", ".");
    const removePod = async () => {
      await namespace.kubectl("delete", "pod", "kodama-week", "--force", "--grace-period=0");
    };
    const equal = await syncWeek({ kodama, folder, session: "week", removePod });
    assert.equal(equal.length, comparisons);
    await on("delete", "week", "--purge", "--discard", "--force");
  },
});
