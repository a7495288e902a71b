/** An installation is complete, starts without the network, and is replaced without a gap. */
import { unless } from "../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { hideLazyImports } from "../tools/bundle.ts";
import { install, pathAdvice } from "../tools/install.ts";
import { installed } from "../tools/deno_flags.ts";
import { launcherNames } from "../tools/launcher.ts";
import { removeOldVersions, runningCommandLines } from "../tools/old_versions.ts";
import { parsePrefix } from "../tools/prefix.ts";
import { uninstall } from "../tools/uninstall.ts";
import { filePath } from "../src/files/file_path.ts";
import type { Metafile } from "esbuild";
import { coldModules, entryModule, execModules, hotOutputs } from "../tools/hot_path.ts";
import { builtBundle } from "./harness/built_kodama.ts";
import { kubectlMissing } from "./harness/kubectl.ts";

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program with nothing of this environment but what it needs, and with no way to the network. */
async function start(
  program: string,
  words: readonly string[],
  env: Record<string, string> = {},
): Promise<Ended> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...words],
    clearEnv: true,
    env: { PATH: "/usr/bin:/bin", HOME: "/nonexistent", ...env },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** The modules whose compiled form is kept: all that were loaded, if the cache was empty before. */
function loadedModules(cache: string): string[] {
  using database = new DatabaseSync(`${cache}/v8_code_cache_v2`);
  return database.prepare("select specifier from codecache").all()
    .map(({ specifier }) => String(specifier));
}

