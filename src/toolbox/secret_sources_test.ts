/** Ways to print what a pod's spec says is from a Secret: each is refused, whatever program reads it. */
import assert from "node:assert/strict";
import { type SecretSources, sourcesIn } from "../actions/exec/secret_sources.ts";
import { KodamaError } from "../base/errors.ts";
import { isKnownReadOnly } from "../gate/commands.ts";
import { withSecretsMasked } from "./secrets.ts";
import { printsVariables } from "../actions/exec/secret_reads.ts";
import { refuseCredentials } from "./credential_commands.ts";

// A pod's files, with links to a Secret that is mounted at a path that says nothing about it.
const root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "kodama-pod-" }));
const mounted = `${root}/etc/app`;
for (const path of ["etc/app/..2026", "tmp", "srv/conf", "var/log", "links", "opt/x"]) {
  Deno.mkdirSync(`${root}/${path}`, { recursive: true });
}
Deno.writeTextFileSync(`${mounted}/..2026/dbpass`, "correct horse");
Deno.symlinkSync("..2026", `${mounted}/..data`);
Deno.symlinkSync("..data/dbpass", `${mounted}/dbpass`);
Deno.symlinkSync(`${mounted}/dbpass`, `${root}/tmp/link`);
Deno.symlinkSync("link", `${root}/tmp/again`);
Deno.symlinkSync("../../etc/app", `${root}/srv/conf/app`);
Deno.writeTextFileSync(`${root}/var/log/app.log`, "a line");
Deno.writeTextFileSync(`${root}/opt/x/pass`, "correct horse");
Deno.symlinkSync(`${mounted}/dbpass`, `${root}/links/app.log`);
Deno.symlinkSync(`${mounted}/dbpass`, `${root}/tmp/odd[name`);
Deno.symlinkSync("/proc/self/environ", `${root}/tmp/environment`);
globalThis.addEventListener("unload", () => Deno.removeSync(root, { recursive: true }));

const sources: SecretSources[] = [
  { paths: [mounted], variables: ["dbpass"], otherVariables: undefined },
  // A mount of a single key of a Secret.
  { paths: [`${root}/opt/x/pass`], variables: [], otherVariables: undefined },
];

const decoder = new TextDecoder();

