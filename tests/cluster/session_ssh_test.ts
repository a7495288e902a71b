/** SSH into a session by real clients; repositories over SSH: a real sshd, and the messages of failures. */
import assert from "node:assert/strict";
import { runCommand } from "../harness/command.ts";
import { outputOf, type SourceKodama } from "../harness/source_kodama.ts";
import { missingClients, runSshFlows } from "../harness/ssh_flows.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { machine, sessionNamespace } from "./session_machine.ts";
import { startSshServer } from "./ssh_server.ts";
import { RealCluster, rigVariable, type TestNamespace } from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();
// Its image is the rig's.
const onRig = cluster !== undefined && Deno.env.get(rigVariable) !== undefined;

const image = "debian:12";

const missing = await missingClients();

Deno.test({
  name: missing.length === 0
    ? "SSH clients on a real cluster: ssh, rsync, scp, git push and the server of an editor"
    : `SSH clients on a real cluster (not run: this machine has no ${missing.join(", ")})`,
  ignore: !onRig || missing.length > 0,
  fn: async () => {
    assert.ok(cluster);
    await using namespace = await sessionNamespace(cluster, "clients");
    await using own = await TestFolder.open("kodama-clients-");
    await runSshFlows({
      kodama: await machine(namespace, own.path),
      folder: own.path,
      namespace: namespace.name,
      image,
      user: "dev",
    });
  },
});

/** A session's machine, and a server whose repository requires a key. */
interface Fixture {
  namespace: TestNamespace;
  folder: string;
  /** `dev@ADDRESS:repo.git` */
  repository: string;
  address: string;
  kodama: SourceKodama;
  /** Creates a client's key; returns the file of the private one, with its public half beside it. */
  key(name: string, passphrase?: string): Promise<string>;
  /** Returns standard output; fails if the command does. */
  on(...words: string[]): Promise<string>;
  /** Returns standard error of a command that has to fail. */
  refused(...words: string[]): Promise<string>;
}

async function withFixture(play: (fixture: Fixture) => Promise<void>): Promise<void> {
  assert.ok(cluster);
  await using namespace = await sessionNamespace(cluster, "ssh");
  await using own = await TestFolder.open("kodama-ssh-");
  const key = async (name: string, passphrase = "") => {
    const words = ["ssh-keygen", "-q", "-t", "ed25519", "-C", name, "-N", passphrase];
    const { code, stderr } = await runCommand([...words, "-f", `${own.path}/${name}`], { env: {} });
    assert.equal(code, 0, stderr);
    return `${own.path}/${name}`;
  };
  const known = [await key("good"), await key("locked", "a passphrase")];
  const address = await startSshServer(namespace, {
    image,
    hostKey: await key("host"),
    authorized: await Promise.all(known.map((path) => Deno.readTextFile(`${path}.pub`))),
  });
  const kodama = await machine(namespace, `${own.path}/machine`);
  await kodama.succeed(["config", "set", "git.secretName", "git-ssh"]);
  const privateKey = await Deno.readTextFile(`${own.path}/good`);
  const run = async (words: string[]) => {
    const result = await kodama.run(words, { cwd: own.path });
    for (const line of privateKey.split("\n").slice(1, -2)) {
      assert.ok(!`${result.stdout}${result.stderr}`.includes(line), `${words[0]} prints the key`);
    }
    return result;
  };
  await play({
    namespace,
    folder: own.path,
    address,
    repository: `dev@${address}:repo.git`,
    kodama,
    key,
    on: async (...words) => outputOf(words, await run(words)),
    async refused(...words) {
      const { code, stderr } = await run(words);
      assert.equal(code, 1, stderr);
      return stderr;
    },
  });
}

/** Creates or replaces the Secret that the settings name. */
async function setSecret({ namespace }: Fixture, files: Record<string, string>): Promise<void> {
  const data = Object.entries(files).map(([name, path]) => `--from-file=${name}=${path}`);
  await namespace.kubectl("delete", "secret", "git-ssh", "--ignore-not-found");
  await namespace.kubectl("create", "secret", "generic", "git-ssh", ...data);
}

