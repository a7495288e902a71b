/**
 * Every command of the program in a repository of an attacker, as a user with files, secrets and a cluster: nothing is
 * changed, started, read or sent beyond what the command line itself names. The commands come from the tree, so that a
 * new one is among them, and may do nothing until a row of `effects` says what it is for.
 */
import assert from "node:assert/strict";
import { absolutePath } from "../../src/base/absolute_path.ts";
import { noneOf, unless } from "../../src/base/testing/unless.ts";
import { writeProgram } from "../../src/base/testing/program_file.ts";
import type { Command } from "../../src/cli/parser/command.ts";
import { leaves } from "../../src/cli/parser/node.ts";
import { tree } from "../../src/cli/tree.ts";
import type { AuditEvent } from "../../packages/cluster/api/testing/audit.ts";
import type { Pod } from "../../src/kube/types.ts";
import { podProblems } from "../../src/session/manifests/pod_standard.ts";
import { interruptedExitCode } from "../../src/terminal/driver/signals.ts";
import { filePath } from "../../src/files/file_path.ts";
import type { AuditedLine, AuditedResult, AuditRequest } from "../harness/audited_commands.ts";
import { type AuditLine, changeName, isTrial, mayChange } from "../harness/audit_events.ts";
import { runCommand } from "../harness/command.ts";
import { startTestCluster } from "../harness/embedded_cluster.ts";
import { type HostileRepository, plantRepository } from "../harness/hostile_repository.ts";
import { kubectlMissing } from "../harness/kubectl.ts";
import { KodamaInProcess } from "../harness/kodama_in_process.ts";
import { SecretHunt } from "../harness/secret_search.ts";

/** What the user has, and what no one else may get. */
const secrets = {
  netrc: "N3tRcPassw0rd-of-the-user",
  sshKey: "b3BlbnNzaC1rZXkt-of-the-user",
  variable: "V4r1able-of-the-user",
};

/** Operands by their name in help. A name without values fails the test. */
const operands: Readonly<Record<string, readonly string[]>> = {
  "POD|KIND/NAME": ["web-0"],
  "POD|KIND/NAME|PORT": ["web-0"],
  "SESSION|pod/POD": ["work", "pod/web-0"],
  "KIND/NAME|KIND": ["pod/web-0"],
  "KIND|KIND/NAME": ["pods"],
  "POD:PATH": ["web-0:/tmp/x"],
  KIND: ["pods"],
  WORKFLOW: [
    ..."evil kwekash hello disk-usage fetch script script-file script-outside".split(" "),
    ..."environment secrets raw token dns uses copy apply parameter linked deep".split(" "),
    ..."huge laughs tag prototype ./workflows/evil.yaml ./workflows/-rf".split(" "),
    "./workflows/names/\u001b]0;title\u0007.yaml",
    "$(sh evil)",
  ],
  SRC: ["workflows/evil.ts", "-evil"],
  DEST: [":/tmp/x"],
  LOCAL: [".", "home", "root"],
  FILE: ["plugin.wasm", "workflows/evil.test.yaml", "-rf"],
  "FILE|KEY": ["plugin.wasm", "x"],
  FOLDER: ["project", "home"],
  NAME: ["work", "evil", "linked", "big"],
  NEW: ["other"],
  "SNAPSHOT|FILE": ["plugin.wasm", "bare"],
  SNAPSHOT: ["evil"],
  RUN: ["last"],
  SYNC: [".", "evil"],
  IMAGE: ["evil.example/x"],
  SHELL: ["bash"],
  PROGRAM: ["claude-code", "vscode"],
  MODEL: ["openai/x"],
  KEY: ["exec.fanout", "defaults.containers"],
  VALUE: ["3"],
  TEXT: ["a text"],
  QUESTION: ["what is here?"],
  PROMPT: ["do it"],
  REQUEST: ["1"],
  VERB: ["get", "apply", "delete", "diff"],
  COMMAND: ["start"],
};

/** Values of flags by their placeholder, one after the other; flags with other placeholders name no file. */
const flagValues: Readonly<Record<string, readonly string[]>> = {
  FILE: [
    ..."kubeconfig kubeconfig.shell kubeconfig.gcp .kube/config .env".split(" "),
    ..."plugin.wasm .devcontainer/build/devcontainer.json workflows/deep.yaml evil".split(" "),
  ],
  DIR: ["project"],
  FOLDER: ["project"],
  PATH: [".", "project"],
  NAME: ["evil", "linked"],
  URL: [".", "ext::sh -c evil", "--upload-pack=./evil"],
};

