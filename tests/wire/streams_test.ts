import assert from "node:assert/strict";
import { freePort } from "../harness/free_port.ts";
import { hangTimeout } from "../harness/hang_limit.ts";
import { PseudoTerminal, terminalMissing } from "../harness/pseudo_terminal.ts";
import { startPod, wireTest } from "./wire_test_case.ts";

wireTest(
  "logs: all, the tail, with times, followed, and those of the run before",
  async ({ kubectl }) => {
    const script = "for i in 1 2 3; do echo line $i; done; read _ < /dev/null; sleep 2147483647";
    await startPod(kubectl, "talker", { command: ["sh", "-c", script] });
    {
      // A container is ready when it has started: before it has written anything.
      await using whole = kubectl.start("logs", "-f", "talker");
      await whole.writes(({ stdout }) => stdout.includes("line 3"));
    }
    assert.equal(await kubectl.ok("logs", "talker"), "line 1\nline 2\nline 3");
    assert.equal(await kubectl.ok("logs", "talker", "--tail=1"), "line 3");
    assert.equal(await kubectl.ok("logs", "talker", "--limit-bytes=6"), "line 1");
    assert.match(
      await kubectl.ok("logs", "talker", "--timestamps", "--tail=1"),
      /^\d{4}-\d\d-\d\dT[\d:]+\.\d+Z line 3$/,
    );
    assert.equal(
      await kubectl.ok("logs", "-l", "app=talker", "--prefix", "--tail=1"),
      "[pod/talker/main] line 3",
    );
    await using follow = kubectl.start("logs", "-f", "talker", "--tail=1");
    await follow.writes(({ stdout }) => stdout.includes("line 3"));
    await kubectl.ok("exec", "talker", "--", "sh", "-c", "echo from elsewhere > /proc/1/fd/1");
    await follow.writes(({ stdout }) => stdout.includes("from elsewhere"));
    assert.match(
      await kubectl.fails("logs", "talker", "--previous"),
      /previous terminated container "main" in pod "talker" not found/,
    );
    assert.match(
      await kubectl.fails("logs", "talker", "-c", "side"),
      /container side is not valid for pod talker/,
    );
  },
);

wireTest("logs of a restarted container", async ({ kubectl }) => {
  const script = "echo now; until [ -e /tmp/stop ]; do sleep 0.1; done";
  await startPod(kubectl, "twice", { command: ["sh", "-c", script] });
  // It may end with its container.
  await kubectl.run(["exec", "twice", "--", "touch", "/tmp/stop"]);
  await kubectl.ok(
    "wait",
    "--for=jsonpath={.status.containerStatuses[0].restartCount}=1",
    "pod/twice",
    hangTimeout,
  );
  assert.equal(await kubectl.ok("logs", "twice", "--previous"), "now");
});

wireTest(
  "exec: streams, standard input, exit codes, and what can't be run",
  async ({ kubectl }) => {
    await startPod(kubectl, "one");
    const exec = (command: string[], stdin?: string | Uint8Array) =>
      kubectl.run(["exec", ...(stdin === undefined ? [] : ["-i"]), "one", "--", ...command], stdin);
    const both = await exec(["sh", "-c", "echo out; echo err >&2; exit 7"]);
    assert.deepEqual([both.code, both.stdout], [7, "out\n"]);
    assert.match(both.stderr, /^err\ncommand terminated with exit code 7\n$/);
    assert.equal((await exec(["cat"], "typed")).stdout, "typed");
    const missing = await exec(["no-such-program"]);
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /executable file not found in \$PATH/);
    assert.match(
      await kubectl.fails("exec", "one", "-c", "side", "--", "true"),
      /container side is not valid for pod one|container not found \("side"\)/,
    );
    assert.match(await kubectl.fails("exec", "two", "--", "true"), /pods "two" not found/);
  },
);

wireTest("exec: a pod that doesn't run refuses", async ({ kubectl }) => {
  await kubectl.ok("run", "image-less", "--image=nowhere.example/none:1");
  await kubectl.ok(
    "wait",
    "--for=jsonpath={.status.containerStatuses[0].state.waiting}",
    "pod/image-less",
    hangTimeout,
  );
  assert.match(
    await kubectl.fails("exec", "image-less", "--", "true"),
    /container not found \("image-less"\)|container .* is waiting to start/,
  );
});

