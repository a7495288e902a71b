/**
 * Rounds of a session's life over links that are cut, with clients that are killed and pods that are lost: a forwarded
 * port, SSH, and an agent that waits for an approval. Nothing is lost, and nothing remains.
 */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { type CommandResult, runCommand } from "../harness/command.ts";
import { processList } from "../harness/process_lists.ts";
import type { SourceKodama } from "../harness/source_kodama.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { CuttingLink } from "./faults/cutting_link.ts";
import { machine, sessionNamespace } from "./session_machine.ts";
import { RealCluster, rigVariable, type TestNamespace } from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();
// Its image has sshd and perl.
const onRig = cluster !== undefined && Deno.env.get(rigVariable) !== undefined;

/** More by hand: KODAMA_SESSION_ROUNDS=200; in several processes, each from another KODAMA_SESSION_FIRST on. */
const rounds = Number(Deno.env.get("KODAMA_SESSION_ROUNDS") ?? "3");
const first = Number(Deno.env.get("KODAMA_SESSION_FIRST") ?? "0");

/** What goes wrong in a round, in turns. */
const kinds = ["cut", "kill", "pod"] as const;
type Fault = typeof kinds[number];

/** As Claude Code talks: it waits for an approval of a tool, and notes what it has read. */
const agent = `#!/bin/sh
read -r prompt
echo '{"type":"system","subtype":"init","session_id":"0f8fad5b-d9cb-469f-a165-70867728950e"}'
echo '{"type":"control_request","request_id":"ask-1","request":{"subtype":"can_use_tool","tool_name":"Bash","input":{"command":"deploy"}}}'
read -r answer
case $answer in *'"behavior":"allow"'*) echo allowed >>/workspace/answers ;; *) echo "$answer" >>/workspace/answers ;; esac
echo '{"type":"result","subtype":"success","is_error":false,"num_turns":1,"result":"deployed"}'
`;

/** Serves a file's bytes to each connection, on port 8000. */
const server =
  `use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalPort => 8000, Listen => 20, ReuseAddr => 1) or die $!;
print "listening\\n"; close STDOUT; open my $f, "<", "/workspace/served"; local $/; my $all = <$f>;
while (my $c = $s->accept) { print $c $all; close $c }`;

/** Numbers of [0, 1) that are the same in each run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** What the rounds came to. */
const counts = { cut: 0, killed: 0, lostPods: 0, repeated: 0 };

/** A user's machine, whose connections pass a link with faults. */
class Machine {
  /** Undefined: connections live. */
  random: (() => number) | undefined;
  #kill: (() => number) | undefined;

  constructor(
    readonly kodama: SourceKodama,
    readonly namespace: TestNamespace,
    readonly folder: string,
  ) {}

  /** After how many bytes a new connection is cut: half of them, and before or in the middle of its use. */
  limit(): number {
    if (this.random === undefined || this.random() < 0.5) return Infinity;
    counts.cut++;
    return Math.floor(2000 + this.random() * 60_000);
  }

  /** The next command is killed after some lines of its messages. */
  killNext(random: () => number): void {
    this.#kill = random;
  }

  /** Repeats a command until it succeeds, or fails with the message of what was done already. */
  async again(args: readonly string[], done?: RegExp): Promise<CommandResult> {
    for (let attempt = 1;; attempt++) {
      const kill = this.#kill;
      this.#kill = undefined;
      if (kill !== undefined && await this.#killed(args, 1 + Math.floor(kill() * 8))) continue;
      const result = await this.kodama.run(args, { cwd: this.folder });
      if (result.code === 0 || done?.test(result.stderr)) return result;
      assert.ok(attempt < 30, `kodama ${args.join(" ")}: ${result.stderr}`);
      // An error of a user, or of kodama itself, isn't one of the link.
      assert.notEqual(result.code, 2, result.stderr);
      counts.repeated++;
    }
  }

  /** Returns whether it was killed before its end. */
  async #killed(args: readonly string[], lines: number): Promise<boolean> {
    await using running = this.kodama.start(args);
    const lineCount = ({ stdout, stderr }: { stdout: string; stderr: string }) =>
      `${stdout}${stderr}`.split("\n").length - 1;
    try {
      await running.writes((written) => lineCount(written) >= lines);
    } catch {
      // It has fewer lines.
      return false;
    }
    running.signal("SIGKILL");
    await running.ended();
    counts.killed++;
    return true;
  }

