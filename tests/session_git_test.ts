/** Repositories of sessions over HTTP with a token, and where the token is, and isn't, after that. */
import assert from "node:assert/strict";
import { resources } from "../packages/cluster/resources.ts";
import type { AuditEvent } from "../packages/cluster/api/testing/audit.ts";
import { sessionDiff } from "../src/actions/session/diff.ts";
import { thisMachine } from "./harness/cluster_in_process.ts";
import { type CommandResult, runCommand } from "./harness/command.ts";
import { startTestCluster, type TestCluster } from "./harness/embedded_cluster.ts";
import { type GitServer, startGitServer } from "./harness/git_server.ts";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";
import { SourceKodama } from "./harness/source_kodama.ts";

// Not that of another test: who hunts for secrets looks at the processes of the whole machine.
const token = "ghp_sessionGitToken987654321";
const variable = "planted-in-a-variable";

interface Fixture {
  cluster: TestCluster;
  kodama: SourceKodama;
  server: GitServer;
  audit: AuditEvent[];
  /** Everything that any command wrote. */
  written: string[];
  /** In a folder kodama is a process of its own, else in that of the test. */
  run(
    words: readonly string[],
    env?: Record<string, string>,
    cwd?: string,
  ): Promise<CommandResult>;
}

async function withFixture(play: (fixture: Fixture) => Promise<void>): Promise<void> {
  const audit: AuditEvent[] = [];
  await using cluster = await startTestCluster("empty", { audit: (event) => audit.push(event) });
  await using server = await startGitServer(`${cluster.folder}/git`, token);
  const kodama = await SourceKodama.on(cluster);
  const written: string[] = [];
  await play({
    cluster,
    kodama,
    server,
    audit,
    written,
    async run(words, env = {}, cwd) {
      const result = cwd === undefined
        ? await new KodamaInProcess(cluster.env).run(words, { env })
        : await kodama.run(words, { env, cwd });
      written.push(result.stdout, result.stderr);
      return result;
    },
  });
}

Deno.test("a private repository is checked out with the token, which appears nowhere else", async () => {
  await withFixture(async (fixture) => {
    const { cluster, server, run, written, audit } = fixture;
    const dotenv = `GITHUB_TOKEN=${token}\nDATABASE_URL="${variable}"\n`;
    await Deno.writeTextFile(`${cluster.folder}/.env`, dotenv);
    const words = ["start", "work", "--repo", server.repository, "--env-file", ".env"];
    const started = await run(words, {}, cluster.folder);
    assert.equal(started.code, 0, started.stderr);
    const got = await run(["get", "work", "-o", "json"]);
    const session = JSON.parse(got.stdout);
    assert.match(session.branch, /^kodama\/work-\d{14}$/);
    assert.equal(session.baseBranch, "main");
    assert.equal(session.commitHash, await server.git("rev-parse", "main"));
    const inside = ["attach", "work", "--command"];
    const commit = await run([
      ...inside,
      "git config user.name T && git config user.email t@e && echo more >> README.md && " +
      "git commit -qam 'more of it' && git push -q && git log --format=%s -1",
    ]);
    assert.equal(commit.stdout, "more of it\n", commit.stderr);
    // The page of sessions shows all of the work: commits, and what isn't committed or known to git.
    await run([...inside, "echo edited >> README.md && printf x > 'new file'"]);
    const host = thisMachine(cluster.env);
    await using _current = await host.kube();
    await using _named = await host.kube("kodama");
    const diff = await sessionDiff(host, { name: "work" }, new AbortController().signal);
    assert.equal(diff.base, await server.git("rev-parse", "main"));
    assert.match(diff.diff, /^diff --git a\/README\.md[^]*^\+more\n\+edited$/m);
    assert.deepEqual([diff.untracked, diff.truncated], [["new file"], false]);
    await run([...inside, "git checkout -q README.md && rm 'new file'"]);
    assert.match(await server.git("log", "--format=%s", "-1", session.branch), /^more of it$/);
    const { work } = JSON.parse((await run(["get", "work", "-o", "json"])).stdout);
    assert.deepEqual([work.commits, work.latest[0].subject], [1, "more of it"]);
    const processes = await run([...inside, "ps -eo args; cat .git/config"]);
    assert.equal(processes.code, 0, processes.stderr);
    assertNowhere([...written, ...await everythingKept(fixture), JSON.stringify(audit)]);
    const secret = cluster.cluster.store.get(resources.secrets, "default", "kodama-env-work");
    assert.deepEqual(Object.keys(secret?.["data"] as object), [
      ...["DATABASE_URL", "GITHUB_TOKEN", "git-token"],
    ]);
  });
});

