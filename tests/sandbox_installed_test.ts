/**
 * Scripts of workflows run, and are stopped, wherever kodama was put: from source, installed, as the single file that
 * is made without a download, and as one that Deno has compiled.
 */
import { otherThan, unless } from "../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { denoCompile } from "../tools/compile.ts";
import { builtSingleFile } from "./harness/built_kodama.ts";
import { runCommand } from "./harness/command.ts";
import { InstalledKodama } from "./harness/installed_kodama.ts";
import { fromSource } from "./harness/source_kodama.ts";

/** One script after the other in one workflow: what is granted and what isn't, time and memory. */
const workflow = `
permissions: { env: [HOME, PLACES_TOKEN], run: [sh] }
params: { token: { env: PLACES_TOKEN } }
steps:
  - check: \${{ env.PLACES_TOKEN == "granted" && params.token == "granted" }}
  - id: sum
    with: [1, 2, 39]
    script: kodama.output((kodama.input as number[]).reduce((a, b) => a + b, 0))
  - id: home
    script: kodama.output(typeof Deno.env.get("HOME"))
  - id: file
    script: Deno.readTextFileSync("/etc/passwd")
    allowFailure: any
  - id: endless
    timeout: 300ms
    script: for (;;);
    allowFailure: any
  - id: memory
    script: new Uint8Array(2e9).fill(1)
    allowFailure: any
finally:
  - id: cleaned
    script: console.log("cleaned up")
outputs:
  sum: \${{ steps.sum.value }}
  home: \${{ steps.home.value }}
`;

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

function checkEnd({ stdout, stderr }: Ended): void {
  assert.match(stdout, /^sum: 42$/m, stderr);
  assert.match(stdout, /^home: string$/m);
  assert.match(stdout, /cleaned up/);
  assert.match(stderr, /^file +denied: .*read access to "\/etc\/passwd"/m);
  assert.match(stderr, /^endless +timeout/m);
  assert.match(stderr, /^memory +failed: .*limit of memory/m);
}

/** A folder with the workflow in it. */
async function repositoryIn(folder: string): Promise<string> {
  await Deno.mkdir(`${folder}/repo/workflows`, { recursive: true });
  await Deno.writeTextFile(`${folder}/repo/workflows/bounds.yaml`, workflow);
  return `${folder}/repo`;
}

const words = ["run", "bounds", "--trust"];

/** What kodama itself may not read, and the workflow is granted. */
const granted = { PLACES_TOKEN: "granted" };

Deno.test("scripts run in their bounds: from source", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-sandbox-" });
  try {
    const cwd = await repositoryIn(folder);
    const source = await fromSource([`${folder}/home`]);
    const env = {
      HOME: `${folder}/home`,
      PATH: Deno.env.get("PATH") ?? "",
      NO_COLOR: "1",
      ...source.env,
      ...granted,
    };
    checkEnd(await runCommand([...source.args, ...words], { cwd, env }));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("scripts run in their bounds: installed", async () => {
  await using kodama = await InstalledKodama.open();
  const cwd = await repositoryIn(kodama.folder);
  checkEnd(
    await runCommand([kodama.command("kodama"), ...words], {
      env: { ...kodama.env, ...granted },
      cwd,
    }),
  );
});

/** A C compiler and zlib's static library: what the file is made with. */
async function compilerMissing(): Promise<string | undefined> {
  const probe = new Deno.Command("sh", {
    args: ["-c", 'echo "int main(void){return 0;}" | cc -static -x c -o /dev/null - -lz'],
    stderr: "null",
  });
  const { success } = await probe.output();
  return success
    ? otherThan("linux")
    : "this machine has no C compiler with static libraries and zlib";
}

Deno.test({
  ...unless(
    await compilerMissing(),
    "scripts run in their bounds: as a single file, with no Deno on PATH",
  ),
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "kodama-sandbox-" });
    try {
      const kodama = await builtSingleFile();
      const cwd = await repositoryIn(folder);
      const env = { HOME: folder, PATH: "/usr/bin:/bin", NO_COLOR: "1", ...granted };
      checkEnd(await runCommand([kodama, ...words], { env, cwd }));
      const [version] = await Array.fromAsync(Deno.readDir(`${folder}/.cache/kodama`));
      const cache = `${folder}/.cache/kodama/${version?.name}/cache/v8_code_cache_v2`;
      const cached = cachedModules(cache);
      assert.ok(cached.some((name) => name.startsWith("file:")));
      assert.deepEqual(
        cached.filter((name) => name.startsWith("data:")),
        [],
        "no script is cached",
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** Returns the modules whose compiled form is in a code cache. */
function cachedModules(path: string): string[] {
  using database = new DatabaseSync(path);
  return database.prepare("select specifier from codecache").all()
    .map(({ specifier }) => String(specifier));
}

/** Returns whether Deno has the runtime of compiled files, or `DENORT_BIN` names it: no test downloads one. */
async function hasRuntime(): Promise<boolean> {
  if (Deno.env.get("DENORT_BIN") !== undefined) return true;
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const { denoDir } = JSON.parse(new TextDecoder().decode(stdout)) as { denoDir: string };
  const release = `${denoDir}/dl/release/v${Deno.version.deno}`;
  const found = await Deno.stat(`${release}/denort-${Deno.build.target}.zip`).catch(() =>
    undefined
  );
  return found !== undefined;
}

Deno.test({
  ...unless(
    await hasRuntime() ? undefined : "this machine has no runtime of compiled files (DENORT_BIN)",
    "scripts run in their bounds: compiled, by the Deno on PATH; without one it is said",
  ),
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "kodama-sandbox-" });
    try {
      await denoCompile(`${folder}/kodama`);
      const cwd = await repositoryIn(folder);
      const deno = Deno.execPath().slice(0, Deno.execPath().lastIndexOf("/"));
      const env = { HOME: folder, NO_COLOR: "1", ...granted };
      const PATH = `${deno}:/usr/bin:/bin`;
      checkEnd(await runCommand([`${folder}/kodama`, ...words], { env: { ...env, PATH }, cwd }));
      await Deno.mkdir(`${folder}/empty`);
      const without = await runCommand([`${folder}/kodama`, ...words], {
        env: { ...env, PATH: `${folder}/empty` },
        cwd,
      });
      assert.match(without.stderr, /cannot run scripts: deno not found/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
