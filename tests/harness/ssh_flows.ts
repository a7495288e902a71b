/** What SSH clients and editors do in a session, with the real OpenSSH, rsync and git: the same on every cluster. */
import assert from "node:assert/strict";
import { type CommandResult, runCommand } from "./command.ts";
import { findProgram } from "../../src/kube/testing/image_shells.ts";
import { outputOf, type SourceKodama } from "./source_kodama.ts";
import { connectBySocks, readBytes, SshHost, writeAll } from "./ssh_host.ts";

/** The programs of this machine that the flows use. */
const clients = ["ssh", "scp", "rsync", "git"];

/** A machine with kodama, and what its session is. */
export interface SshFlowOptions {
  kodama: SourceKodama;
  /** A folder of the test's own. */
  folder: string;
  namespace: string;
  /** With an SSH server, git, rsync and perl. */
  image: string;
  /** The name of the user in the image's pods. */
  user: string;
}

/** Returns the programs that this machine lacks for the flows. */
export async function missingClients(): Promise<string[]> {
  const found = await Promise.all(clients.map((name) => findProgram(name)));
  return clients.filter((_, index) => found[index] === undefined);
}

/** Starts a session, uses it by each client, and deletes it. */
export async function runSshFlows(options: SshFlowOptions): Promise<void> {
  const { kodama, folder, image } = options;
  await Deno.writeTextFile(`${folder}/variables`, "PLANTED=secret-1\n");
  const start = ["start", "s1", "--no-sync", "--image", image];
  await kodama.succeed([...start, "--env-file", `${folder}/variables`]);
  const host = await SshHost.of(kodama, "s1", options.namespace);
  assert.equal((await Deno.stat(host.keyFile)).mode! & 0o777, 0o600);
  await checkCommand(host);
  await checkCopies(host, folder);
  await checkPush(host, folder);
  await checkEditor(host);
  // The image may have been replaced since by one with another user.
  const other = await runCommand(["ssh", ...host.options, "-l", "someone", host.name, "true"], {
    env: kodama.env,
  });
  assert.ok(
    other.stderr.includes(`has the user "${options.user}", not "someone"`),
    other.stderr,
  );
  await kodama.succeed(["delete", "s1", "--force", "--purge", "--discard"]);
  for (const file of [host.configFile, host.keyFile]) {
    await assert.rejects(Deno.stat(file), Deno.errors.NotFound);
  }
}

/** A command line has the session's folder and variables; its input, output and exit code are those of a local one. */
async function checkCommand(host: SshHost): Promise<void> {
  const line = 'pwd; echo "$KODAMA_SESSION $PLANTED $HOME"; umask; cat; exit 7';
  const result = await host.run(line, "typed");
  assert.deepEqual(result, {
    ...result,
    code: 7,
    stdout: "/workspace\ns1 secret-1 /home/kodama\n0022\ntyped",
    stderr: "",
  });
}

async function checkCopies(host: SshHost, folder: string): Promise<void> {
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  await Deno.mkdir(`${folder}/tree/a`, { recursive: true });
  await Deno.writeFile(`${folder}/tree/a/bytes`, bytes);
  await succeed(host, folder, ["rsync", "-a", "-e", host.shell, "tree/", `${host.name}:tree/`]);
  const scp = ["scp", "-q", ...host.options, `${host.name}:/workspace/tree/a/bytes`, "back"];
  await succeed(host, folder, scp);
  assert.deepEqual(await Deno.readFile(`${folder}/back`), bytes);
}

async function checkPush(host: SshHost, folder: string): Promise<void> {
  await host.succeed("git init -q --bare repo.git");
  const git = (...args: string[]) =>
    succeed(host, folder, ["git", "-C", "local", ...args], { GIT_SSH_COMMAND: host.shell });
  await succeed(host, folder, ["git", "init", "-q", "local"]);
  const identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
  await git(...identity, "commit", "-q", "--allow-empty", "-m", "one");
  await git("push", "-q", `${host.name}:/workspace/repo.git`, "HEAD:main");
  assert.equal(await host.succeed("git -C repo.git log --format=%s main"), "one\n");
}

/** A server of an editor's kind: reports its port, and answers each line of a connection until its end. */
const echoServer =
  `use IO::Socket::INET; $| = 1; my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 9) or die $!;
print "listening on ", $s->sockport, "\\n"; $SIG{CHLD} = "IGNORE";
while (my $c = $s->accept) { next if fork; while (<$c>) { print $c "echo $_"; $c->flush } exit }`;

/**
 * As an editor's extension for SSH works: a script on the standard input of a shell starts a server in the background,
 * or finds it, and reports its port between marks; the editor reaches the port through the same connection. The server
 * survives the connection. `cluster/vscode_remote_test.ts` does it with the real one.
 */
async function checkEditor(host: SshHost): Promise<void> {
  const script = (mark: string) =>
    `echo "a shell may write something before"
cd ~ && mkdir -p .editor && cd .editor
if ! kill -0 "$(cat pid 2>/dev/null)" 2>/dev/null; then
  rm -f log && mkfifo ready
  perl -e '${echoServer}' >ready 2>errors </dev/null & echo $! >pid
  head -n 1 ready >log && rm ready
fi
echo "${mark}: start"; uname -s; cat pid; sed 's/listening on //' log; echo "${mark}: end"
`;
  const text = new TextEncoder().encode(`${"x".repeat(20_000)}\n`);
  const check = async (stream: Deno.Conn) => {
    await writeAll(stream, text);
    const answer = new TextDecoder().decode(await readBytes(stream, text.length + 5));
    assert.equal(answer, `echo ${new TextDecoder().decode(text)}`);
  };
  const first = crypto.randomUUID();
  let server: readonly string[];
  {
    await using connection = await host.connect(script(first), first, (at) => ["-D", `${at}`]);
    server = connection.reported;
    assert.equal(server[0], "Linux");
    using stream = await connectBySocks(connection.localPort, Number(server[2]));
    await check(stream);
  }
  const second = crypto.randomUUID();
  const forward = (at: number) => ["-L", `127.0.0.1:${at}:127.0.0.1:${server[2]}`];
  await using connection = await host.connect(script(second), second, forward);
  assert.deepEqual(connection.reported, server, "it finds the first connection's server");
  using stream = await Deno.connect({ hostname: "127.0.0.1", port: connection.localPort });
  await check(stream);
  await host.succeed('kill "$(cat ~/.editor/pid)"');
}

async function succeed(
  host: SshHost,
  cwd: string,
  argv: string[],
  more: Record<string, string> = {},
): Promise<string> {
  const result: CommandResult = await runCommand(argv, { env: { ...host.env, ...more }, cwd });
  return outputOf(argv, result);
}