wireTest("exec: 64 MiB each way arrive whole and in order", async ({ kubectl }) => {
  await startPod(kubectl, "one");
  const bytes = new Uint8Array(64 * 1024 * 1024);
  for (let at = 0; at < bytes.length; at += 65536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65536));
  }
  const digest = async (data: Uint8Array) =>
    new Uint8Array(await crypto.subtle.digest("SHA-256", data as BufferSource)).toHex();
  const sent = await kubectl.run([
    "exec",
    "-i",
    "one",
    "--",
    "sh",
    "-c",
    "cat > /tmp/all; sha256sum /tmp/all",
  ], bytes);
  assert.equal(sent.stdout.split(" ")[0], await digest(bytes), sent.stderr);
  const back = await kubectl.run(["exec", "one", "--", "cat", "/tmp/all"]);
  assert.equal(await digest(back.bytes), await digest(bytes), back.stderr);
});

wireTest(
  "exec -it in a terminal: size, keys, Ctrl-C and the exit code",
  async ({ kubectl, test }) => {
    await startPod(kubectl, "one");
    await using terminal = await PseudoTerminal.open(
      ["kubectl", "exec", "-it", "one", "--", "sh"],
      { env: test.env, columns: 101, rows: 31 },
    );
    await terminal.shows("a prompt", /[#$] *$/);
    // Sizes and keys are separate channels: the shell waits for the size.
    const sized = (size: string) => `until stty size | grep -x "${size}"; do sleep 0.1; done`;
    await terminal.type(`${sized("31 101")}; tty >/dev/null && echo is a terminal`);
    await terminal.press("Enter");
    await terminal.shows("the size", /^31 101\nis a terminal$/m);
    await terminal.resize(77, 23);
    await terminal.type(sized("23 77"));
    await terminal.press("Enter");
    await terminal.shows("the new size", /^23 77$/m);
    await terminal.type("sleep 1000; echo code $?");
    await terminal.press("Enter");
    await terminal.shows("the command's echo", /sleep 1000/);
    await terminal.press("C-c");
    await terminal.type("exit 5");
    await terminal.press("Enter");
    assert.equal(await terminal.exitCode(), 5);
  },
  { unless: await terminalMissing() },
);

wireTest("cp: a file and a folder, both ways", async ({ kubectl, test }) => {
  await startPod(kubectl, "one");
  await Deno.mkdir(`${test.folder}/tree/deep`, { recursive: true });
  await Deno.writeTextFile(`${test.folder}/tree/a file`, "one\n");
  await Deno.writeTextFile(`${test.folder}/tree/deep/b`, "two\n");
  await kubectl.ok("cp", "tree", "one:/tmp/tree");
  assert.equal(
    await kubectl.ok("exec", "one", "--", "cat", "/tmp/tree/a file", "/tmp/tree/deep/b"),
    "one\ntwo",
  );
  await kubectl.ok("cp", "one:/tmp/tree", "back");
  assert.equal(await Deno.readTextFile(`${test.folder}/back/deep/b`), "two\n");
});

const webServer = `
my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], Listen => 5) or die $!;
while (my $client = $server->accept) {
  1 while (<$client> // "") =~ /\\S/;
  print $client "HTTP/1.0 200 OK\\r\\n\\r\\nhello";
  close $client;
}`;

wireTest("port-forward carries requests to a port of the pod", async ({ kubectl }) => {
  const port = freePort();
  await startPod(kubectl, "web", {
    command: ["perl", "-MIO::Socket::INET", "-e", webServer, String(port)],
    readinessProbe: { httpGet: { port }, periodSeconds: 1 },
  });
  await using forward = kubectl.start("port-forward", "pod/web", `:${port}`);
  await forward.writes(({ stdout }) => /Forwarding from 127\.0\.0\.1:\d+/.test(stdout));
  const local = /127\.0\.0\.1:(\d+)/.exec(forward.stdout)?.[1];
  const response = await fetch(`http://127.0.0.1:${local}/`);
  assert.equal(await response.text(), "hello");
});

wireTest("attach reads what the container's own process writes", async ({ kubectl }) => {
  await startPod(kubectl, "beat", { command: ["sh", "-c", "while echo beat; do sleep 0.2; done"] });
  await using attached = kubectl.start("attach", "beat");
  await attached.writes(({ stdout }) => stdout.includes("beat"));
});

wireTest(
  "run -i: piped input and its end, and the exit code",
  async ({ kubectl }) => {
    const run = (name: string, command: string[], stdin: string) =>
      kubectl.run(
        ["run", "-i", "--rm", name, "--image=busybox", "--restart=Never", "--", ...command],
        stdin,
      );
    const piped = await run("piped", ["cat"], "one\ntwo\n");
    assert.deepEqual([piped.code, piped.stdout.startsWith("one\ntwo\n")], [0, true], piped.stderr);
    const failed = await run("failed", ["sh", "-c", "read -r line; echo $line; exit 4"], "once\n");
    assert.deepEqual([failed.code, failed.stdout.split("once").length], [4, 2], failed.stderr);
  },
);
