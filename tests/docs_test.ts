/**
 * What the documentation says is what happens: every block that is marked `sh run` is executed, by an
 * installed kodama on an embedded cluster with the worlds weka and shop, and a block `text output` after it is what
 * it prints (both streams; `…` stands for what differs from run to run). `sh run kubectl` needs kubectl. A command that
 * an earlier block has run may run in the test's own process.
 */
import { kubectlMissing } from "./harness/kubectl.ts";
import { unless } from "../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import { flagAnswer, verbAnswer } from "../src/cli/parser/other_tools.ts";
import { leaves, nodeAt } from "../src/cli/parser/node.ts";
import { tree } from "../src/cli/tree.ts";
import { redact } from "../src/exec/redact.ts";
import { settingAt } from "../src/config/setting_key.ts";
import { providers } from "../src/model/names.ts";
import { anchorOf } from "../tools/site/page.ts";
import { CommandLines } from "./harness/command_lines.ts";
import { InstalledKodama } from "./harness/installed_kodama.ts";

const root = new URL("../", import.meta.url);

/** A runnable block of a page. */
interface Block {
  /** Line of the page, from 1. */
  line: number;
  script: string;
  output: string | undefined;
  needsKubectl: boolean;
}

function runnableBlocks(page: string): Block[] {
  const fences = [...page.matchAll(/^( *)```(.*)\n([\s\S]*?)^\1```$/gm)].map((fence) => ({
    line: page.slice(0, fence.index).split("\n").length,
    kind: fence[2],
    // A fence of a list is indented, and its lines are with it.
    text: (fence[3] ?? "").replaceAll(new RegExp(`^${fence[1]}`, "gm"), ""),
  }));
  return fences.flatMap(({ line, kind, text }, index) => {
    if (kind !== "sh run" && kind !== "sh run kubectl") return [];
    const next = fences[index + 1];
    const output = next?.kind === "text output" ? next.text : undefined;
    return [{ line, script: text, output, needsKubectl: kind.endsWith("kubectl") }];
  });
}

/** A line that leaves nothing behind in the shell that runs it, and ends where it ends. */
const independent = /^(?:kodama|kpod|kwekash|cat|echo|grep|ls|mkdir|printf|rm) (?!.*<<).*[^\\|&]$/;

/**
 * Returns the parts of a block, each of which a shell of its own can run: its lines, if none of them needs another;
 * otherwise the block. Both streams of a part become its output.
 */
