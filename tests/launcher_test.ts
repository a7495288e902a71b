/** What a launcher allows: the configuration folder, the folder of --outdir, and nothing that a pod's command says. */
import assert from "node:assert/strict";
import { launcherVariables } from "../src/base/launcher_variables.ts";
import { installed } from "../tools/deno_flags.ts";
import { launcherText } from "../tools/launcher.ts";
import { findPackage, npmName } from "../tools/release/npm_package.ts";
import { runCommand } from "./harness/command.ts";
import { findProgram } from "../src/kube/testing/image_shells.ts";
import { unless } from "../src/base/testing/unless.ts";
import { writeProgram } from "../src/base/testing/program_file.ts";
import { TestFolder } from "./harness/test_folder.ts";

const saying = `#!/bin/sh
printf "%s\\n" "$@"
echo "authorities: <\${DENO_TLS_CA_STORE-Deno's own}>"
`;

/** What Deno is started with, by a launcher whose Deno says its words. */
async function startWords(
  name: string,
  words: readonly string[],
  more: Readonly<Record<string, string>> = {},
) {
  const folder = await Deno.makeTempDir({ prefix: "kodama-launcher-" });
  try {
    await Deno.mkdir(`${folder}/version`);
    const deno = `${folder}/version/${installed.deno}`;
    await writeProgram(deno, saying);
    const text = launcherText({ kind: "folder", path: `${folder}/version` }, {
      kodama: { read: true },
      cluster: { read: true, write: true },
    });
    await writeProgram(`${folder}/${name}`, text);
    const env = { PATH: "/usr/bin:/bin", HOME: "/home/me", outdir: "/exported", ...more };
    return await runCommand([`${folder}/${name}`, ...words], { env });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function writes(name: string, words: readonly string[]): Promise<string | undefined> {
  const { stdout } = await startWords(name, words);
  return /^--allow-write.*$/m.exec(stdout)?.[0];
}

Deno.test("Deno trusts no authorities of its own beside those that a kubeconfig names", async () => {
  for (const more of [{}, { DENO_TLS_CA_STORE: "mozilla,system" }]) {
    const { stdout } = await startWords("kodama", ["pods"], more);
    assert.match(stdout, /^authorities: <>$/m);
  }
});

Deno.test("what a launcher sets for its Deno is known, to be kept from other programs", () => {
  const text = launcherText({ kind: "folder", path: "/version" }, { kodama: {}, cluster: {} });
  const exported = [...text.matchAll(/^export (.*)$/gm)].flatMap(([, words = ""]) =>
    [...words.matchAll(/(\w+)=/g)].map(([, name]) => name)
  );
  assert.deepEqual(exported, launcherVariables);
});

Deno.test("only the configuration folder is written to, and that of --outdir", async () => {
  const home = "--allow-write=/home/me/.kodama";
  const table: [name: string, words: string[], flag: string][] = [
    ["kodama", ["exec", "web-0", "--", "id"], home],
    ["kodama", ["exec", "web-0", "--outdir", "out", "--", "id"], `${home},out`],
    ["kpod", ["--outdir=/tmp/a b", "web-0", "--", "id"], `${home},/tmp/a b`],
    ["kwekash", ["--outdir", "x", "--outdir", "y"], `${home},y`],
    ["kodama", ["exec", "web-0", "--", "tool", "--outdir", "/"], home],
    ["kodama", ["exec", "web-0", "--", "tool", "--outdir=/"], home],
    ["kodama", ["exec", "--outdir"], home],
    ["kodama", ["shell", "web-0", "--log", "casts"], `${home},casts`],
    ["kodama", ["tmux", "--log=casts", "--", "tool", "--log", "/"], `${home},casts`],
    ["kodama", ["cluster", "up"], "--allow-write"],
    ["kodama", ["cp", "web-0:/etc/hosts", "."], "--allow-write"],
    ["kodama", ["-n", "web", "--context", "lab", "cp", "a", ":/b"], "--allow-write"],
    ["kodama", ["-n", "cp", "exec", "web-0", "--", "cp"], home],
    ["kodama", ["run", "disk-usage"], "--allow-write"],
    ["kodama", ["runs", "rerun", "--failed"], "--allow-write"],
    ["kodama", ["snapshot", "fix-auth"], "--allow-write"],
    ["kodama", ["watch", "pods", "--save", "pods.jsonl"], "--allow-write"],
    ["kodama", ["session", "-n", "dev", "snapshot", "fix-auth"], "--allow-write"],
    ["kodama", ["runs", "list"], home],
    ["kodama", ["workflow", "check"], home],
    ["kodama", ["workflow", "new", "a"], "--allow-write"],
    ["kodama", ["workflow", "test"], "--allow-write"],
    ["kodama", ["mcp", "install", "vscode"], "--allow-write"],
    ["kodama", ["mcp", "--http", "7331"], home],
    ["kpod", ["web-0", "--", "cp", "a", "b"], home],
  ];
  for (const [name, words, flag] of table) assert.equal(await writes(name, words), flag);
});

Deno.test("settings that are a link may be changed where they lie, by kodama config alone", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-linked-" });
  try {
    await Deno.mkdir(`${folder}/dotfiles`);
    await Deno.mkdir(`${folder}/config`);
    await Deno.symlink("../dotfiles/kodama.yaml", `${folder}/config/config.yaml`);
    const env = { KODAMA_CONFIG_DIR: `${folder}/config` };
    const flagOf = async (...words: string[]) => {
      const { stdout } = await startWords("kodama", words, env);
      return /^--allow-write.*$/m.exec(stdout)?.[0];
    };
    const own = `--allow-write=${folder}/config`;
    assert.equal(await flagOf("config", "set", "a", "b"), `${own},${folder}/dotfiles`);
    assert.equal(await flagOf("exec", "web-0", "--", "id"), own);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a start with standard output closed is an error, for all would be lost", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-launcher-" });
  const launcher = `${folder}/kodama`;
  const text = launcherText({ kind: "folder", path: folder }, { kodama: {}, cluster: {} });
  await writeProgram(launcher, text);
  try {
    const env = { PATH: "/usr/bin:/bin", HOME: "/home/me" };
    const { code, stderr } = await runCommand(["sh", "-c", `"${launcher}" pods >&-`], { env });
    assert.equal(code, 1);
    assert.match(stderr, /^error: standard output is closed\n/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the launcher reports a working folder that was removed", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-launcher-" });
  const launcher = `${folder}/kodama`;
  const text = launcherText({ kind: "folder", path: folder }, { kodama: {}, cluster: {} });
  await writeProgram(launcher, text);
  const line =
    `mkdir "${folder}/gone" && cd "${folder}/gone" && rmdir "${folder}/gone" && "${launcher}" pods`;
  try {
    const { code, stderr } = await runCommand(["sh", "-c", line], {
      env: { PATH: "/usr/bin:/bin" },
    });
    assert.equal(code, 1);
    assert.match(stderr, /^error: the folder that this was started in isn't there any more$/m);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

const notRoot = Deno.uid() === 0 ? undefined : "only root can own another user's home";

Deno.test({
  ...unless(notRoot, "root writes nothing below the home of another user, and reads there"),
  fn: async () => {
    await using home = await TestFolder.open("kodama-launcher-");
    const denied = async (more: Readonly<Record<string, string>>) => {
      const { stdout } = await startWords("kodama", ["cp", "a", ":/b"], more);
      return /^--deny-write.*$/m.exec(stdout)?.[0];
    };
    assert.equal(await denied({ HOME: home.path }), undefined);
    await Deno.chown(home.path, 1000, 1000);
    assert.equal(await denied({ HOME: home.path }), `--deny-write=${home.path}/.kodama`);
    const named = { HOME: home.path, KODAMA_CONFIG_DIR: `${home.path}/roots` };
    assert.equal(await denied(named), undefined);
  },
});

Deno.test("a launcher starts in a folder that its user may not search", async () => {
  await using folder = await TestFolder.open("kodama-launcher-");
  const closed = `${folder.path}/closed`;
  await Deno.mkdir(`${closed}/inner`, { recursive: true });
  await Deno.mkdir(`${folder.path}/version`);
  await writeProgram(`${folder.path}/version/${installed.deno}`, saying);
  const launcher = `${folder.path}/kodama`;
  const place = { kind: "folder", path: `${folder.path}/version` } as const;
  await writeProgram(launcher, launcherText(place, { kodama: {}, cluster: {} }));
  // Modes bind root only without these capabilities.
  const bound = Deno.uid() === 0 ? "setpriv --bounding-set=-dac_override,-dac_read_search" : "";
  const line = `cd "${closed}/inner" && chmod 0 "${closed}" && { ${bound} ls "${closed}" || ` +
    `${bound} "${launcher}"; }`;
  try {
    const env = { PATH: "/usr/bin:/bin" };
    const { code, stderr } = await runCommand(["sh", "-c", line], { env });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^ls: [^\n]*Permission denied\n$/);
  } finally {
    await Deno.chmod(closed, 0o700);
  }
});

const busybox = await findProgram("busybox") === undefined
  ? "this machine has no busybox"
  : undefined;

Deno.test({
  ...unless(busybox, "a launcher whose Deno can't be started says what would help"),
  fn: async () => {
    await using folder = await TestFolder.open("kodama-launcher-");
    const text = launcherText({ kind: "folder", path: folder.path }, { kodama: {}, cluster: {} });
    await writeProgram(`${folder.path}/kodama`, text);
    const deno = `${folder.path}/${installed.deno}`;
    const env = { PATH: "/usr/bin:/bin", HOME: "/home/me" };
    const stderr = async () => {
      // Not bash, which runs no trap after an exec that fails.
      const line = ["busybox", "sh", `${folder.path}/kodama`, "pods"];
      return (await runCommand(line, { env })).stderr;
    };
    assert.match(await stderr(), /^hint: install kodama again: .*\/deno is missing$/m);
    await writeProgram(deno, "#!/no/such/loader\n");
    assert.match(await stderr(), /^hint: kodama needs glibc 2.27 or later: .* musl/m);
    await Deno.chmod(deno, 0o644);
    assert.match(await stderr(), /^hint: its file system may forbid programs \(noexec\)/m);
  },
});

Deno.test("a path that would be two permissions is refused", async () => {
  const { code, stderr } = await startWords("kodama", ["exec", "--outdir", "a,/etc", "--", "id"]);
  assert.equal(code, 1);
  assert.match(stderr, /^error: a,\/etc has a comma/);
});

/** A folder of programs as npm leaves it, and a Deno that prints its words. */
async function npmLayout(folder: string, { deno, bin }: { deno: string; bin: string }) {
  const root = `${folder}/lib/node_modules/${npmName}`;
  await Deno.mkdir(`${root}/bin`, { recursive: true });
  await Deno.mkdir(`${root}/lib`);
  const text = launcherText({ kind: "found", lines: findPackage }, { kodama: {}, cluster: {} });
  await writeProgram(`${root}/bin/kpod`, text);
  await Deno.mkdir(`${root}/${deno}`, { recursive: true });
  await writeProgram(`${root}/${deno}/deno`, `#!/bin/sh\necho "$KODAMA_ARGV0"\n${saying}`);
  await Deno.mkdir(`${folder}/${bin}`, { recursive: true });
  const up = bin.split("/").map(() => "..").join("/");
  await Deno.symlink(`${up}/lib/node_modules/${npmName}/bin/kpod`, `${folder}/${bin}/kpod`);
}

Deno.test("a launcher of the npm package finds itself behind links, and Deno in any layout of npm", async () => {
  const layouts = [
    // npm install --global, with and without install scripts; a project's own; links to links.
    { deno: "node_modules/deno", bin: "bin" },
    { deno: "node_modules/@deno/linux-x64-glibc", bin: "bin" },
    { deno: "../deno", bin: "lib/node_modules/.bin" },
    { deno: "../deno/node_modules/@deno/darwin-arm64", bin: "lib/node_modules/.bin" },
    { deno: "../@deno/darwin-arm64", bin: "some/where/else" },
  ];
  for (const { deno, bin } of layouts) {
    const folder = await Deno.makeTempDir({ prefix: "kodama-launcher-" });
    try {
      await npmLayout(folder, { deno, bin });
      const env = { PATH: "/usr/bin:/bin", HOME: "/home/me" };
      const { code, stdout, stderr } = await runCommand([`${folder}/${bin}/kpod`, "x"], { env });
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" }, `${deno} ${bin}`);
      const [name, ...words] = stdout.trimEnd().split("\n");
      assert.equal(name, "kpod");
      const main = words.find((word) => word.endsWith("/main.js")) ?? "";
      const expected = `${folder}/lib/node_modules/${npmName}/lib/main.js`;
      assert.equal(new URL(`file://${main}`).pathname, expected);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }
});

Deno.test("a launcher of the npm package reports that Deno is missing", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-launcher-" });
  try {
    await npmLayout(folder, { deno: "elsewhere", bin: "bin" });
    const env = { PATH: "/usr/bin:/bin", HOME: "/home/me" };
    const { code, stderr } = await runCommand([`${folder}/bin/kpod`], { env });
    assert.equal(code, 1);
    assert.match(stderr, /^error: the npm package deno, .*\nhint: install kodama-cli again/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
