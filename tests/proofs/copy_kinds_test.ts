/**
 * Copies of sources and to destinations of every kind, into a pod, from one and between two: what is called ok is there
 * whole, and what isn't leaves the destination as it was.
 */
import assert from "node:assert/strict";
import { runCommand } from "../harness/command.ts";
import { startTestCluster, type TestCluster } from "../harness/embedded_cluster.ts";
import { KodamaInProcess } from "../harness/kodama_in_process.ts";

/** A copy of `s/x` to `d/x`, unless other paths are named. */
interface Kind {
  /** Makes `s/x`, as a line of sh in the folder that has both. */
  source?: string;
  /** Makes `d/x`, in the same way. */
  destination?: string;
  from?: string;
  to?: string;
  /** Whether it has to be ok, where that is certain. */
  ok?: boolean;
}

const text = "echo text >s/x";
const long = "n".repeat(255);

/** By their names. Each line of a shell is run as root, or as the user who runs the tests. */
const kinds: Readonly<Record<string, Kind>> = {
  "a file": { source: text, ok: true },
  "an empty file": { source: ": >s/x", ok: true },
  "an empty folder": { source: "mkdir s/x", ok: true },
  "nothing": { ok: false },
  "nothing, over a file": { destination: "echo old >d/x", ok: false },
  "a file over a file": { source: text, destination: "echo old >d/x", ok: true },
  "a file over a read-only file": {
    source: text,
    destination: "echo old >d/x; chmod 444 d/x",
    ok: true,
  },
  "a file over a folder": { source: text, destination: "mkdir -p d/x; echo old >d/x/old" },
  "a file over a folder with a folder of its name": {
    source: text,
    destination: "mkdir -p d/x/x; echo old >d/x/x/old",
    ok: false,
  },
  "a folder over a file": { source: "mkdir s/x; echo a >s/x/a", destination: "echo old >d/x" },
  "a folder over a folder": {
    source: "mkdir s/x; echo a >s/x/a",
    destination: "mkdir d/x; echo old >d/x/old",
  },
  "a folder without a slash": { source: "mkdir s/x; echo a >s/x/a", to: "d/new", ok: true },
  "a file as a folder": { source: text, from: "s/x/", ok: false },
  "a file into a folder that isn't there": { source: text, to: "d/none/x" },
  "a file into a file": { source: text, destination: "echo old >d/f", to: "d/f/x", ok: false },
  "a file to a path with a slash": { source: text, to: "d/none/" },
  "a file over a link to a file": {
    source: text,
    destination: "echo old >d/t; ln -s t d/x",
    ok: true,
  },
  "a file over a link to a folder": { source: text, destination: "mkdir d/t; ln -s t d/x" },
  "a file over a link to nothing": { source: text, destination: "ln -s none d/x" },
  "a file over a link to itself": { source: text, destination: "ln -s x d/x" },
  "a folder over a link to a folder": {
    source: "mkdir s/x; echo a >s/x/a",
    destination: "mkdir d/t; ln -s t d/x",
  },
  "a file over a pipe": { source: text, destination: "mkfifo d/x" },
  "a folder over a pipe": { source: "mkdir s/x; echo a >s/x/a", destination: "mkfifo d/x" },
  "a file into a folder that can't be written": {
    source: text,
    destination: "chmod 555 d; touch d/as-root 2>/dev/null && rm d/as-root",
  },
  "a pipe": { source: "mkfifo s/x", ok: false },
  "a folder with a pipe": { source: "mkdir s/x; mkfifo s/x/p; echo a >s/x/a" },
  "a file that can't be read": { source: `${text}; chmod 0 s/x` },
  "a folder with a file that can't be read": {
    source: "mkdir s/x; echo a >s/x/a; echo b >s/x/b; chmod 0 s/x/a",
  },
  "a folder that can't be listed": { source: "mkdir s/x; echo a >s/x/a; chmod 0 s/x" },
  "a folder with a folder that can't be listed": {
    source: "mkdir -p s/x/y; echo a >s/x/a; echo b >s/x/y/b; chmod 0 s/x/y",
  },
  "a folder with a folder that can't be entered": {
    source: "mkdir -p s/x/y; echo a >s/x/a; echo b >s/x/y/b; chmod 444 s/x/y",
  },
  "a link to nothing": { source: "ln -s none s/x" },
  "a link to itself": { source: "ln -s x s/x" },
  "a link to a file": { source: "echo text >s/t; ln -s t s/x", ok: true },
  "a link to a folder": { source: "mkdir s/t; echo a >s/t/a; ln -s t s/x" },
  "a folder with links": {
    source: "mkdir s/x; echo a >s/x/a; ln -s a s/x/l; ln -s none s/x/n; ln -s m s/x/m",
    ok: true,
  },
  "a folder with a link to its parent": { source: "mkdir s/x; ln -s .. s/x/up; echo a >s/x/a" },
  "a folder with two names of a file": {
    source: "mkdir s/x; echo a >s/x/a; ln s/x/a s/x/b",
    ok: true,
  },
  "a sparse file": { source: "dd if=/dev/zero of=s/x bs=1 count=1 seek=3000000 2>&-", ok: true },
  "a file of the kernel, without a size": { from: "/proc/version" },
  "a name with a line break": { source: 'echo a >"s/a\nb"', from: "s/a\nb", to: "d/a\nb" },
  "a name with quotes and blanks": {
    source: `echo a >"s/a '\\"b"`,
    from: `s/a '"b`,
    to: `d/a '"b`,
  },
  "a name like a flag": { source: "mkdir s/x; echo a >s/x/-rf; echo b >'s/x/--help'", ok: true },
  "a name of 255 bytes": { source: `echo a >s/${long}`, from: `s/${long}`, to: `d/${long}` },
  "a folder with a name of 255 bytes": { source: `mkdir s/x; echo a >s/x/${long}`, ok: true },
  "a folder with a name that isn't UTF-8": {
    source: `mkdir s/x; echo a >"s/x/$(printf 'b\\377')"`,
  },
  "a folder 60 deep": {
    source:
      "p=s/x; for n in $(seq 60); do p=$p/a-longer-name-of-$n; done; mkdir -p $p; echo a >$p/a",
  },
  "a folder of 300 files": {
    source: "mkdir s/x; for n in $(seq 300); do echo $n >s/x/$n; done",
    ok: true,
  },
  "modes": {
    source: "mkdir s/x; echo a >s/x/a; chmod 755 s/x/a; echo b >s/x/b; chmod 400 s/x/b",
    ok: true,
  },
};