/** A folder that is gone after the test. */
async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempDir({ prefix: "kodama-install-test-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

Deno.test("install makes its commands, twice the same, and uninstall leaves nothing", async (t) => {
  await using folder = await temporaryFolder();
  const prefix = `${folder.path}/a prefix`;
  // That two bundles of one source are equal is in tests/release; that an installation makes its own, in tests/bench.
  const { folder: bundled } = await builtBundle();
  const first = await install(prefix, { bundled });

  for (const name of launcherNames) {
    await t.step(`${name} starts without Deno on PATH, a home folder or a network`, async () => {
      const { code, stdout, stderr } = await start(`${prefix}/bin/${name}`, ["--help"]);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      const spoken = name.replace("kubectl-", "kubectl ");
      assert.ok(stdout.includes(spoken), stdout);
    });
  }

  await t.step("the version is that of the source", async () => {
    const { stdout } = await start(`${prefix}/bin/kodama`, ["version"]);
    const { version } = await import("../src/cli/version.ts");
    assert.ok(stdout.startsWith(`kodama ${version} `), stdout);
  });

  await t.step("a misspelt word gets its hint", async () => {
    const { code, stderr } = await start(`${prefix}/bin/kodama`, ["pdos"]);
    assert.deepEqual({ code, hint: stderr.split("\n")[1] }, {
      code: 2,
      hint: "hint: did you mean kodama pods?",
    });
  });

  await t.step("kubectl's question for completion is answered as Cobra's programs do", async () => {
    const answer = await start(`${prefix}/bin/kubectl_complete-kodama`, ["exec", "--output-m"]);
    assert.equal(answer.code, 0);
    assert.match(answer.stdout, /^--output-mode\t.+\n:4\n$/);
  });

  await t.step({
    ...unless(await kubectlMissing(), "kubectl itself offers what kodama does"),
    fn: async () => {
      const path = `${prefix}/bin:${Deno.env.get("PATH")}`;
      const { stdout } = await start("kubectl", ["__complete", "kodama", "clus"], { PATH: path });
      assert.match(stdout, /^cluster\t.+\n:4\n/);
    },
  });

  const config = `${folder.path}/config`;
  const env = { KODAMA_CONFIG_DIR: config, KUBECONFIG: `${config}/cluster/kubeconfig` };
  const kodama = async (...words: string[]) => {
    const { code, stderr } = await start(`${prefix}/bin/kodama`, words, env);
    assert.equal(code, 0, `${words.join(" ")}: ${stderr}`);
  };
  const exec = ["exec", "-n", "weka-operator-system", "weka-drive-0", "--", "true"];
  const cache = `${first.version}/${installed.cache}`;
  try {
    await t.step("a cluster and commands on it find all code in the installed cache", async () => {
      await kodama("cluster", "up", "--world", "weka");
      for (const words of [exec, ["pods", "-A"], ["workflow", "list"]]) await kodama(...words);
      // What a command adds is in a log, through which each later start would read.
      const logs = await Array.fromAsync(Deno.readDir(cache), ({ name }) => name)
        .then((names) => names.filter((name) => name.endsWith("-wal")));
      assert.ok(logs.length > 0);
      for (const name of logs) assert.equal((await Deno.stat(`${cache}/${name}`)).size, 0, name);
    });

    await t.step("an exec in one pod loads nothing of node's", async () => {
      await Deno.remove(cache, { recursive: true });
      // The first load analyses a module, the second keeps its compiled form.
      for (let run = 0; run < 3; run++) await kodama(...exec);
      const modules = loadedModules(cache);
      assert.ok(modules.some((name) => name.startsWith("file:")));
      assert.deepEqual(modules.filter((name) => /^node:|^ext:deno_node\//.test(name)), []);
    });
  } finally {
    await start(`${prefix}/bin/kodama`, ["cluster", "down"], env);
  }

  await t.step("data files lie where the bundle looks for them", async () => {
    for (const path of ["main.js", "deno", "LICENSES.txt", "workflows/kwekash.yaml"]) {
      assert.ok((await Deno.stat(`${first.version}/${path}`)).isFile, path);
    }
  });

  await t.step("a second installation of the same source changes nothing", async () => {
    const launcher = await Deno.readTextFile(`${prefix}/bin/kodama`);
    const second = await install(prefix, { bundled });
    assert.equal(second.version, first.version);
    assert.equal(await Deno.readTextFile(`${prefix}/bin/kodama`), launcher);
    const versions = await Array.fromAsync(Deno.readDir(first.prefix.versions));
    assert.deepEqual(versions.map(({ name }) => name), [first.version.split("/").at(-1)]);
  });

  await t.step("uninstall removes what install made, and nothing else", async () => {
    await Deno.writeTextFile(`${prefix}/bin/other`, "#!/bin/sh\n");
    await Deno.writeTextFile(`${prefix}/bin/kpod`, "#!/bin/sh\n# a namesake\n");
    await uninstall(prefix);
    const left = await Array.fromAsync(Deno.readDir(`${prefix}/bin`));
    assert.deepEqual(left.map(({ name }) => name).toSorted(), ["kpod", "other"]);
    await assert.rejects(Deno.stat(first.prefix.versions), Deno.errors.NotFound);
  });
});

Deno.test("the code cache is filled without the proxy of the installing user", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/${installed.entry}`, "");
  const requests: string[] = [];
  await using proxy = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ url }) => {
    requests.push(url);
    return new Response(null, { status: 502 });
  });
  const address = `http://127.0.0.1:${proxy.addr.port}`;
  const tool = filePath(new URL("../tools/warm_code_cache.ts", import.meta.url));
  const args = ["run", "--quiet", "-P=tools", tool, folder.path];
  const env = { HTTP_PROXY: address, http_proxy: address, NO_PROXY: "", no_proxy: "" };
  const { code, stderr } = await new Deno.Command(Deno.execPath(), { args, env }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  assert.deepEqual(requests, []);
  assert.ok(
    loadedModules(`${folder.path}/${installed.cache}`).includes("ext:deno_fetch/26_fetch.js"),
  );
});

Deno.test("the bundle starts with few files, which are free of node's compatibility layer", async () => {
  const { folder, metafile } = await builtBundle();
  const hot = hotOutputs(metafile);
  assert.ok(hot.length > 5, "the entry and the commands' chunks are hot");
  for (const output of hot) {
    const text = await Deno.readTextFile(`${folder}/${output}`);
    assert.doesNotMatch(text, /["']node:|\bgetBuiltinModule\b/, output);
    assert.doesNotMatch(text, /(?<![\w$."'`])(?:globalThis\.)?process\.\w/, output);
  }
  const entry = await Deno.readTextFile(`${folder}/main.js`);
  assert.match(entry, /import\(\(0,"/, "lazy imports are hidden from Deno's analysis");
  const modules = Object.keys(metafile.outputs).map((output) => entryModule(metafile, output));
  for (const module of coldModules) {
    assert.ok(modules.some((path) => path?.startsWith(module)), `${module} is a chunk of its own`);
  }
  for (const module of execModules) assert.ok(modules.includes(module), `${module} is lazy`);
  const files = loadedWith(metafile, ["main.ts", ...execModules]);
  // Of a command in some pods: without one chunk for what starts together it is some 75.
  assert.ok(files.size <= 20, `${files.size} files`);
});

Deno.test("a session's start without a task loads no adapter of an agent", async () => {
  const { metafile } = await builtBundle();
  const inputs = [...loadedWith(metafile, ["src/actions/session/start.ts"])]
    .flatMap((output) => Object.keys(metafile.outputs[output]?.inputs ?? {}));
  assert.ok(inputs.includes("src/actions/session/definition.ts"), inputs.join());
  assert.deepEqual(inputs.filter((path) => path === "src/agent/adapters.ts"), []);
});

/** Returns the files of the bundle that are loaded with these modules. */
function loadedWith(metafile: Metafile, modules: readonly string[]): Set<string> {
  const files = new Set<string>();
  const collect = (output: string) => {
    if (files.has(output)) return;
    files.add(output);
    for (const { path, kind, external } of metafile.outputs[output]?.imports ?? []) {
      if (kind === "import-statement" && !external) collect(path);
    }
  };
  for (const output of Object.keys(metafile.outputs)) {
    if (modules.includes(entryModule(metafile, output) ?? "")) collect(output);
  }
  return files;
}

Deno.test("the bundle has the page of `kodama web`: small, with nothing inline, from nowhere else", async () => {
  const { folder, metafile } = await builtBundle();
  const html = await Deno.readTextFile(`${folder}/web/index.html`);
  assert.doesNotMatch(html, /<style|<script>|style=|\son\w+=|https?:|\/\//);
  const named = [...html.matchAll(/(?:src|href)="(.*?)"/g)].map(([, path]) => path ?? "");
  assert.equal(named.length, 4);
  const sizes = new Map<string, number>();
  for await (const { name } of Deno.readDir(`${folder}/web/assets`)) {
    const { size } = await Deno.stat(`${folder}/web/assets/${name}`);
    if (name.endsWith(".gz")) sizes.set(`assets/${name.slice(0, -".gz".length)}`, size);
  }
  const sum = (paths: Iterable<string>) =>
    [...paths].reduce((bytes, path) => bytes + (sizes.get(path) ?? NaN), 0);
  // What the page loads at once, and all of it: a terminal is loaded with the first one.
  const first = sum(named);
  assert.ok(first > 10_000 && first <= 50 * 1024, `${first} bytes`);
  assert.ok(sum(sizes.keys()) <= 150 * 1024, `${sum(sizes.keys())} bytes`);
  for (const name of ["preact", "@xterm/xterm"]) {
    const inputs = Object.keys(metafile.inputs);
    assert.ok(inputs.some((path) => path.includes(`/node_modules/${name}/`)), name);
  }
});

Deno.test("only imports of chunks are hidden, and only those that are lazy", () => {
  const text = 'import"./a.js";import{b}from"./b.js";x(()=>import("./c-1A.js"),import("node:tls"))';
  const hidden = text.replace('import("./c-1A.js")', 'import((0,"./c-1A.js"))');
  assert.equal(hideLazyImports(text), hidden);
});

Deno.test("the prefix is ~/.local, or what --prefix says, as an absolute path", () => {
  assert.equal(parsePrefix(["--prefix", "/opt/kodama/"]), "/opt/kodama");
  assert.equal(parsePrefix(["--prefix=/"]), "/");
  assert.match(parsePrefix(["--prefix", "here"]), /^\/.*\/here$/);
  for (const words of [["--prefix"], ["--prefix="], ["--prefix", "a", "b"], ["--perfix", "a"]]) {
    assert.throws(() => parsePrefix(words), /usage: deno task install/, words.join(" "));
  }
});

Deno.test("an installation that fails prints a message, not a stack", async () => {
  const tool = filePath(new URL("../tools/install.ts", import.meta.url));
  for (const words of [["--prefix"], ["--prefix", "/dev/null/x"]]) {
    const args = ["run", "--quiet", "-P=tools", tool, ...words];
    const { code, stderr } = await new Deno.Command(Deno.execPath(), { args, stdout: "null" })
      .output();
    assert.equal(code, 1);
    assert.match(new TextDecoder().decode(stderr), /^error: .+\n$/);
  }
});

Deno.test("install says whether the commands will be found", () => {
  assert.match(pathAdvice("/a/bin", "/usr/bin:/a/bin"), /is on your PATH/);
  assert.match(pathAdvice("/a/bin", "/usr/bin:/a/binaries"), /export PATH="\/a\/bin:\$PATH"/);
});

Deno.test("a version from which something still runs stays", async () => {
  await using folder = await temporaryFolder();
  const version = (name: string) => `${folder.path}/${name}`;
  for (const name of ["aa", "aab", "bb", "cc"]) {
    await Deno.mkdir(version(name));
    await Deno.writeTextFile(`${version(name)}/deno`, "");
  }
  const lines = ["/sbin/init", `${version("aab")}/deno run --quiet main.js`, ""];
  await removeOldVersions(folder.path, [version("cc"), undefined], lines);
  const left = await Array.fromAsync(Deno.readDir(folder.path), ({ name }) => name);
  assert.deepEqual(left.toSorted(), ["aab", "cc"]);
});

Deno.test("a running command is listed with the path that started it", async () => {
  await using folder = await temporaryFolder();
  const sleep = `${folder.path}/sleep`;
  await Deno.symlink("/bin/sleep", sleep);
  await using running = new Deno.Command(sleep, { args: ["600"] }).spawn();
  assert.ok((await runningCommandLines()).includes(`${sleep} 600`));
  running.kill("SIGKILL");
  await running.status;
});