Deno.test({
  name: "a repository over SSH on a real cluster: checked out, pushed to, pulled from",
  ignore: !onRig,
  fn: () =>
    withFixture(async (fixture) => {
      const { folder, repository, address, namespace, on, refused, kodama } = fixture;
      const start = ["start", "work", "--image", image, "--repo", repository, "--no-sync"];
      assert.match(await refused(...start), /there is no secret "git-ssh" in namespace/);
      await setSecret(fixture, { id_ed25519: `${folder}/good` });
      assert.match(await refused(...start), /no key "ssh-privatekey"; its keys: id_ed25519\n/);
      assert.equal(await namespace.kubectl("get", "pods", "-o", "name"), "pod/git-ssh-server\n");
      await setSecret(fixture, { "ssh-privatekey": `${folder}/good`, more: `${folder}/host` });
      const started = await kodama.run(start, { cwd: folder });
      assert.equal(started.code, 0, started.stderr);
      const shown = `${address} was trusted on first use, with the key ED25519 SHA256:`;
      assert.ok(started.stderr.includes(shown), started.stderr);
      const inPod = (line: string) => on("attach", "work", "--command", line);
      await inPod("git config user.name J && git config user.email j@e");
      await inPod(
        "echo more > more.txt && git add -A && git commit -qm 'in the pod' && git push -q",
      );
      const branch = (await inPod("git symbolic-ref --short HEAD")).trim();
      const at = ["exec", "git-ssh-server", "--", "git", "-C", "/home/dev/repo.git"];
      const pushed = await namespace.kubectl(...at, "log", "-1", "--format=%s", branch);
      assert.equal(pushed, "in the pod\n");
      // Only what git needs of the Secret is there, and no process, variable or file of git holds it.
      assert.equal(await inPod("ls /run/kodama/ssh"), "ssh-privatekey\n");
      const seen = await inPod("env; cat .git/config; git remote -v; cat /proc/[0-9]*/cmdline");
      assert.ok(!seen.includes("PRIVATE KEY"), seen);
      await inPod("git commit -q --allow-empty -m 'not pushed'");
      const clone = `${folder}/clone`;
      await Deno.mkdir(clone);
      const git = (...words: string[]) =>
        runCommand(["git", "-C", clone, ...words], { env: { HOME: folder } });
      await git("init", "-q");
      await git("remote", "add", "origin", `https://${address}/repo`);
      const pulled = await kodama.run(["pull", "work"], { cwd: clone });
      assert.equal(pulled.code, 0, pulled.stderr);
      assert.equal((await git("log", "-1", "--format=%s", branch)).stdout, "not pushed\n");
      await on("delete", "work", "--force", "--purge", "--discard");
    }),
});

Deno.test({
  name: "git over SSH that is refused says why, and how to go on",
  ignore: !onRig,
  fn: () =>
    withFixture(async (fixture) => {
      const { folder, repository, address, key, on, refused } = fixture;
      const attempt = async (name: string, files: Record<string, string>) => {
        await setSecret(fixture, files);
        const start = ["start", name, "--image", image, "--repo", repository, "--no-sync"];
        const reported = await refused(...start);
        await on("delete", name, "--force", "--purge", "--discard");
        return reported;
      };
      const locked = await attempt("locked", { "ssh-privatekey": `${folder}/locked` });
      assert.match(locked, /the key of secret "git-ssh" has a passphrase/);
      const stranger = await attempt("stranger", { "ssh-privatekey": await key("stranger") });
      assert.match(stranger, /doesn't take the key of secret "git-ssh"/);
      const text = await Deno.readTextFile(`${folder}/good`);
      await Deno.writeTextFile(`${folder}/cut`, text.trimEnd(), { mode: 0o600 });
      const cut = await attempt("cut", { "ssh-privatekey": `${folder}/cut` });
      assert.match(cut, /can't read the key of secret "git-ssh"[^]*line break at its end/);
      const other = (await Deno.readTextFile(`${folder}/stranger.pub`)).replace(/ \S+\n$/, "\n");
      await Deno.writeTextFile(`${folder}/hosts`, `${address} ${other}`);
      const files = { "ssh-privatekey": `${folder}/good`, known_hosts: `${folder}/hosts` };
      const changed = await attempt("changed", files);
      assert.match(changed, /isn't the one that is known: it shows SHA256:/);
      assert.match(changed, /put it into known_hosts of secret "git-ssh"/);
      await Deno.writeTextFile(`${folder}/hosts`, `example.com ${other}`);
      const unknown = await attempt("unknown", files);
      assert.match(unknown, /isn't in known_hosts of secret "git-ssh"/);
      const host = (await Deno.readTextFile(`${folder}/host.pub`)).replace(/ \S+\n$/, "\n");
      await Deno.writeTextFile(`${folder}/hosts`, `${address} ${host}`);
      await setSecret(fixture, files);
      await on("start", "right", "--image", image, "--repo", repository, "--no-sync");
      await on("delete", "right", "--force", "--purge", "--discard");
    }),
});