  async json<T>(args: readonly string[]): Promise<T> {
    return JSON.parse((await this.again([...args, "-o", "json"])).stdout) as T;
  }
}

/** Runs a line in the session's pod, without faults. */
async function inPod({ namespace }: Machine, name: string, line: string): Promise<string> {
  return await namespace.kubectl(
    "exec",
    `kodama-${name}`,
    "-c",
    "workspace",
    "--",
    "sh",
    "-c",
    line,
  );
}

async function startServer(here: Machine, name: string): Promise<void> {
  const start = `printf '%s' '${server.replaceAll("'", `'\\''`)}' >/tmp/server.pl
mkfifo /tmp/ready; setsid perl /tmp/server.pl >/tmp/ready 2>/tmp/failed & read -r line </tmp/ready; echo "$line"`;
  assert.equal(await inPod(here, name, start), "listening\n");
}

interface ForwardStatus {
  state: { forwards: { local: string }[] };
}

/** Reads all that the forwarded port sends: whole, or the connection has an error. */
async function readPort(port: number): Promise<Uint8Array | undefined> {
  try {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    return new Uint8Array(await new Response(connection.readable).arrayBuffer());
  } catch {
    return undefined;
  }
}

async function checkPort(port: number, expected: Uint8Array): Promise<void> {
  for (let attempt = 1;; attempt++) {
    const read = await readPort(port);
    if (read !== undefined && read.length === expected.length) {
      assert.deepEqual(read, expected);
      return;
    }
    // A broken connection has a part of it, and nothing else.
    if (read !== undefined) assert.deepEqual(read, expected.subarray(0, read.length));
    assert.ok(attempt < 200, "the port serves nothing");
    counts.repeated++;
  }
}

async function checkSsh(here: Machine, name: string, bytes: Uint8Array): Promise<void> {
  await here.again(["ssh-config", name]);
  const config = `${here.kodama.configFolder}/ssh/${here.namespace.name}.${name}.conf`;
  const ssh = ["ssh", "-F", config, "-o", "BatchMode=yes", `kodama-${name}`];
  for (let attempt = 1;; attempt++) {
    // What the server has read is complete only if it says so after the end of its input.
    const line =
      "cat >/workspace/new && sha256sum </workspace/new && mv /workspace/new /workspace/sent";
    const { code, stdout, stderr } = await runCommand([...ssh, line], {
      env: here.kodama.env,
      stdin: bytes,
    });
    if (code === 0) {
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as BufferSource));
      assert.equal(stdout, `${digest.toHex()}  -\n`);
      return;
    }
    assert.equal(code, 255, `ssh: ${stderr}`);
    assert.ok(attempt < 30, stderr);
    counts.repeated++;
  }
}

interface TaskJson {
  state: string;
}

async function checkApproval(here: Machine, name: string, expected: number): Promise<void> {
  await here.again(["prompt", name, "--permissions", "ask", "--new", "deploy"]);
  const task = () => here.json<TaskJson[]>(["agent", "list", name]);
  // A prompt whose client was killed may have arrived: it is a task of its own, and asks too.
  for (let tasks = await task();; tasks = await task()) {
    if (tasks.every(({ state }) => state === "done")) break;
    if (!tasks.some(({ state }) => state === "waiting")) continue;
    await here.again(
      ["agent", "approve", name, "ask-1"],
      /answered already|doesn't wait|waits for/,
    );
  }
  const answers = (await inPod(here, name, "cat /workspace/answers")).trim().split("\n");
  assert.deepEqual([...new Set(answers)], ["allowed"]);
  assert.ok(answers.length >= expected, answers.join());
  const tasks = await task();
  assert.equal(answers.length, tasks.length, "each task was answered once");
}

async function oneRound(here: Machine, round: number, fault: Fault): Promise<void> {
  const random = numbers(round + 1);
  const name = `r${round}`;
  const served = crypto.getRandomValues(new Uint8Array(30_000));
  if (fault === "cut") here.random = random;
  if (fault === "kill") here.killNext(random);
  await here.again(["start", name, "--image", "debian:12", "--no-sync", "--forward", ":8000"]);
  const planted = `mkdir -p ~/.claude/local /workspace && cat >~/.claude/local/claude <<'END'
${agent}END
chmod +x ~/.claude/local/claude; base64 -d >/workspace/served <<'END'
${served.toBase64()}
END`;
  await inPod(here, name, planted);
  await startServer(here, name);
  const status = await here.json<ForwardStatus>(["forward", "status", `session-${name}`]);
  const port = Number(/:(\d+)$/.exec(status.state.forwards[0]?.local ?? "")?.[1]);
  await checkPort(port, served);
  await checkSsh(here, name, served);
  if (fault === "kill") here.killNext(random);
  await checkApproval(here, name, 1);
  if (fault === "pod") {
    await here.namespace.kubectl("delete", "pod", `kodama-${name}`, "--force", "--grace-period=0");
    counts.lostPods++;
    await here.again(["resume", name]);
    await startServer(here, name);
    await checkPort(port, served);
    await checkApproval(here, name, 2);
  }
  assert.equal(
    await inPod(here, name, "sha256sum </workspace/sent"),
    await inPod(here, name, "sha256sum </workspace/served"),
  );
  if (fault === "kill") here.killNext(random);
  await here.again(
    ["delete", name, "--force", "--purge", "--discard"],
    /session "\w+" (?:not found|doesn't exist)|no session/,
  );
  here.random = undefined;
  await checkNothingRemains(here, name);
}

async function checkNothingRemains(here: Machine, name: string): Promise<void> {
  const label = `kodama.dev/session=${name}`;
  const all = "pods,configmaps,secrets,persistentvolumeclaims";
  await here.namespace.kubectl(
    "wait",
    "--for=delete",
    "pods,persistentvolumeclaims",
    "-l",
    label,
    "--timeout=60s",
  );
  assert.equal(await here.namespace.kubectl("get", all, "-l", label, "-o", "name"), "");
  const { stdout } = await here.kodama.run(["forward", "list", "-o", "json"]);
  assert.ok(!stdout.includes(`session-${name}`), stdout);
  const files = await Array.fromAsync(Deno.readDir(`${here.kodama.configFolder}/ssh`));
  assert.deepEqual(files.filter((file) => file.name.includes(`.${name}.`)), []);
  const processes = (await processList()).filter((line) => line.includes(here.folder));
  assert.deepEqual(processes, []);
}

Deno.test({
  name:
    "rounds of a session's life under faults, with ports, SSH and approvals: nothing is lost or remains",
  ignore: !onRig,
  fn: async () => {
    assert.ok(cluster);
    await using namespace = await sessionNamespace(cluster, "rounds");
    await using folder = await TestFolder.open("kodama-rounds-");
    const kodama = await machine(namespace, folder.path);
    const here = new Machine(kodama, namespace, folder.path);
    const kubeconfig = kodama.env["KUBECONFIG"] ?? "";
    const config = parse(await Deno.readTextFile(kubeconfig));
    await Deno.writeTextFile(kubeconfig, JSON.stringify(config));
    await using link = new CuttingLink(config.clusters[0].cluster.server, () => here.limit());
    await link.writeKubeconfig(kubeconfig, kubeconfig);
    for (let round = first; round < first + rounds; round++) {
      await oneRound(here, round, kinds[round % kinds.length] ?? "cut");
    }
    const reported = `${rounds} rounds: ${JSON.stringify(counts)}`;
    // deno-lint-ignore no-console -- many rounds are done by hand, for these figures
    if (rounds > 50) console.log(reported);
    assert.ok(counts.cut > 0 && counts.killed > 0 && counts.lostPods > 0, reported);
  },
});
