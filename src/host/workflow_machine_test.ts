/** Programs that steps of workflows run on this machine. */
import assert from "node:assert/strict";
import { writeProgram } from "../base/testing/program_file.ts";
import { MemoryTerminal } from "../terminal/testing/memory_terminal.ts";
import { noPermissions } from "../workflow/model.ts";
import { TrustedFiles } from "../sandbox/trust.ts";
import { machineHost } from "./host.ts";

const trusted = TrustedFiles.of({ kind: "trusted", because: "said" }, []);

Deno.test("nothing starts on this machine before its files are trusted", async () => {
  const host = machineHost({
    terminal: new MemoryTerminal(),
    environment: (name) => Deno.env.get(name),
    kubeconfig: undefined,
  });
  const { local, runScript } = await host.workflowMachine();
  const { signal } = new AbortController();
  const options = { environment: {}, folder: "/", signal, maxOutputBytes: 1, onLine: () => {} };
  await assert.rejects(local.run(["true"], options), /before its files are trusted/);
  const script = { step: "a", code: "1", path: "/a.yaml", line: 1, input: null, targets: [] };
  const unused = () => Promise.reject(new Error("unused"));
  const api = { exec: unused, get: unused, logs: unused, log: () => {} };
  const bounds = { signal, timeoutMs: 1, memoryMiB: 1 };
  await assert.rejects(
    runScript(script, noPermissions, api, bounds),
    /before its files are trusted/,
  );
  await assert.rejects(
    host.testCluster("shop", {} as TrustedFiles, signal),
    /the world shop isn't trusted/,
  );
});

Deno.test("git runs no program that a repository configures", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const host = machineHost({
      terminal: new MemoryTerminal(),
      environment: (name) => Deno.env.get(name),
      kubeconfig: undefined,
    });
    const { signal } = new AbortController();
    const git = (...args: string[]) => host.machine.capture("git", ["-C", folder, ...args], signal);
    await git("init", "-q");
    await git("config", "core.fsmonitor", `touch ${folder}/ran; false`);
    for (const hooks of [`${folder}/.git/hooks`, `${folder}/mine`]) {
      await Deno.mkdir(hooks, { recursive: true });
      for (const name of ["reference-transaction", "post-index-change", "post-checkout"]) {
        await writeProgram(`${hooks}/${name}`, `#!/bin/sh\ntouch ${folder}/ran\n`);
      }
    }
    // The steps of `kodama pull` in a folder.
    const steps = async () => {
      const commit = ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q"];
      await git("status", "--porcelain");
      const { code } = await git(...commit, "--allow-empty", "-m", "a");
      assert.equal(code, 0);
      await git("fetch", "-q", folder, "HEAD:refs/heads/fetched");
      await git("update-ref", "refs/heads/new", "HEAD");
      await git("branch", "-q", "-f", "other", "HEAD");
      await git("read-tree", "HEAD");
      await git("reset", "-q");
      await git("symbolic-ref", "HEAD", "refs/heads/new");
    };
    await steps();
    await git("config", "core.hooksPath", `${folder}/mine`);
    await steps();
    await assert.rejects(Deno.stat(`${folder}/ran`), Deno.errors.NotFound);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("programs of steps get kodama's kubeconfig with absolute paths: they run in another folder", async () => {
  const here = Deno.cwd();
  for (
    const { kubeconfig, variable, expected } of [
      { kubeconfig: undefined, variable: "lab:/k/prod", expected: `${here}/lab:/k/prod` },
      { kubeconfig: "lab", variable: "prod", expected: `${here}/lab` },
    ]
  ) {
    const host = machineHost({
      terminal: new MemoryTerminal(),
      environment: (name) => name === "KUBECONFIG" ? variable : Deno.env.get(name),
      kubeconfig,
    });
    const { local } = await host.workflowMachine(trusted);
    const { stdout } = await local.run(["printenv", "KUBECONFIG"], {
      environment: {},
      folder: "/",
      signal: new AbortController().signal,
      maxOutputBytes: 1000,
      onLine: () => {},
    });
    assert.equal(stdout.trim(), expected);
  }
});
