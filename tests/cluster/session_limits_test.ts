/** Sessions with limits on a real cluster: restricted, with another container beside, and a container that restarts. */
import assert from "node:assert/strict";
import { hangTimeout } from "../harness/hang_limit.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { machine, sessionNamespace } from "./session_machine.ts";
import { RealCluster, rigVariable } from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();
// Its image is the rig's.
const onRig = cluster !== undefined && Deno.env.get(rigVariable) !== undefined;

const settings = `defaults:
  image: debian:12
  containers:
    - name: beside
      image: debian:12
      command: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 1; done"]
`;

Deno.test({
  name:
    "limits on a real cluster: a pod ends by itself with its sidecars, reports why, and is resumed",
  ignore: !onRig,
  fn: async () => {
    assert.ok(cluster);
    await using namespace = await sessionNamespace(cluster, "limits");
    await using own = await TestFolder.open("kodama-limits-");
    const kodama = await machine(namespace, `${own.path}/first`);
    await Deno.writeTextFile(`${own.path}/.kodama.yaml`, settings);
    const on = (...words: string[]) => kodama.succeed(words, { cwd: own.path });
    const inPod = (...words: string[]) =>
      namespace.kubectl("exec", "kodama-work", "-c", "workspace", "--", ...words);
    const ended = () =>
      namespace.kubectl(
        ...["wait", "pod/kodama-work", "--for=jsonpath={.status.phase}=Succeeded"],
        hangTimeout,
      );
    const beganAt = () => inPod("cat", "/home/kodama/.kodama-life/began");
    await on("start", "work", "--no-sync", "--idle-timeout", "40s", "--ttl", "60s");
    const began = await beganAt();
    const reported = "trap 'echo notified >notified; exit 0' HUP; while :; do sleep 1; done";
    // It holds the session, until its time to live is over; then it is notified, before it is ended.
    const holding = namespace.tryKubectl(
      "exec",
      "kodama-work",
      "-c",
      "workspace",
      "--",
      "sh",
      "-c",
      reported,
    );
    await ended();
    await holding;
    const { status, reason } = JSON.parse(await on("get", "work", "-o", "json"));
    assert.deepEqual([status, reason], [
      "Stopped",
      "it stopped by itself: its time to live of 1m is over",
    ]);
    await on("resume", "work");
    assert.notEqual(await beganAt(), began);
    assert.equal(await inPod("cat", "notified"), "notified\n");
    await ended();
    assert.match(await on("list"), /^work +Stopped /m);
    // A container that restarts is as old as its pod. No limit is near, however long all of it takes.
    await on("set", "work", "--idle-timeout", "1h", "--ttl", "2h", "--yes");
    const again = await beganAt();
    // The command ends with its container.
    await namespace.tryKubectl(..."exec kodama-work -c workspace -- kill -TERM 1".split(" "));
    const restarts = '{.status.containerStatuses[?(@.name=="workspace")].restartCount}';
    for (const becomes of [`jsonpath=${restarts}=1`, "condition=Ready"]) {
      await namespace.kubectl("wait", `--for=${becomes}`, "pod/kodama-work", hangTimeout);
    }
    assert.equal(await beganAt(), again);
    await on("stop", "work");
    await on("clone", "work", "again");
    assert.equal(await on("attach", "again", "--command", "cat notified"), "notified\n");
    await on("delete", "work", "--force", "--purge", "--discard");
    await on("delete", "again", "--force", "--purge", "--discard");
    const label = ["-l", "app.kubernetes.io/managed-by=kodama"];
    assert.equal(
      await namespace.kubectl(
        "get",
        "pods,configmaps,persistentvolumeclaims,secrets",
        ...label,
        "-o",
        "name",
      ),
      "",
    );
  },
});