/** What is in the cluster but for secrets, and in kodama's folder. */
async function everythingKept({ cluster, kodama }: Fixture): Promise<string[]> {
  const { secrets, ...others } = resources;
  assert.ok(secrets);
  const objects = Object.values(others).map((type) =>
    JSON.stringify(cluster.cluster.store.list(type))
  );
  const files = await runCommand(["grep", "-r", "", kodama.configFolder], { env: cluster.env });
  assert.match(files.stdout, /sessions\/work.yaml:name: work/);
  return [...objects, files.stdout];
}

function assertNowhere(texts: readonly string[]): void {
  for (const planted of [token, variable, btoa(token), btoa(variable)]) {
    for (const text of texts) {
      const at = text.indexOf(planted);
      assert.ok(at < 0, `${planted} stands in: ${text.slice(Math.max(0, at - 200), at + 200)}`);
    }
  }
}

Deno.test("a start without the token says what is missing, and the same start with it goes on", async () => {
  await withFixture(async ({ server, run, written }) => {
    const words = ["start", "work", "--repo", server.repository, "--branch", "feature/x"];
    const refused = await run(words);
    assert.equal(refused.code, 1, refused.stderr);
    assert.match(refused.stderr, /cannot check out http:/);
    assert.match(refused.stderr, /a private repository needs GITHUB_TOKEN/);
    assert.match(refused.stderr, /the same start resumes it/);
    const failed = await run(["list"]);
    assert.match(failed.stdout, /^work +Failed /m);
    const again = await run(words, { GITHUB_TOKEN: token });
    assert.equal(again.code, 0, again.stderr);
    const { branch, autoBranch, commitHash } = JSON.parse(
      (await run(["get", "work", "-o", "json"])).stdout,
    );
    assert.deepEqual([branch, autoBranch], ["feature/x", false]);
    assert.equal(commitHash, await server.git("rev-parse", "feature/x"));
    const env = await run(["attach", "work", "--command", "env"]);
    assert.doesNotMatch(env.stdout, /GITHUB_TOKEN/);
    assertNowhere(written);
  });
});

Deno.test("other values of the same variables, and another token, are reported by the start that brings them", async () => {
  await withFixture(async ({ cluster, run }) => {
    const start = async (text: string, env: Record<string, string> = {}) => {
      await Deno.writeTextFile(`${cluster.folder}/.env`, text);
      const { code, stderr } = await run(
        ["start", "work", "--no-sync", "--env-file", `${cluster.folder}/.env`],
        env,
      );
      assert.equal(code, 0, stderr);
      return stderr;
    };
    const [stale, token] = [
      /it is running with other variables/,
      /git in the session has the new token/,
    ];
    const first = { GITHUB_TOKEN: "ghp_first" };
    assert.doesNotMatch(await start("A=1\n", first), stale);
    const same = await start("A=1\n", first);
    assert.ok(!stale.test(same) && !token.test(same), same);
    const renewed = await start("A=1\n", { GITHUB_TOKEN: "ghp_second" });
    assert.ok(!stale.test(renewed) && token.test(renewed), renewed);
    assert.match(await start("A=2\n", { GITHUB_TOKEN: "ghp_second" }), stale);
    const secret = cluster.cluster.store.get(resources.secrets, "default", "kodama-env-work");
    assert.deepEqual(secret?.["data"], { A: btoa("2"), "git-token": btoa("ghp_second") });
  });
});

Deno.test("a server that repeats the token in its refusal reveals it nowhere", async () => {
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    ({ headers }) => {
      const shown = headers.get("authorization")?.replace(/^Basic /, "");
      const asks = { status: 401, headers: { "www-authenticate": "Basic" } };
      if (shown === undefined) return new Response("who?", asks);
      const text = `no ${atob(shown)} here, nor ${atob(shown).split(":")[1]}`;
      return new Response(text, { status: 403, headers: { "content-type": "text/plain" } });
    },
  );
  await withFixture(async ({ run, written }) => {
    const url = `http://127.0.0.1:${server.addr.port}/repo.git`;
    const refused = await run(["start", "work", "--repo", url], { GITHUB_TOKEN: token });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /remote: no .*\[redacted\] here/);
    // From a machine that doesn't know it, with the token in the pod.
    const again = await run(["start", "work", "--repo", url]);
    assert.match(again.stderr, /remote: no .*\[redacted\] here/);
    await run(["get", "work", "-o", "json"]);
    assertNowhere(written);
  });
});

