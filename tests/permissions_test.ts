/** kodama runs with the permissions that `deno.json` lists, each for a reason that is written down. */
import assert from "node:assert/strict";
import { serveCommand } from "../src/host/cluster.ts";
import { grantedNames, permissionFlags, readPermissionSets } from "../tools/permissions.ts";

const root = new URL("../", import.meta.url);
const read = (path: string) => Deno.readTextFile(new URL(path, root));

/** Files of the checkout that a person writes, by their path. */
async function* sourceFiles(folder = ""): AsyncGenerator<string> {
  const generated = /^(?:\.git|dist|node_modules|deno\.lock|tests\/golden)$/;
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder || "./", root))) {
    const path = `${folder}${name}`;
    if (generated.test(path)) continue;
    if (isDirectory) yield* sourceFiles(`${path}/`);
    else if (/\.(?:ts|json|md|sh|c|ya?ml)$|^\.ci\/run$/.test(path)) yield path;
  }
}

/** Rows of a table under a heading of `docs/permissions.md`, as `permission value`. */
async function documented(heading: string): Promise<string[]> {
  const page = await read("docs/permissions.md");
  const section = page.split(/^## /m).find((text) => text.split("\n", 1)[0]?.includes(heading));
  assert.ok(section, `docs/permissions.md has no heading with ${heading}`);
  const rows = [...section.matchAll(/^\| (read|write|net|env|run|sys) *\| (\S+) *\| (.+?) *\|$/gm)];
  for (const [row, , , reason] of rows) assert.ok((reason ?? "").length > 10, `no reason: ${row}`);
  return rows.map(([, kind, value]) => `${kind} ${value?.replaceAll("`", "")}`).toSorted();
}

Deno.test("every permission of deno.json has its reason in docs/permissions.md, and no other", async () => {
  for (const [name, set] of await readPermissionSets()) {
    const granted = Object.entries(set).flatMap(([kind, grant]) =>
      grant === true
        ? [`${kind} everything`]
        : grantedNames(grant).map((value) => `${kind} ${value}`)
    );
    assert.deepEqual(await documented(`\`${name}\``), granted.toSorted(), name);
  }
});

/** What looks at other processes in /proc, which Deno opens for nothing less; `docs/permissions.md` says so. */
const mayDoEverything: Readonly<Record<string, RegExp>> = {
  "deno.json":
    / tests\/(?:cluster\/|(?:browser|vscode|web)"|bench\/(?:bench|copy|forward|logs|web)\.ts")/,
  "tests/proofs/model_manners_test.ts": /Deno\.execPath\(\), "run"/,
};

Deno.test("nothing is started with everything allowed but what looks at other processes", async () => {
  const everything =
    /--allow-all\b|\bdeno (?:run|test|task|eval|compile)[^\n|]* -A\b|"(?:run|test|eval)",.*"-A"|"all": *true/;
  const finds: string[] = [];
  for await (const path of sourceFiles()) {
    if (path.startsWith("tests/cluster/") || path.endsWith("permissions_test.ts")) continue;
    for (const line of (await read(path)).split("\n")) {
      if (!everything.test(line) || mayDoEverything[path]?.test(line)) continue;
      finds.push(`${path}: ${line.trim()}`);
    }
  }
  assert.deepEqual(finds, []);
});

Deno.test("the background process of the cluster is started with the set `cluster`, and no more", async () => {
  const set = permissionFlags((await readPermissionSets()).get("cluster") ?? {});
  const command = serveCommand({ folder: "/lab", world: "weka", keep: false });
  assert.deepEqual(command.filter((word) => /^(?:-A$|-P|--allow|--deny)/.test(word)), set);
});

Deno.test("every variable that the hot path reads is one that it may read", async () => {
  const set = (await readPermissionSets()).get("kodama");
  const allowed = grantedNames(set?.env);
  const reads = /\b(?:env|environment|read|env\.get)\("([A-Z_]+)"\)|\bvariable: "(\w+)"/g;
  const found = new Set<string>();
  for await (const path of sourceFiles("src/")) {
    if (path.endsWith("_test.ts")) continue;
    for (const [, called, declared] of (await read(path)).matchAll(reads)) {
      found.add(called ?? declared ?? "");
    }
  }
  assert.ok(found.has("KUBECONFIG"), "the pattern finds what is read");
  const matches = (name: string, granted: string) =>
    granted.endsWith("*") ? name.startsWith(granted.slice(0, -1)) : name === granted;
  const refused = [...found].filter((name) => !allowed.some((granted) => matches(name, granted)));
  assert.deepEqual(refused, []);
});

Deno.test("flags of a set: what is listed, in a settled order, and what is ignored", () => {
  const flags = permissionFlags({
    net: true,
    env: { allow: ["A", "B_*"], ignore: true },
    read: true,
    write: false,
    run: ["x"],
  });
  assert.deepEqual(flags, [
    "--allow-read",
    "--allow-net",
    "--allow-env=A,B_*",
    "--ignore-env",
    "--allow-run=x",
  ]);
});

/** kodama from source in a folder of its own, with the sets of `deno.json` and nothing more. */
class SourceKodama implements AsyncDisposable {
  private constructor(readonly folder: string, private readonly denoDir: string) {}

  static async open(): Promise<SourceKodama> {
    const info = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
    const { denoDir } = JSON.parse(new TextDecoder().decode(info.stdout)) as { denoDir: string };
    return new SourceKodama(await Deno.makeTempDir({ prefix: "kodama-permissions-" }), denoDir);
  }

  async run(set: "kodama" | "cluster", words: readonly string[], kubeconfig: string) {
    const config = `${this.folder}/config`;
    const write = set === "kodama" ? [`--allow-write=${config}`] : [];
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", `-P=${set}`, ...write, "main.ts", ...words],
      cwd: root,
      clearEnv: true,
      env: {
        DENO_DIR: this.denoDir,
        HOME: this.folder,
        KODAMA_CONFIG_DIR: config,
        KUBECONFIG: kubeconfig,
        NO_COLOR: "1",
        PATH: Deno.env.get("PATH") ?? "",
      },
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  }

  get clusterKubeconfig(): string {
    return `${this.folder}/config/cluster/kubeconfig`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run("cluster", ["cluster", "down"], "");
    await Deno.remove(this.folder, { recursive: true });
  }
}

Deno.test("exec works with the permissions of its set, and needs no others", async (t) => {
  await using kodama = await SourceKodama.open();
  const up = await kodama.run("cluster", ["cluster", "up", "--world", "weka"], "");
  assert.equal(up.code, 0, up.stderr);
  const kubeconfig = kodama.clusterKubeconfig;
  const drives = ["-n", "weka-operator-system", "-m", "/^weka-drive-[0-2]$/"];

  await t.step("in several pods", async () => {
    const words = ["exec", ...drives, "--output-mode", "fold", "--", "weka", "version"];
    const { code, stdout, stderr } = await kodama.run("kodama", words, kubeconfig);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^---- weka-drive-\[0-2\] \(3\)\n/);
  });

  await t.step("a workflow that comes with kodama", async () => {
    const { code, stdout, stderr } = await kodama.run("kodama", ["run", "kwekash"], kubeconfig);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^weka-drive-0: /m);
  });

  await t.step("a credential plugin that isn't listed is refused, with the way out", async () => {
    const plugin = `${kodama.folder}/kubeconfig`;
    await Deno.writeTextFile(
      plugin,
      JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        "current-context": "a",
        contexts: [{ name: "a", context: { cluster: "a", user: "a" } }],
        clusters: [{ name: "a", cluster: { server: "https://127.0.0.1:9" } }],
        users: [{
          name: "a",
          user: {
            exec: {
              apiVersion: "client.authentication.k8s.io/v1",
              command: "cat",
              interactiveMode: "Never",
            },
          },
        }],
      }),
    );
    const { code, stderr } = await kodama.run("kodama", ["exec", "web-0", "--", "id"], plugin);
    assert.notEqual(code, 0);
    assert.match(stderr, /won't run the credential plugin cat/);
    assert.match(stderr, /KODAMA_ALLOW_RUN=cat/);
  });
});
