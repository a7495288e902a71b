/** A session's whole life on a real cluster: a restricted namespace, the documented Role alone, two machines. */
import assert from "node:assert/strict";
import { outputOf, type SourceKodama } from "../harness/source_kodama.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { startGitPod } from "./git_pod.ts";
import { runAny } from "./host_commands.ts";
import { machine, sessionNamespace } from "./session_machine.ts";
import { RealCluster, rigVariable } from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();
// Its image is the rig's.
const onRig = cluster !== undefined && Deno.env.get(rigVariable) !== undefined;

const image = "debian:12";
const planted = "planted-in-a-variable";

Deno.test({
  name: "sessions on a real cluster: begun on one machine, gone on with on another, deleted there",
  ignore: !onRig,
  fn: async () => {
    assert.ok(cluster);
    await using namespace = await sessionNamespace(cluster, "sessions");
    await using own = await TestFolder.open("kodama-sessions-");
    const repository = await startGitPod(namespace);
    const [first, second] = await Promise.all([
      machine(namespace, `${own.path}/first`),
      machine(namespace, `${own.path}/second`),
    ]);
    const site = `${own.path}/site`;
    await Deno.mkdir(site);
    await Deno.writeTextFile(`${site}/index.html`, "hello\n");
    await Deno.writeTextFile(`${own.path}/.env`, `PLANTED="${planted}"\n`);
    await Deno.writeTextFile(`${own.path}/.kodama.yaml`, "defaults: { egress: [10.0.0.0/8] }\n");
    const on = async (kodama: SourceKodama, ...words: string[]) => {
      const ended = await kodama.run(words, { cwd: own.path });
      const written = ended.stdout + ended.stderr;
      assert.ok(!written.includes(planted), `${words.join(" ")}: it contains a secret`);
      return outputOf(words, ended);
    };
    const start = ["start", "work", "--image", image, "--repo", repository];
    const asked = [...start, "--env-file", ".env", "--sync", "site"];
    // A cluster accepts the printed objects, to the last field, and another user may read them first.
    const printed = await on(first, ...asked, "--dry-run", "-o", "yaml");
    const apply = namespace.words("apply", "--dry-run=server", "--validate=strict", "-f", "-");
    const { code, stdout, stderr } = await runAny(apply, { stdin: printed });
    assert.deepEqual([code, stdout.split("\n").length, stderr], [0, 8, ""]);
    assert.match(printed, /- -c\n +- \|-?\n/);
    await on(first, ...asked);
    const inPod = (kodama: SourceKodama, line: string) =>
      on(kodama, "attach", "work", "--command", line);
    assert.equal(
      await inPod(first, 'id -u; cat index.html; test -n "$PLANTED" && echo set'),
      [
        ...["1000", "hello", "set", ""],
      ].join("\n"),
    );
    await inPod(first, "git config user.name J && git config user.email j@e && git add -A");
    await inPod(first, "git commit -qm 'made in the pod' && echo made > made.txt");
    await on(first, "sync", "flush", "work");
    assert.equal(await Deno.readTextFile(`${site}/made.txt`), "made\n");
    await on(first, "stop", "work");
    const everything = "pods,configmaps,persistentvolumeclaims,networkpolicies,events";
    const kept = await namespace.kubectl("get", everything, "-o", "yaml");
    assert.match(kept, /name: kodama-egress-work\n/);
    assert.ok(!kept.includes(planted) && !kept.includes(btoa(planted)));
    assert.match(await on(second, "list"), /^work +Stopped /m);
    await on(second, "resume", "work");
    const log = 'git log -1 --format=%s; cat made.txt; echo "${PLANTED:+set}"';
    assert.equal(await inPod(second, log), "made in the pod\nmade\nset\n");
    const { work, owner } = JSON.parse(await on(second, "get", "work", "-o", "json"));
    assert.equal(work.commits, 1);
    assert.equal(owner, `system:serviceaccount:${namespace.name}:jane`);
    await on(second, "delete", "work", "--force", "--purge", "--discard");
    const label = ["-l", "app.kubernetes.io/managed-by=kodama"];
    const left = await namespace.kubectl("get", `${everything},secrets`, ...label, "-o", "name");
    assert.equal(left, "");
    // The first machine's folder outlived its session elsewhere, and ends with it here.
    await on(first, "sync", "stop", "work", "--forget");
  },
});