Deno.test("a Secret with an SSH key that doesn't exist is reported, and is required for SSH alone", async () => {
  await withFixture(async ({ cluster, server, run }) => {
    await run(["config", "set", "git.secretName", "git-ssh"]);
    const words = ["start", "work", "--repo", server.repository];
    const started = await run(words, { GITHUB_TOKEN: token }, cluster.folder);
    assert.equal(started.code, 0, started.stderr);
    assert.match(started.stderr, /git over SSH will not work: there is no secret "git-ssh" in/);
    const other = ["start", "other", "--repo", "git@example.com:org/repo"];
    const refused = await run(other, {}, cluster.folder);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /^error: there is no secret "git-ssh" in namespace "default"$/m);
    assert.match(refused.stderr, /kubectl create secret generic git-ssh -n default/);
    assert.match(refused.stderr, /nothing of the session remains in the cluster/);
  });
});

Deno.test("start: a missing branch is reported with the existing ones, and another can be named", async () => {
  await withFixture(async ({ server, run }) => {
    const words = ["start", "work", "--repo", server.repository, "--branch", "no-such"];
    const refused = await run(words, { GITHUB_TOKEN: token });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /has no branch "no-such"/);
    assert.match(refused.stderr, /its branches: feature\/x main/);
    const right = [...words.slice(0, -1), "feature/x"];
    const started = await run(right, { GITHUB_TOKEN: token });
    assert.equal(started.code, 0, started.stderr);
    // What is checked out stays: another branch is a matter for git in the session.
    const changed = await run(words, { GITHUB_TOKEN: token });
    assert.equal(changed.code, 2, changed.stderr);
    assert.match(changed.stderr, /--branch no-such \(it has feature\/x\)/);
  });
});

Deno.test("a branch comes home without having been pushed, and changes nothing else here", async () => {
  await withFixture(async ({ cluster, server, run }) => {
    const clone = `${cluster.folder}/clone`;
    const git = async (...words: string[]) => {
      const env = { ...cluster.env, GIT_CONFIG_SYSTEM: "/dev/null" };
      const { code, stdout, stderr } = await runCommand(["git", "-C", clone, ...words], { env });
      assert.equal(code, 0, stderr);
      return stdout.trim();
    };
    await Deno.mkdir(clone);
    await git("init", "-q", "-b", "main");
    await git("remote", "add", "origin", server.repository.replace("://", `://x:${token}@`));
    await git("fetch", "-q", "origin");
    await git("reset", "-q", "--hard", "origin/main");
    const started = await run(["start", "work", "--repo", ".", "--no-sync"], {
      GITHUB_TOKEN: token,
    }, clone);
    assert.equal(started.code, 0, started.stderr);
    assert.doesNotMatch(started.stdout + started.stderr, new RegExp(token));
    const nothing = await run(["pull", "work"], {}, clone);
    assert.match(nothing.stdout, /^nothing new: the origin has kodama\/work-/, nothing.stderr);
    const commit = (text: string) =>
      run([
        ...["attach", "work", "--command"],
        `git config user.name T && git config user.email t@e && echo ${text} >> README.md && ` +
        `git commit -qam '${text}' && echo open > open.txt && git rev-parse HEAD`,
      ]);
    const first = (await commit("one")).stdout.trim();
    const pulled = await run(["pull", "work"], {}, clone);
    assert.equal(pulled.code, 0, pulled.stderr);
    assert.match(pulled.stdout, new RegExp(`^kodama/work-\\d{14} at ${first.slice(0, 12)}\n$`));
    assert.match(pulled.stderr, /1 file not committed in the session/);
    const branch = pulled.stdout.split(" ")[0] ?? "";
    assert.equal(await git("rev-parse", branch), first);
    assert.equal(await git("status", "--porcelain"), "");
    // Here it goes another way.
    await git("update-ref", `refs/heads/${branch}`, "origin/feature/x");
    await commit("two");
    const refused = await run(["pull", "work"], {}, clone);
    assert.equal(refused.code, 1, refused.stderr);
    assert.match(refused.stderr, /kodama pull work --as OTHER-NAME/);
    const other = await run(["pull", "work", "--as", "review"], {}, clone);
    assert.match(other.stdout, /^review at /, other.stderr);
    const beside = await run(["start", "beside", "--repo", ".", "--sync", "."], {
      GITHUB_TOKEN: token,
    }, clone);
    assert.equal(beside.code, 0, beside.stderr);
    const inPod = "git config user.name T && git config user.email t@e && echo new > new.txt && " +
      "git add . && git commit -qm new && git rev-parse HEAD";
    const made = await run(["attach", "beside", "--command", inPod]);
    const synced = await run(["pull", "beside"], {}, clone);
    assert.match(synced.stderr, /is checked out here: its files were already synced\n$/);
    assert.equal(await git("rev-parse", "HEAD"), made.stdout.trim());
    assert.equal(await git("status", "--porcelain"), "");
    await run(["stop", "beside"], {}, clone);
    const elsewhere = await run(["pull", "work"], {}, cluster.folder);
    assert.equal(elsewhere.code, 2);
    assert.match(elsewhere.stderr, /is not a clone of http/);
  });
});