/** Runs a program in the root of the pod's files. */
async function runHere([program = "", ...args]: readonly string[]) {
  try {
    const { code, stdout, stderr } = await new Deno.Command(program, {
      args,
      cwd: root,
      clearEnv: true,
      env: { PATH: "/usr/bin:/bin", LC_ALL: "C", dbpass: "correct horse" },
      stdin: "null",
    }).output();
    return { code, output: decoder.decode(stdout), error: decoder.decode(stderr) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { code: 127, output: "", error: "" };
    throw error;
  }
}

/** Decides as the tools do; the pod is this machine, and its working directory is its root. */
async function isRefused(command: readonly string[], of = sources): Promise<boolean> {
  async function* ask(before: readonly string[]) {
    const { code, output } = await runHere(before);
    yield { output, exitCode: code };
  }
  try {
    await refuseCredentials(command, { sources: of, ask }, { fromStart: false });
    return false;
  } catch (error) {
    if (error instanceof KodamaError && error.kind === "forbidden") return true;
    throw error;
  }
}

/** Returns the commands that aren't refused. */
async function allowedOf(
  commands: readonly (readonly string[])[],
  of = sources,
): Promise<(readonly string[])[]> {
  const allowed: (readonly string[])[] = [];
  for (const command of commands) if (!await isRefused(command, of)) allowed.push(command);
  return allowed;
}

/** Programs that print a file, or something of it: without asking, and after a yes. */
const programs: readonly string[] = [
  ...["cat", "head", "head -c 3", "tail", "tail -n +1", "tail -c 5", "tac", "cut -c1-", "tr a b"],
  ...["od", "od -An -c", "hexdump -C", "grep .", "grep -v x", "grep -o .", "egrep .", "fgrep r"],
  ...["cmp /dev/null", "comm /dev/null", "diff /dev/null", "md5sum", "sha256sum", "cksum", "wc -c"],
  ...["grep -f", "diff --from-file=/dev/null", "base64", "xxd", "strings", "sed -n p", "awk 1"],
  ...[
    "sort",
    "uniq",
    "nl",
    "rev",
    "fold",
    "dd",
    "tee",
    "cp",
    "tar c",
    "gzip -c",
    "openssl base64 -in",
  ],
  ...["python3 -c print", "busybox cat", "/bin/cat", "sh", "env cat", "timeout 1 cat"],
];

/** Forms of a path to the file. */
const forms: Readonly<Record<string, string>> = {
  direct: `${mounted}/dbpass`,
  "behind the folder of this version": `${mounted}/..data/dbpass`,
  "with dots": `${root}/var/../etc/./app//dbpass`,
  "a link": `${root}/tmp/link`,
  "a link to a link": `${root}/tmp/again`,
  "a linked folder": `${root}/srv/conf/app/dbpass`,
  relative: "etc/app/dbpass",
};

Deno.test("each program is refused for each path to a mounted Secret", async () => {
  const ways = programs.flatMap((program) =>
    Object.values(forms).map((path) => [...program.split(" "), path])
  );
  assert.ok(ways.length >= 300, `${ways.length} ways`);
  assert.deepEqual(await allowedOf(ways), []);
});

Deno.test("paths in flags, in lines of shell and of whole folders are refused", async () => {
  const file = `${mounted}/dbpass`;
  const refused: readonly (readonly string[])[] = [
    ["grep", `-f${file}`, "x"],
    ["grep", `--file=${file}`, "x"],
    ["grep", `--fil=${file}`, "x"],
    ["grep", "--reg=.", file],
    ["grep", "-he", ".", file],
    ["diff", `--to-file=${file}`, "/dev/null"],
    ["sh", "-c", `cat ${file}`],
    ["sh", "-c", `cat <${file}|base64`],
    ["sh", "-c", `x=$(cat "${root}/tmp/link"); echo $x`],
    ["dd", `if=${file}`],
    ["curl", "-d", `@x`, `file://${file}`],
    ["grep", "-rh", "r", mounted],
    ["grep", "-rh", "r", `${root}/etc`],
    ["grep", "-R", "r", `${root}/srv`],
    ["grep", "-hR", "r", `${root}/var/log`],
    ["grep", "--dereference-recursive", "r", `${root}/var/log`],
    // A context of lines comes before other letters, and long flags may be abbreviated.
    ["grep", "-1rh", ".", `${root}/etc`],
    ["grep", "-2R", ".", `${root}/srv`],
    ["grep", "-5e.", file],
    ["grep", "--di=recurse", ".", `${root}/etc`],
    ["grep", "--der", ".", `${root}/srv`],
    ["diff", "-r", `${root}/var`, `${root}/tmp`],
    ["tar", "c", `${root}/etc`],
    ["cp", "-r", root, "/tmp/x"],
    ["cat", "/proc/1/environ"],
    ["cat", `/proc/self/root${file}`],
    ["cat", "/proc/1/cwd/etc/app/dbpass"],
    ["head", "-c", "99", "/proc/7/fd/5"],
    ["sh", "-c", `cat ${mounted}/db*`],
    ["sh", "-c", `cat ${root}/e?c/a*/dbpass`],
    ["sh", "-c", `cat ${root}/[e]tc/{app,x}/dbpass`],
    ["cat", `${root}/tmp/odd[name`],
    ["cat", `${root}/tmp/environment`],
    ["cat", "tmp/environment"],
    ["du", `--files0-from=${file}`],
    ["du", `--files0-from=${root}/tmp/link`],
    ["find", "-files0-from", file],
    ["wc", `--files0-from=${file}`],
    ["find", mounted, "-name", "dbpass", "-exec", "cat", "{}", "+"],
    ["find", `${root}/etc`, "-type", "f", "-exec", "cat", "{}", "+"],
    ["diff", `${root}/links`, `${root}/var`],
    ["diff", "links", "var"],
    ["diff", `${root}/opt/x`, `${root}/var`],
    ["grep", "-rh", ".", `${root}/opt`],
    ["diff", `${root}/tmp/again`, "/dev/null"],
    ["ps", "auxe"],
    ["ps", "eww"],
    ["env"],
    ["printenv"],
    ["printenv", "dbpass"],
    ["printenv", "-0", "dbpass"],
  ];
  assert.deepEqual(await allowedOf(refused), []);
});

Deno.test("commands that read elsewhere, or only names, aren't refused", async () => {
  const fine: readonly (readonly string[])[] = [
    ["cat", `${root}/var/log/app.log`],
    ["grep", "-rh", ".", `${root}/var/log`],
    ["grep", "-c", "dbpass", `${root}/var/log/app.log`],
    ["grep", "a[b", `${root}/var/log/app.log`],
    ["diff", `${root}/var/log/app.log`, "/dev/null"],
    ["sh", "-c", `ls ${root}/var/*/app.log`],
    ["du", "-s", `${root}/etc`],
    ["find", `${root}/etc`, "-type", "f"],
    ["ls", "-l", mounted],
    ["find", mounted, "-name", "x"],
    ["stat", `${mounted}/dbpass`],
    ["ps", "-ef"],
    ["printenv", "HOME"],
    ["hostname"],
  ];
  assert.deepEqual(await allowedOf(fine), fine);
});

Deno.test("`printsVariables()` knows only the names that a spec gives, if it takes all of a Secret", () => {
  const all: SecretSources[] = [{ paths: [], variables: [], otherVariables: ["MODE"] }];
  const prints = (...command: string[]) => printsVariables(command, all);
  assert.deepEqual(
    [prints("env"), prints("printenv"), prints("printenv", "GREETING")],
    [true, true, true],
  );
  assert.deepEqual([prints("printenv", "MODE"), prints("printenv", "PATH")], [false, false]);
  assert.equal(
    printsVariables(["env"], [{ paths: [], variables: [], otherVariables: undefined }]),
    false,
  );
});

Deno.test("`sourcesIn()` finds the secret volumes and variables of a container", () => {
  const mount = (name: string) => ({ name, mountPath: `/m/${name}` });
  const volumes = [
    { name: "secret", secret: { secretName: "a" } },
    { name: "token", projected: { sources: [{ serviceAccountToken: { path: "token" } }] } },
    { name: "mixed", projected: { sources: [{ configMap: {} }, { secret: { name: "a" } }] } },
    { name: "store", csi: { driver: "secrets-store.csi.k8s.io" } },
    { name: "other-store", csi: { driver: "x", nodePublishSecretRef: { name: "a" } } },
    { name: "config", configMap: { name: "a" } },
    { name: "labels", projected: { sources: [{ downwardAPI: {} }] } },
    { name: "disk", csi: { driver: "ebs.csi.aws.com" } },
    { name: "empty", emptyDir: {} },
  ];
  const container = {
    name: "app",
    volumeMounts: volumes.map(({ name }) => mount(name)),
    env: [
      { name: "PASS", valueFrom: { secretKeyRef: { name: "a", key: "b" } } },
      { name: "MODE", value: "x" },
    ],
  };
  const more = { name: "side", envFrom: [{ prefix: "A_", secretRef: { name: "a" } }] };
  const early = {
    name: "early",
    volumeMounts: [{ name: "secret", mountPath: "/e/", subPath: "x" }],
  };
  const pod = { spec: { containers: [container, more], initContainers: [early], volumes } };
  assert.deepEqual(sourcesIn(pod, { container: "app" }), {
    paths: ["/m/secret", "/m/token", "/m/mixed", "/m/store", "/m/other-store"],
    variables: ["PASS"],
    otherVariables: undefined,
  });
  assert.deepEqual(sourcesIn(pod, { container: "side" }).otherVariables, []);
  assert.deepEqual(sourcesIn(pod, { container: "early" }).paths, ["/e"]);
});

/** Values that nothing but their files, or their form, says are secret. */
const body = "Tm90aGluZ1RvU2VlSGVyZTEyMzQ1Njc4OTBhYmNkZWY";
const token = `eyJhbGciOiJSUzI1NiIsImtpZCI6IiJ9.${body}.${body.slice(3, 40)}`;
const key = `-----BEGIN EC PRIVATE KEY-----\n${body}\n${
  body.slice(20)
}\n-----END EC PRIVATE KEY-----\n`;
for (const [path, text] of Object.entries({ "srv/a": token, "srv/b": key, "srv/c/d": token })) {
  Deno.mkdirSync(`${root}/${path.slice(0, path.lastIndexOf("/"))}`, { recursive: true });
  Deno.writeTextFileSync(`${root}/${path}`, text);
}
Deno.symlinkSync("../srv/b", `${root}/tmp/key`);

/** Returns whether a text has a part of a secret: as it is, apart by blanks, or as numbers of its bytes. */
function leaks(text: string): boolean {
  const octal = (byte: number) => byte.toString(8).padStart(3, "0");
  const hex = (byte: number) => byte.toString(16).padStart(2, "0");
  const forms = [body, "correct horse"].flatMap((secret) =>
    Array.from({ length: secret.length - 7 }, (_, at) => secret.slice(at, at + 8)).flatMap(
      (piece) => {
        const bytes = [...new TextEncoder().encode(piece)];
        const words = bytes.map((byte, at) => (bytes[at + 1] ?? 0) * 256 + byte);
        const pairs = words.filter((_, at) => at % 2 === 0);
        return [
          piece.replaceAll(" ", ""),
          bytes.map(octal).join(""),
          bytes.map(hex).join(""),
          pairs.map((word) => word.toString(8).padStart(6, "0")).join(""),
          pairs.map((word) => word.toString(16).padStart(4, "0")).join(""),
        ];
      },
    )
  );
  const close = text.replaceAll(/\s/g, "");
  const withoutOffsets = text.replaceAll(/^[0-9a-f]{6,8}/gm, "").replaceAll(/\s/g, "");
  return forms.some((form) => close.includes(form) || withoutOffsets.includes(form));
}

Deno.test("`leaks()` finds pieces, numbers and letters apart", async () => {
  for (
    const line of ["od", "od -c", "od -x", "od -An -tx1", "hexdump -C", "cut -c9-30", "grep -o ."]
  ) {
    const { output, code } = await runHere([...line.split(" "), "srv/b"]);
    if (code !== 127) assert.ok(leaks(output), `${line}: ${output}`);
  }
  assert.equal(leaks(withSecretsMasked(token)), false);
});

/** Flags by which programs print parts, other forms, or lists of names; FILE is replaced by the path. */
const flagsOf: Readonly<Record<string, readonly string[]>> = {
  cat: ["-A", "-n", "-b", "-s", "-v"],
  cmp: ["-l", "-b", "-lb", "-i1"],
  comm: ["-23", "--nocheck-order", "--output-delimiter=FILE"],
  cut: ["-c3-", "-c1-4", "-b2-", "-d.-f2", "-f1", "--complement -c1"],
  diff: [
    "-y",
    "-u",
    "-c",
    "-n",
    "-e",
    "--to-file=FILE",
    "--from-file=FILE",
    "-r",
    "-N",
    "--label=FILE",
  ],
  du: ["--files0-from=FILE", "-a", "-X FILE", "--exclude-from=FILE"],
  find: ["-files0-from FILE", "-printf %f", "-newer FILE", "-samefile FILE", "-lname *"],
  grep: [
    "-v x",
    "-o .",
    "-c .",
    "-b .",
    "-n .",
    "-f FILE",
    "-e .",
    "-a .",
    "-rh .",
    "-Rh .",
    "-z .",
    "-L .",
    "--fil=FILE",
    "--reg=.",
  ],
  head: ["-c5", "-n1", "-c-5", "-n-1", "-q", "-v", "-z"],
  hexdump: ["-C", "-c", "-b", "-o", "-d", "-x", '-e "%c"'],
  last: ["-f FILE", "-F -f FILE"],
  ls: ["-l", "-R", "-L", "--dired", "-I FILE"],
  md5sum: ["-c", "--check -w", "-b", "-z"],
  od: ["-c", "-x", "-An -c", "-tx1", "-a", "-tu1", "-b", "-d", "-S3", "-w1"],
  printf: ["%s", "%q"],
  readlink: ["-f", "-e", "-m"],
  realpath: ["-s", "--relative-to=FILE"],
  stat: ["-L", "-c %n", "-f", "-t"],
  sha256sum: ["-c", "--check --warn"],
  tac: ["-s.", "-b", "-r -s [a-z]"],
  tail: ["-n+2", "-c+4", "-c10", "-n1", "-q", "-v", "-z", "-c-9"],
  tr: ["a b", "-d x"],
  uname: ["-a"],
  wc: ["-c", "-l", "-m", "-L", "--files0-from=FILE"],
  who: ["", "-a"],
};

Deno.test("no way of a program that only reads prints a secret", async () => {
  const files = ["etc/app/dbpass", "srv/a", "srv/b", "tmp/key", "srv", "tmp/link"];
  const names = new Set([...Deno.readDirSync("/usr/bin")].map(({ name }) => name));
  const readers = [...names].filter((name) =>
    isKnownReadOnly([name, "x"]) || isKnownReadOnly([name])
  );
  assert.ok(readers.length > 30, readers.join(" "));
  const ways = readers.toSorted().flatMap((program) =>
    ["", ...flagsOf[program] ?? ["-a", "-n", "-c"]].flatMap((flags) =>
      files.flatMap((file) => {
        const words = flags.split(" ").filter((word) => word !== "");
        const given = words.map((word) => word.replace("FILE", file));
        return [[program, ...given, ...flags.includes("FILE") ? [] : [file]]];
      })
    )
  ).filter((command) => isKnownReadOnly(command));
  assert.ok(ways.length >= 300, `${ways.length} ways`);
  const found: string[] = [];
  let ran = 0;
  const waiting = [...ways];
  await Promise.all(Array.from({ length: 8 }, async () => {
    for (let command = waiting.pop(); command !== undefined; command = waiting.pop()) {
      if (await isRefused(command)) continue;
      ran++;
      const { output, error } = await runHere(["timeout", "5", ...command]);
      if (leaks(withSecretsMasked(output + error))) found.push(command.join(" "));
    }
  }));
  assert.deepEqual(found, []);
  assert.ok(ran > 100, `${ran} of ${ways.length} ran`);
});