/** Prints each file below the named paths: kind, checksum or target, and its path in hexadecimal digits. */
const listing =
  `find "$@" -exec sh -c 'for f; do if [ -L "$f" ]; then t="link $(readlink "$f")"; ` +
  `elif [ -d "$f" ]; then t=folder; ` +
  `elif [ -f "$f" ]; then t="file $(sha256sum <"$f" 2>/dev/null || echo unreadable)"; ` +
  `else t=other; fi; ` +
  `echo "$t: $(printf %s "$f" | od -An -v -tx1 | tr -d " \\n")"; done' sh {} + 2>/dev/null | sort`;

/** A side of a copy: this machine, or a pod. */
interface Side {
  /** The path of its folder, as an operand of `cp`. */
  operand(path: string): string;
  sh(line: string): Promise<string>;
}

/** A file of a listing: what it is, and its path in hexadecimal digits. */
interface Listed {
  what: string;
  path: string;
}

/** Copies all kinds in one direction; returns what is wrong, by kind. */
async function faultsOf(
  kodama: KodamaInProcess,
  [one, other]: readonly [Side, Side],
): Promise<Record<string, string>> {
  const all = Object.entries(kinds).map(([name, kind], at) => ({ name, kind, folder: `k${at}` }));
  const prepare = (side: Side, lineOf: (kind: Kind) => string | undefined) =>
    side.sh(
      all.map(({ kind, folder }) =>
        `mkdir -p ${folder}/s ${folder}/d; cd ${folder}\n${lineOf(kind) ?? ""}\ncd ..`
      ).join("\n"),
    );
  await prepare(one, ({ source }) => source);
  await prepare(other, ({ destination }) => destination);
  const list = async (side: Side, paths: string) =>
    listed(await side.sh(`set -- ${paths}; ${listing}`));
  const sources = await list(one, "k*/s /proc/version");
  const before = await list(other, "k*/d");
  const ends = new Map<string, { code: number; stderr: string }>();
  for (const { name, kind: { from = "s/x", to = "d/x" }, folder } of all) {
    const source = from.startsWith("/") ? from : `${folder}/${from}`;
    ends.set(name, await kodama.run(["cp", one.operand(source), other.operand(`${folder}/${to}`)]));
  }
  const after = await list(other, "k*/d");
  await one.sh("chmod -R u+rwx .");
  await other.sh("chmod -R u+rwx .");
  return Object.fromEntries(all.flatMap(({ name, kind, folder }) => {
    const end = ends.get(name) ?? assert.fail();
    const fault = faultOf(kind, { folder, sources, before, after, ...end });
    return fault === undefined ? [] : [[name, fault]];
  }));
}