function partsOf(script: string): string[] {
  const lines = script.split("\n").map((line) => line.replace(/ +# .*$/, "")).filter(Boolean);
  if (!lines.every((line) => independent.test(line))) return [`set -eu; exec 2>&1\n${script}`];
  return lines.map((line) =>
    /^kodama [^|>&;]*$/.test(line) ? `${line} 2>&1` : `exec 2>&1; ${line}`
  );
}

/** Whether `actual` is `expected`, where each `…` of it stands for any text within a line. */
function matches(actual: string, expected: string): boolean {
  const escaped = expected.trimEnd().split("…").map((text) =>
    text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
  );
  return new RegExp(`^${escaped.join(".*?")}\\s*$`).test(actual);
}

async function pages(): Promise<string[]> {
  const below = await Array.fromAsync(Deno.readDir(new URL("docs/", root)));
  const docs = below.map(({ name }) => `docs/${name}`).filter((path) => path.endsWith(".md"));
  return ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...docs.toSorted()];
}

/** Writes one world that has all of several; its path. */
async function writeWorld(kodama: InstalledKodama, names: readonly string[]): Promise<string> {
  const manifests = await Promise.all(
    names.map((name) => Deno.readTextFile(new URL(`packages/cluster/worlds/${name}.yaml`, root))),
  );
  const path = `${kodama.folder}/world.yaml`;
  await Deno.writeTextFile(path, manifests.join("---\n"));
  return path;
}

Deno.test("the documentation's commands do what it says", async (t) => {
  await using kodama = await InstalledKodama.open();
  await kodama.clusterUp(await writeWorld(kodama, ["weka", "shop"]));
  const lines = new CommandLines({
    env: { ...kodama.env, KODAMA_PROGRESS: "none" },
    cwd: kodama.workFolder,
    repeatsInProcess: true,
  });
  const noKubectl = await kubectlMissing();
  let executed = 0;
  for (const path of await pages()) {
    const blocks = runnableBlocks(await Deno.readTextFile(new URL(path, root)));
    for (const { line, script, output, needsKubectl } of blocks) {
      await t.step({
        ...unless(needsKubectl ? noKubectl : undefined, `${path}:${line}`),
        fn: async () => {
          let written = "";
          for (const part of partsOf(script)) {
            const { code, stdout, stderr } = await lines.run(part);
            written += stdout + stderr;
            assert.equal(code, 0, `${part}\n${written}`);
          }
          if (output !== undefined && !matches(written, output)) {
            assert.equal(written, output, "the page shows another output");
          }
        },
      });
      executed++;
    }
  }
  assert.ok(executed > 0, "no page has a block that is marked to be run");
});

Deno.test("every `deno task` that the documentation names exists", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  for (const path of await pages()) {
    const page = await Deno.readTextFile(new URL(path, root));
    for (const [, name] of page.matchAll(/\b(?:deno|deno@[\d.]+) task ([\w:-]+)/g)) {
      assert.ok(name !== undefined && Object.hasOwn(tasks, name), `${path}: deno task ${name}`);
    }
  }
});

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): Set<string> {
  const headings = [...page.matchAll(/^#+ (.*)$/gm)].map(([, text = ""]) => text);
  return new Set(headings.map(anchorOf));
}

Deno.test("every link of the documentation leads to a file, and to a heading of it", async () => {
  for (const path of [...await pages(), "ARCHITECTURE.md"]) {
    const page = await Deno.readTextFile(new URL(path, root));
    const text = page.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, "").replaceAll(/`[^`\n]*`/g, "");
    for (const [link, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const url = new URL(target, new URL(path, root));
      const [anchor, file] = [url.hash.slice(1), new URL(url.pathname, url)];
      const { isFile } = await Deno.stat(file).catch(() => assert.fail(`${path}: ${link}`));
      if (anchor === "" || !isFile) continue;
      const anchors = anchorsOf(await Deno.readTextFile(file));
      assert.ok(anchors.has(decodeURIComponent(anchor)), `${path}: ${link}`);
    }
  }
});

Deno.test("the names that docs/security.md lists are those of secrets", async () => {
  const page = await Deno.readTextFile(new URL("docs/security.md", root));
  const list = /the value of a name with ([^]*?) in it/.exec(page)?.[1] ?? "";
  const names = [...list.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
  assert.equal(names.length, 12);
  for (const name of names.flatMap((one) => [one, one.toUpperCase(), one.replace("_", "-")])) {
    for (const word of [`MY_${name}=hidden`.replace("__", "_"), `--my${name}=hidden`]) {
      const shown = redact([word]).args.join();
      assert.ok(!shown.includes("hidden") || name.startsWith("_"), shown);
    }
  }
  assert.deepEqual(redact(["PGPASS=shown"]).args, ["PGPASS=shown"]);
});

Deno.test("docs/README.md leads to every page of docs/", async () => {
  const index = await Deno.readTextFile(new URL("docs/README.md", root));
  for (const path of await pages()) {
    const name = path.replace(/^docs\//, "");
    if (name === path || name === "README.md") continue;
    assert.ok(index.includes(`(${name})`), `docs/README.md has no link to ${name}`);
  }
});

Deno.test("an expected output stands for itself, but for its gaps", () => {
  assert.ok(matches("a 12 ms\nb\n", "a … ms\nb\n"));
  assert.ok(!matches("a 12 ms\nc\n", "a … ms\nb\n"));
  assert.ok(!matches("a 12 ms\nx\nb\n", "a …b\n"), "a gap ends with its line");
});

Deno.test("only marked blocks are run, each with the output that follows it", () => {
  const page = "# t\n```sh run\na\n```\n\n```text output\nx\n```\n```sh\nb\n```\n" +
    "- d\n\n  ```sh run kubectl\n  c\n  ```\n";
  assert.deepEqual(runnableBlocks(page), [
    { line: 2, script: "a\n", output: "x\n", needsKubectl: false },
    { line: 14, script: "c\n", output: undefined, needsKubectl: true },
  ]);
});

/** What vibectl's own list of work names: each has to be on its page. */
const vibectlNames = {
  Commands: [
    ...[
      "just",
      "vibe",
      "get",
      "describe",
      "logs",
      "create",
      "delete",
      "scale",
      "rollout",
      "events",
    ],
    ...["cluster-info", "version", "port-forward", "wait", "apply", "patch", "edit", "diff"],
    ...["exec", "cp", "top", "explain", "annotate", "label", "auth", "cordon", "uncordon"],
    ...["drain", "api-resources", "api-versions", "get --watch", "delete --watch"],
    ...["create --watch", "apply --watch", "patch --watch", "top --watch", "config set"],
    ...["memory", "instructions", "theme", "llm models"],
  ],
  Flags: [
    ...["--yes", "--model", "--live-display", "--no-live-display", "--show-raw-output"],
    ...["--show-kubectl", "--freeze-memory", "--unfreeze-memory", "--output", "--recursive"],
    ...["-f -", "--dry-run", "--mode=auto"],
  ],
  Settings: [
    ...["model", "model_keys.anthropic", "model_key_files.anthropic", "tinyllama"],
    ...["custom_instructions", "memory_enabled", "intermediate_port_range", "log_level", "depth"],
    ...["length of lists", "lines of logs", "ratios of a budget", "sections in order of priority"],
  ],
} as const;

/** The tables of a page by their headings: the cells of each row. */
function tablesOf(page: string): Map<string, string[][]> {
  const sections = page.split(/^## /m).slice(1);
  return new Map(sections.map((section) => {
    const rows = section.split("\n").filter((line) => /^\| (?!-)/.test(line)).slice(1);
    const cells = rows.map((row) => row.split("|").slice(1, -1).map((cell) => cell.trim()));
    return [section.split("\n")[0] ?? "", cells];
  }));
}

const codeOf = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
const flagsIn = (code: string) =>
  [...code.matchAll(/--([a-z][\w-]*)/g)].map(([, name = ""]) => name);

/** Returns the flags of the command that a line without `kodama` starts with. */
async function flagsOf(line: string): Promise<Set<string>> {
  const [first = "", second = ""] = line.split(" ");
  const node = nodeAt(tree, [first]);
  const leaf = node?.kind === "branch" ? nodeAt(node, [second]) : node;
  assert.ok(leaf?.kind === "leaf", `kodama ${line}`);
  return new Set(Object.keys((await leaf.load()).command.flags));
}

Deno.test("the page for users of vibectl has all its names, and leads only to what exists", async () => {
  const page = await Deno.readTextFile(new URL("docs/coming-from-vibectl.md", root));
  const settings = await Deno.readTextFile(new URL("docs/settings.md", root));
  const keys = Object.values(providers).flatMap(({ keyVariables }) => keyVariables);
  const variables = new Set([
    ...keys.map((name) => `KODAMA_${name}`),
    ...[...settings.matchAll(/`(KODAMA_\w+)`/g)].map(([, name]) => name),
  ]);
  const tables = tablesOf(page);
  const allFlags = new Set<string>();
  for (const [, leaf] of leaves(tree)) {
    const { command: { flags } } = await leaf.load();
    for (const name of Object.keys(flags)) allFlags.add(name);
  }
  for (const [title, names] of Object.entries(vibectlNames)) {
    const old = (tables.get(title) ?? []).map(([cell = ""]) => cell).join("\n");
    for (const name of names) {
      const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
      assert.match(old, new RegExp(`(?<![\\w.-])${escaped}(?![\\w.-])`), `${title}: ${name}`);
    }
  }
  for (const [title, rows] of tables) {
    for (const [old = "", own = ""] of rows) {
      assert.ok(own !== "", old);
      for (const code of codeOf(own)) {
        const [, line] = /^(?:source <\()?kodama (.*?)\)?$/.exec(code) ?? [];
        const known = line === undefined ? allFlags : await flagsOf(line);
        for (const flag of flagsIn(code)) assert.ok(known.has(flag), `${title}: ${code}`);
        if (/^[a-z_]+\.[a-zA-Z]+$/.test(code)) await settingAt(code);
        if (/^KODAMA_\w+$/.test(code)) assert.ok(variables.has(code), code);
      }
      if (title === "Commands" && !/^`vibectl (?:memory|instructions|config) /.test(old)) {
        for (const name of codeOf(old).map((code) => code.replace(/^vibectl /, "").split(" ")[0])) {
          const isOwn = Object.hasOwn(tree.commands, name ?? "");
          assert.ok(isOwn || verbAnswer(name ?? "", []) !== undefined, `kodama ${name}`);
        }
      }
      if (title === "Flags" && !own.startsWith("kubectl's own")) {
        for (const flag of codeOf(old).flatMap(flagsIn)) {
          assert.ok(allFlags.has(flag) || flagAnswer(flag, "forward") !== undefined, `--${flag}`);
        }
      }
    }
  }
  assert.match(verbAnswer("port-forward", []) ?? "", /^kodama forward /);
  assert.match(flagAnswer("no-live-display", "forward") ?? "", /^--no-live /);
  assert.match(page, /needs no range of intermediate ports/);
});