/** Args of a command beside its operands. */
const trailing: Readonly<Record<string, readonly string[]>> = {
  exec: ["--", "cat", "/etc/hostname"],
};

/** What a command is for, if it is more than reading the cluster and writing records below kodama's own folder. */
interface Effects {
  /** Paths that it changes: below the user's home folder, or in the repository. */
  files?: RegExp;
  /** What it changes in the cluster, such as `create pods`. */
  cluster?: RegExp;
  /** Its marks: programs on PATH that it is to start. */
  programs?: RegExp;
}

const inPod = /^get pods\/(?:web-0|kodama-[\w-]+)\/exec$/;

/** The objects of sessions, and kodama's own copy of their state. */
const sessions: Effects = {
  files: /^home\/\.kodama\/sessions(?:\/\w+\.yaml)?$/,
  cluster:
    /^(?:get pods\/kodama-[\w-]+\/exec|(?:create|update|delete|patch) (?:pods|configmaps|secrets|persistentvolumeclaims|networkpolicies|volumesnapshots)(?:\/[\w-]*)?)$/,
};

/** The effects of commands by the first words of their path. */
const effects: Readonly<Record<string, Effects>> = {
  exec: { cluster: inPod, files: /^repo\/project\/web-0\.std(?:out|err)$/ },
  "runs rerun": { cluster: inPod },
  shell: { cluster: inPod, files: /^home\/\.kodama\/shell-owner$|^repo\/project\// },
  cp: { cluster: inPod, files: /^repo\/project\// },
  logs: { files: /^repo\/project\// },
  forward: { cluster: /^get pods\/web-0\/portforward$/, files: /^repo\/project\// },
  attach: { cluster: inPod, files: /^home\/\.kodama\/shell-owner$/ },
  get: { cluster: inPod },
  start: { ...sessions, files: /^home\/\.kodama\/(?:sessions|sync)(?:\/|$)/ },
  metrics: { cluster: inPod },
  stop: sessions,
  resume: { ...sessions, files: /^home\/\.kodama\/(?:sessions|sync)(?:\/|$)/ },
  clone: sessions,
  snapshot: sessions,
  "ssh-config": { files: /^home\/\.kodama\/ssh(?:\/|$)/, cluster: inPod },
  open: { files: /^home\/\.kodama\/ssh(?:\/|$)/, cluster: inPod, programs: /^program-code$/ },
  prompt: { cluster: inPod },
  interrupt: { cluster: inPod },
  // The files of a stopped session are read by a pod.
  agent: { cluster: /^(?:get pods\/[\w-]+\/exec|(?:create|delete) pods(?:\/kodama-files-work)?)$/ },
  "config set": { files: /^home\/\.kodama\/(?:config\.yaml|\.lock)$/ },
  "config unset": { files: /^home\/\.kodama\/(?:config\.yaml|\.lock)$/ },
  memory: { files: /^home\/\.kodama\/memory(?:\/|$)/ },
  instructions: { files: /^home\/\.kodama\/instructions\.md$/ },
  "mcp install": { files: /^home\/(?:\.claude\.json|\.config(?:\/Code.*)?)$/ },
  ask: { files: /^home\/\.kodama\/model-calls(?:\/|$)/ },
  "workflow new": { files: /^repo\/workflows\/\w+\.yaml$/ },
  "plugin new": { files: /^repo\/\w+(?:\/|$)/ },
  "plugin build": { programs: /^program-np[mx]$/ },
  "image build": { programs: /^program-(?:buildah|podman|docker)$/ },
  "image check": { cluster: /^(?:create|delete) pods(?:\/kodama-image-check-\w+)?$/ },
  "cluster up": { files: /\/?(?:cluster|cluster\.log|start\.lock)$/ },
  "sync start": { files: /^home\/\.kodama\/sync(?:\/|$)/, cluster: inPod },
};

/** Records of kodama, and caches of other programs. */
const records = /^home\/\.kodama\/(?:runs|log)(?:\/|$)|^home\/\.kube\/cache(?:\/|$)/;

/** How much of the program a test runs, and how. */
interface LineChoice {
  flags: boolean;
  /** Whether there is a terminal, at which everything is declined. */
  terminal: boolean;
  /** Whether each command that has the flag gets `--yes`: a yes to changes, and to no code of the repository. */
  yes?: true;
  /** Every second command, from this one on; all of them if it is absent. */
  half?: 0 | 1;
}

/** Returns lines of all commands: for each value of their operands, or of their flags. */
async function commandLines(
  cwd: string,
  { flags, terminal, yes, half }: LineChoice,
): Promise<{ line: AuditedLine; path: string }[]> {
  const lines: { line: AuditedLine; path: string }[] = [];
  let count = 0;
  for (const [at, [words, leaf]] of [...leaves(tree)].entries()) {
    if (half !== undefined && at % 2 !== half) continue;
    const path = words.join(" ");
    const { command } = await leaf.load();
    const add = (args: readonly string[]) => {
      const all = [...words, ...(yes ? ["--yes"] : []), ...args, ...trailing[path] ?? []];
      const keys = "n\r".repeat(9) + "\u0003";
      lines.push({ path, line: { args: all, cwd, ...(terminal ? { keys } : {}) } });
    };
    if (yes && command.flags["yes"] === undefined) continue;
    const variants = operandsOf(path, command);
    if (!flags) variants.forEach(add);
    else {
      for (const [name, { takesValue, placeholder = "" }] of Object.entries(command.flags)) {
        const values = flagValues[placeholder] ?? [];
        const value = values[count++ % values.length];
        if (takesValue && value !== undefined) add([`--${name}=${value}`, ...variants[0] ?? []]);
      }
    }
  }
  return lines;
}

/** Returns the operands of a command, until all values of all were used; the last of each is repeated. */
function operandsOf(path: string, command: Command): string[][] {
  const all = (command.operands ?? []).map(({ name }) => {
    const values = operands[name];
    assert.ok(values, `${path}: this test has no values of ${name}`);
    return values;
  });
  const count = Math.max(1, ...all.map((values) => values.length));
  return Array.from(
    { length: count },
    (_, at) => all.map((values) => values[at] ?? values.at(-1) ?? ""),
  );
}

/** A user, a cluster, and the repository. */
class Scene implements AsyncDisposable {
  private constructor(
    readonly folder: string,
    readonly env: Readonly<Record<string, string>>,
    readonly repository: HostileRepository,
    readonly audit: readonly AuditEvent[],
    /** Requests to servers that only the repository names. */
    readonly requests: readonly string[],
    private readonly owned: AsyncDisposableStack,
  ) {}

  static async open(): Promise<Scene> {
    await using stack = new AsyncDisposableStack();
    const audit: AuditEvent[] = [];
    const cluster = stack.use(
      await startTestCluster("empty", { audit: (event) => void audit.push(event) }),
    );
    const { folder } = cluster;
    const [home, bin, marks] = [`${folder}/home`, `${folder}/bin`, `${folder}/marks`];
    for (const path of [bin, marks, `${home}/.ssh`, `${home}/.kodama`]) {
      Deno.mkdirSync(path, { recursive: true });
    }
    Deno.writeTextFileSync(`${home}/.netrc`, `machine a password ${secrets.netrc}\n`);
    Deno.writeTextFileSync(`${home}/.ssh/id_ed25519`, `${secrets.sshKey}\n`);
    Deno.writeTextFileSync(`${home}/notes.txt`, "notes\n");
    Deno.writeTextFileSync(`${home}/.gitconfig`, "[user]\n\tname = me\n\temail = me@example.com\n");
    Deno.copyFileSync(cluster.kubeconfig, `${home}/kubeconfig`);
    const requests: string[] = [];
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
      requests.push(`${request.method} ${request.url}`);
      return new Response("", { status: 404 });
    });
    stack.defer(() => server.shutdown());
    for (const name of ["docker", "podman", "buildah", "npm", "npx", "cargo", "code", "claude"]) {
      await writeProgram(`${bin}/${name}`, `#!/bin/sh\necho x >> '${marks}/program-${name}'\n`);
    }
    await writeProgram(`${bin}/launcher`, "#!/bin/sh\nexit 1\n");
    const env = {
      ...cluster.env,
      PATH: `${bin}:/usr/bin:/bin`,
      KODAMA_IMAGE: "kodama-session",
      KODAMA_LAUNCHER: `${bin}/launcher`,
      DB_PASSWORD: secrets.variable,
    };
    // The user's own session, which isn't from the repository.
    const kodama = new KodamaInProcess(env);
    await kodama.succeed(["start", "work", "--no-sync"], { cwd: home });
    const pod = ["run", "web-0", "--image=debian:12", "--", "sleep", "1000000"];
    assert.equal((await runCommand(["kubectl", ...pod], { env })).code, 0);
    await kodama.succeed(["wait", "pod/web-0"]);
    const repository = await plantRepository({
      parent: `${folder}/parent`,
      marks,
      home,
      server: `http://127.0.0.1:${server.addr.port}`,
    });
    return new Scene(folder, env, repository, audit, requests, stack.move());
  }

  /** Runs command lines in a process that has the permissions of kodama. */
  async run(
    lines: readonly AuditedLine[],
    { before = [] }: { before?: readonly string[] } = {},
  ): Promise<AuditedResult[]> {
    const { folder, env } = this;
    const results = `${folder}/results`;
    const request: AuditRequest = {
      lines,
      env,
      folders: [`${folder}/home`, `${folder}/parent`, `${folder}/marks`],
      limitMs: 500,
      results,
    };
    Deno.writeTextFileSync(`${folder}/request`, JSON.stringify(request));
    Deno.writeTextFileSync(results, "");
    const root = filePath(new URL("../../", import.meta.url));
    const info = await runCommand([Deno.execPath(), "info", "--json"], {
      env: Deno.env.toObject(),
    });
    const { denoDir } = JSON.parse(info.stdout) as { denoDir: string };
    const ended = await runCommand([
      ...before,
      ...[Deno.execPath(), "run", "--quiet", "--no-check", "--no-prompt"],
      ...["--config", `${root}deno.json`, "-P=kodama", `--allow-write=${folder}`],
      ...[`${root}tests/harness/audited_commands.ts`, `${folder}/request`],
    ], { env: { ...env, DENO_DIR: denoDir }, cwd: this.repository.path });
    const all = Deno.readTextFileSync(results).trim().split("\n");
    assert.equal(ended.code, 0, `${ended.stderr}\nafter ${all.at(-1)}`);
    return all.map((text) => JSON.parse(text) as AuditedResult);
  }

  /** Returns the changes in the cluster while a command ran. */
  changesDuring({ startedAt, endedAt }: AuditedResult): string[] {
    const changes = this.audit.map((event) => event as unknown as AuditLine).filter((event) => {
      const at = Date.parse(event.requestReceivedTimestamp);
      const isController = /^system:(?!anonymous)/.test(event.user.username ?? "");
      return at >= startedAt && at <= endedAt && !isController && mayChange(event) &&
        !isTrial(event) && (event.responseStatus?.code ?? 0) < 400;
    });
    return [...new Set(changes.map(changeName))];
  }

  /** Returns a path below `home`, `repo` or `marks`. */
  named(path: string): string {
    return path.slice(this.folder.length + 1).replace(/^parent\//, "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.owned.disposeAsync();
  }
}

function effectsOf(path: string): Effects {
  const words = path.split(" ");
  return effects[path] ?? effects[words[0] ?? ""] ?? {};
}

/**
 * Returns all that a command did beyond what it is for.
 *
 * @param late the effects of commands that were interrupted before, or go on in the background: they may still be
 *   cleaning up.
 */
function deedsOf(
  scene: Scene,
  path: string,
  { result, late }: { result: AuditedResult; late: readonly Effects[] },
): string[] {
  const { files, cluster, programs } = effectsOf(path);
  const isNot = (one: RegExp | undefined) => (text: string) => one?.test(text) !== true;
  const changed = result.changed.map((one) => scene.named(one)).filter(isNot(records));
  const marks = changed.filter((one) => one.startsWith("marks/")).map((one) => one.slice(6));
  const hunt = new SecretHunt(secrets);
  hunt.look("the output", result.output);
  return [
    ...result.unhandled,
    ...marks.filter(isNot(programs)).map((mark) => `started: ${mark}`),
    ...changed.filter((one) => !one.startsWith("marks/")).filter(isNot(files))
      .filter((change) => late.every((one) => isNot(one.files)(change))),
    ...scene.changesDuring(result).filter(isNot(cluster))
      .filter((change) => late.every((one) => isNot(one.cluster)(change))),
    ...hunt.finds,
  ];
}

async function searchEverywhere(scene: Scene): Promise<string[]> {
  const hunt = new SecretHunt(secrets);
  await hunt.lookInFolder(`${scene.folder}/home/.kodama`);
  hunt.look("requests", scene.requests.join("\n"));
  const kinds = "pods,secrets,configmaps,persistentvolumeclaims,jobs,events";
  const { env } = scene;
  const { stdout } = await runCommand(["kubectl", "get", kinds, "-A", "-o", "json"], { env });
  assert.match(stdout, /web-0|kodama-work/);
  hunt.look("objects", stdout);
  return hunt.finds;
}

/** Returns what pods of sessions have beyond what the user's own settings give them. */
async function sessionProblems({ env }: Scene): Promise<string[]> {
  const args = ["get", "pods", "-A", "-l", "app.kubernetes.io/managed-by=kodama", "-o", "json"];
  const { stdout } = await runCommand(["kubectl", ...args], { env });
  const { items } = JSON.parse(stdout) as { items: Pod[] };
  return items.flatMap((pod) => {
    const name = pod.metadata?.name ?? "";
    const own = new Set([`kodama-env-${name.replace("kodama-", "")}`]);
    return podProblems(pod, { secrets: own, volumes: new Set() }).map((one) => `${name}: ${one}`);
  });
}

async function check(choice: LineChoice): Promise<void> {
  await using scene = await Scene.open();
  const { files, path: cwd } = scene.repository;
  assert.ok(files.length >= 60 && new Set(files.map(({ kind }) => kind)).size >= 12);
  const lines = await commandLines(cwd, choice);
  const results = await scene.run(lines.map(({ line }) => line));
  assert.equal(results.length, lines.length);
  const late: Effects[] = [];
  const deeds = results.flatMap((result, at) => {
    const path = lines[at]?.path ?? "";
    const deeds = deedsOf(scene, path, { result, late });
    if (result.code === interruptedExitCode || path === "sync start") late.push(effectsOf(path));
    const counts = (deed: string) => !choice.yes || /^started: |-of-the-/.test(deed);
    return deeds.filter(counts).map((deed) => `${result.line.args.join(" ")}: ${deed}`);
  });
  assert.deepEqual(deeds, []);
  assert.deepEqual(await sessionProblems(scene), []);
  assert.deepEqual(scene.requests, []);
  assert.deepEqual(await searchEverywhere(scene), []);
}

const missing = await kubectlMissing();

for (const half of [0, 1] as const) {
  Deno.test({
    ...unless(
      missing,
      `no command does more in a hostile repository than what it is for (${half + 1} of 2)`,
    ),
    fn: () => check({ flags: false, terminal: false, half }),
  });

  Deno.test({
    ...unless(missing, `no command does more if its questions are declined (${half + 1} of 2)`),
    fn: () => check({ flags: false, terminal: true, half }),
  });
}

Deno.test({
  ...unless(missing, "no command does more with hostile files as values of its flags"),
  fn: () => check({ flags: true, terminal: false }),
});

Deno.test({
  ...unless(missing, "no command takes `--yes` for a yes to the repository's code"),
  fn: () => check({ flags: false, terminal: false, yes: true }),
});

const strace = ["/usr/bin/strace", "/bin/strace"].find((path) => existsSync(path));

Deno.test({
  ...unless(
    missing ?? noneOf({ strace }),
    "no command starts a program of the repository, seen by strace",
  ),
  async fn() {
    await using scene = await Scene.open();
    const { path: cwd } = scene.repository;
    const lines = await commandLines(cwd, { flags: false, terminal: false });
    const first = lines.filter(({ path }, at) => lines[at - 1]?.path !== path);
    const log = `${scene.folder}/strace`;
    const before = [strace ?? "", "-f", "-qq", "--seccomp-bpf", "-e", "trace=execve", "-o", log];
    await scene.run(first.map(({ line }) => line), { before });
    const started = [...Deno.readTextFileSync(log).matchAll(/execve\("([^"]*)".*= 0$/gm)]
      .map(([, program = ""]) => program);
    assert.ok(started.some((program) => program.endsWith("/git")), started.join("\n"));
    const absolute = started.map((program) => absolutePath(program, cwd));
    assert.deepEqual(
      absolute.filter((program) => program.startsWith(`${scene.folder}/parent`)),
      [],
    );
  },
});

function existsSync(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