/** A copy that has ended, with both sides. */
interface Ended {
  folder: string;
  sources: readonly Listed[];
  before: readonly Listed[];
  after: readonly Listed[];
  code: number;
  stderr: string;
}

function faultOf(
  { from = "s/x", to = "d/x", ok }: Kind,
  { folder, sources, before, after, code, stderr }: Ended,
): string | undefined {
  if (ok !== undefined && ok !== (code === 0)) return `code ${code}: ${stderr}`;
  const [had, has] = [before, after].map((all) => below(all, `${folder}/d`));
  const shown = `${stderr}${has?.join("\n")}`;
  const sent = below(sources, from.startsWith("/") ? from : `${folder}/${from}`);
  if (code !== 0) {
    // As with cp and tar, the rest of a folder arrives, and each path that can't be read is named.
    const isPart = /: Permission denied/.test(stderr) &&
      below(after, `${folder}/${to}`).every((line) => sent.includes(line));
    return isPart || had?.join() === has?.join() ? undefined : `changed: ${shown}`;
  }
  // Such names are named, and others on this machine.
  if (stderr.includes("aren't UTF-8")) return undefined;
  const target = /^link (.*): $/.exec(sent[0] ?? "")?.[1];
  const followed = target === undefined ? [] : below(sources, `${folder}/s/${target}`);
  const base = from.split("/").at(-1);
  const isWhole = [to, `d/t/${base}`, `${to.replace(/\/$/, "")}/${base}`].some((place) => {
    const arrived = new Set(below(after, `${folder}/${place}`));
    return [sent, followed].some((all) =>
      all.length > 0 && all.every((line) => arrived.has(line) || isReported(line, stderr))
    );
  });
  if (!isWhole) return `ok, but incomplete: ${sent.join(", ")} became ${shown}`;
  // On this machine, the folder is made that the destination is in.
  const most = Math.max(sent.length, followed.length) + (to.includes("none") ? 1 : 0);
  return (has?.length ?? 0) - (had?.length ?? 0) <= most ? undefined : `left beside it: ${shown}`;
}

function listed(text: string): Listed[] {
  return text.split("\n").flatMap((line) => {
    const [, what = "", path = ""] = /^(.*): ([0-9a-f]+)$/.exec(line) ?? [];
    return path === "" ? [] : [{ what, path }];
  });
}

/** Returns a text for each file of a path or below it, with its path from there. */
function below(all: readonly Listed[], path: string): string[] {
  const root = hex(path);
  return all.flatMap(({ what, path }) => {
    const rest = path.slice(root.length);
    return path.startsWith(root) && (rest === "" || rest.startsWith("2f"))
      ? [`${what}: ${rest}`]
      : [];
  });
}

/** Pipes and devices aren't copied, and are named. */
function isReported(line: string, stderr: string): boolean {
  return line.startsWith("other: ") && stderr !== "";
}

const hex = (text: string) => new TextEncoder().encode(text).toHex();

async function sidesOf(cluster: TestCluster, kodama: KodamaInProcess) {
  const copies = `${cluster.folder}/copies`;
  await Deno.mkdir(copies);
  const machine: Side = {
    operand: (path) => path.startsWith("/") ? path : `${copies}/${path}`,
    async sh(line) {
      const { stdout } = await runCommand(["sh", "-c", line], { env: cluster.env, cwd: copies });
      return stdout;
    },
  };
  const [first, second] = ["weka-drive-0", "weka-drive-1"].map((pod): Side => ({
    operand: (path) =>
      `weka-operator-system/${pod}:${path.startsWith("/") ? path : `/tmp/copies/${path}`}`,
    async sh(line) {
      const words = ["exec", pod, "-n", "weka-operator-system", "--shell", "--yes", "-o", "json"];
      const script = `mkdir -p /tmp/copies; cd /tmp/copies; ${line}`;
      const { stdout, stderr } = await kodama.run([...words, "--", script]);
      const [end] = JSON.parse(stdout || "[]");
      assert.ok(end !== undefined, stderr);
      return end.stdout;
    },
  }));
  assert.ok(first !== undefined && second !== undefined);
  return { machine, first, second };
}

for (const direction of ["into a pod", "from a pod", "between pods"] as const) {
  Deno.test(`copies of ${Object.keys(kinds).length} kinds ${direction} are whole, or change nothing`, async () => {
    await using cluster = await startTestCluster("weka:computes=0,clients=0");
    const kodama = new KodamaInProcess(cluster.env);
    const { machine, first, second } = await sidesOf(cluster, kodama);
    const sides = {
      "into a pod": [machine, first],
      "from a pod": [first, machine],
      "between pods": [first, second],
    } as const;
    assert.deepEqual(await faultsOf(kodama, sides[direction]), {});
  });
}
