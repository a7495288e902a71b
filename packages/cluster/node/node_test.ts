/** Pods through their lifecycle, with real containers and a clock that the test advances. */
import { isolations } from "./testing/isolations.ts";
import { closedPort } from "../../../src/base/testing/closed_port.ts";
import { unless } from "../../../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import { resources } from "../resources.ts";
import {
  isRunning,
  type NodeFixture,
  outcome,
  outputOnly,
  refOf,
  startFixture,
} from "./testing/fixture.ts";
import { type ContainerProcess, NodeError, type StreamRequest } from "../model.ts";

const waiting = ["sh", "-c", "trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done"];
const main = { name: "main", image: "busybox", command: waiting };

Deno.test("a pod runs: status, conditions, events, exec in it, and its log", async () => {
  await using fixture = await startFixture();
  fixture.run({ containers: [{ ...main, command: ["sh", "-c", "echo hello; exec sleep 1000"] }] });
  const pod = await fixture.pod("web", isRunning);
  assert.equal(pod.status?.containerStatuses?.[0]?.ready, true);
  assert.match(pod.status?.podIP ?? "", /^10\.244\./);
  const result = await outcome(
    await fixture.node.exec(refOf(pod), ["sh", "-c", "hostname; echo bad >&2; exit 7"], outputOnly),
  );
  assert.deepEqual(result, {
    stdout: "web\n",
    stderr: "bad\n",
    end: { kind: "exited", exitCode: 7 },
  });
  assert.deepEqual(fixture.events("web").map((line) => line.split(":")[0]), [
    "1 Pulled",
    "1 Created",
    "1 Started",
  ]);
  // Follows it: a command writes whenever it is scheduled.
  const log = await fixture.node.logs(
    refOf(pod),
    { follow: true, previous: false, timestamps: false, limitBytes: 6 },
    AbortSignal.timeout(60_000),
  );
  assert.equal(await new Response(log).text(), "hello\n");
});

Deno.test("a deleted pod gets SIGTERM, then leaves the store", async () => {
  await using fixture = await startFixture();
  fixture.run({ containers: [main] });
  await fixture.begun("web");
  fixture.delete("web");
  await fixture.gone("web");
  assert.equal(fixture.store.get(resources.pods, "default", "web"), undefined);
});

const idle = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait; done"];

async function runIdle(fixture: NodeFixture, image = "busybox") {
  const main = { name: "main", image, ...(image === "busybox" ? { command: idle } : {}) };
  fixture.run({ containers: [main] });
  return refOf(await fixture.pod("web", isRunning));
}

for (const { isolation, missing } of isolations) {
  Deno.test(unless(missing, `${isolation}: exit codes are exact, 128+n for a signal`), async () => {
    await using fixture = await startFixture({ isolation });
    const ref = await runIdle(fixture);
    for (
      const [line, exitCode] of [["exit 0", 0], ["exit 255", 255], ["kill -9 $$", 137]] as const
    ) {
      for (const tty of [false, true]) {
        const process = await fixture.node.exec(ref, ["sh", "-c", line], { ...outputOnly, tty });
        assert.deepEqual(
          (await outcome(process)).end,
          { kind: "exited", exitCode },
          `${line} ${tty}`,
        );
      }
    }
  });

  Deno.test(
    unless(
      missing,
      `${isolation}: a missing command gets containerd's message, and prints nothing`,
    ),
    async () => {
      await using fixture = await startFixture({ isolation });
      const ref = await runIdle(fixture);
      const cases = [
        [
          "nosuch",
          /OCI runtime exec failed: exec failed: unable to start container process: exec: "nosuch": executable file not found in \$PATH: unknown$/,
        ],
        ["/nosuch", /exec: "\/nosuch": stat \/nosuch: no such file or directory: unknown$/],
        ["/etc/profile", /exec: "\/etc\/profile": permission denied: unknown$/],
      ] as const;
      for (const [program, message] of cases) {
        for (const tty of [false, true]) {
          const process = await fixture.node.exec(ref, [program], { ...outputOnly, tty });
          const { stdout, stderr, end } = await outcome(process);
          assert.deepEqual([stdout, stderr], ["", ""]);
          assert.equal(end.kind, "notStarted");
          if (end.kind === "notStarted") assert.match(end.message, message);
        }
      }
    },
  );

  Deno.test(
    unless(missing, `${isolation}: an image without a shell gets its own message`),
    async () => {
      await using fixture = await startFixture({ isolation });
      const ref = await runIdle(fixture, "static");
      const { end } = await outcome(await fixture.node.exec(ref, ["sh"], outputOnly));
      assert.match(JSON.stringify(end), /exec: \\"sh\\": executable file not found in \$PATH/);
    },
  );

  Deno.test(
    unless(missing, `${isolation}: the command leads a session and sees only its own environment`),
    async () => {
      await using fixture = await startFixture({ isolation });
      const ref = await runIdle(fixture);
      const line =
        'read -r pid _ _ _ group session _ </proc/self/stat; echo "$pid $group $session"; env';
      const { stdout } = await outcome(
        await fixture.node.exec(ref, ["sh", "-c", line], outputOnly),
      );
      const [ids = "", ...variables] = stdout.trim().split("\n");
      assert.equal(new Set(ids.split(" ")).size, 1, ids);
      const names = variables.map((variable) => variable.split("=")[0]);
      const own = ["HOME", "HOSTNAME", "KODAMA_ROOT", "PATH", "PWD", "TMPDIR"];
      assert.deepEqual(names.filter((name) => !own.includes(name ?? "")), []);
    },
  );

  Deno.test(
    unless(missing, `${isolation}: standard input goes through whole, and its end is seen`),
    async () => {
      await using fixture = await startFixture({ isolation });
      const ref = await runIdle(fixture);
      const process = await fixture.node.exec(ref, ["sh", "-c", "wc -c; echo done >&2"], {
        ...outputOnly,
        stdin: true,
      });
      assert.ok(process.stdin);
      const written = (async () => {
        const writer = process.stdin?.getWriter();
        const block = new Uint8Array(1024 * 1024);
        for (let count = 0; count < 16; count++) await writer?.write(block);
        await writer?.close();
      })();
      const { stdout, stderr } = await outcome(process);
      await written;
      assert.deepEqual([stdout.trim(), stderr], [String(16 * 1024 * 1024), "done\n"]);
    },
  );

  Deno.test(
    unless(missing, `${isolation}: a child that holds the output open doesn't hold up the end`),
    async () => {
      await using fixture = await startFixture({ isolation });
      const ref = await runIdle(fixture);
      const line = "sleep 1000 & head -c 200000 /dev/zero; exit 3";
      const { stdout, end } = await outcome(
        await fixture.node.exec(ref, ["sh", "-c", line], outputOnly),
      );
      assert.equal(stdout.length, 200000);
      assert.deepEqual(end, { kind: "exited", exitCode: 3 });
    },
  );

  Deno.test(unless(missing, `${isolation}: a command ends with its container`), async () => {
    await using fixture = await startFixture({ isolation });
    const ref = await runIdle(fixture);
    const line = "echo begun; exec sleep 1000";
    const process = await fixture.node.exec(ref, ["sh", "-c", line], outputOnly);
    const output = reader(process.stdout);
    await output.until(/begun/);
    fixture.delete("web", 0);
    await Promise.all([output.rest(), process.stderr.cancel()]);
    assert.deepEqual(await process.end, { kind: "exited", exitCode: 137 });
  });

  Deno.test(unless(missing, `${isolation}: a command continues without its client`), async () => {
    await using fixture = await startFixture({ isolation });
    const ref = await runIdle(fixture);
    const line = 'trap "" PIPE; read -r _; head -c 500000 /dev/zero; echo kept > left; exit 4';
    const process = await fixture.node.exec(ref, ["sh", "-c", line], {
      ...outputOnly,
      stdin: true,
    });
    await process.release();
    assert.deepEqual(await process.end, { kind: "exited", exitCode: 4 });
    const { stdout } = await outcome(await fixture.node.exec(ref, ["cat", "left"], outputOnly));
    assert.equal(stdout, "kept\n");
  });

  Deno.test(
    unless(
      missing,
      `${isolation}: a terminal has a size, signals its change, and Ctrl-C reaches the process`,
    ),
    async () => {
      await using fixture = await startFixture({ isolation });
      const ref = await runIdle(fixture);
      const line =
        "trap 'stty size' WINCH; trap 'echo interrupted; exit 9' INT; tty; echo begun; while :; do sleep 0.02; done";
      const process = await fixture.node.exec(ref, ["sh", "-c", line], {
        stdin: true,
        stdout: true,
        stderr: false,
        tty: true,
      });
      const output = reader(process.stdout);
      await output.until(/\/dev\/pts\/\d+\r\nbegun\r\n/);
      await process.resize(91, 27);
      await output.until(/27 91\r\n/);
      const writer = process.stdin?.getWriter();
      await writer?.write(Uint8Array.of(3));
      await output.until(/interrupted/);
      await output.rest();
      assert.deepEqual(await process.end, { kind: "exited", exitCode: 9 });
    },
  );
}

function reader(stream: ReadableStream<Uint8Array>) {
  const chunks = stream.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
    .getReader();
  let text = "";
  return {
    async until(pattern: RegExp): Promise<void> {
      while (!pattern.test(text)) {
        const { value, done } = await chunks.read();
        if (done) throw new Error(`the output ended: ${JSON.stringify(text)}`);
        text += value;
      }
    },
    async rest(): Promise<void> {
      while (!(await chunks.read()).done);
    },
  };
}

Deno.test("attach follows the main process from now on, and its input reaches it", async () => {
  await using fixture = await startFixture();
  const command = ["sh", "-c", "while read -r line; do echo got $line; done; echo bye"];
  fixture.run({
    restartPolicy: "Never",
    containers: [{ name: "main", image: "busybox", command, stdin: true }],
  });
  const ref = refOf(await fixture.pod("web", isRunning));
  const attached = await fixture.node.attach(ref, { ...outputOnly, stdin: true });
  const output = reader(attached.stdout);
  const writer = attached.stdin?.getWriter();
  await writer?.write(new TextEncoder().encode("one\n"));
  await output.until(/got one/);
  await attached.release();
});

const withInput: StreamRequest = { ...outputOnly, stdin: true };

async function runReader(fixture: NodeFixture, stdinOnce: boolean) {
  const command = ["sh", "-c", "while read -r line; do echo got $line; done; echo bye; exit 4"];
  fixture.run({
    restartPolicy: "Never",
    containers: [{ name: "main", image: "busybox", command, stdin: true, stdinOnce }],
  });
  return refOf(await fixture.pod("web", isRunning));
}

async function writeLine(process: ContainerProcess, line: string): Promise<void> {
  const writer = process.stdin?.getWriter();
  await writer?.write(new TextEncoder().encode(`${line}\n`));
  writer?.releaseLock();
}

for (const leaves of ["ends its input", "goes away"] as const) {
  Deno.test(`stdinOnce: the process's input ends when the client ${leaves}; no exit code is attached`, async () => {
    await using fixture = await startFixture();
    const ref = await runReader(fixture, true);
    const [first, watcher] = [
      await fixture.node.attach(ref, withInput),
      await fixture.node.attach(ref, outputOnly),
    ];
    await writeLine(first, "one");
    await reader(first.stdout).until(/got one/);
    if (leaves === "goes away") await first.release();
    else await first.stdin?.close();
    assert.deepEqual(await outcome(watcher), {
      stdout: "got one\nbye\n",
      stderr: "",
      end: { kind: "exited", exitCode: 0 },
    });
    const pod = await fixture.pod("web", ({ status }) => status?.phase === "Failed");
    assert.equal(pod.status?.containerStatuses?.[0]?.state?.terminated?.exitCode, 4);
    await assert.rejects(fixture.node.attach(ref, withInput), (error) => {
      assert.ok(error instanceof NodeError && error.code === 500);
      assert.equal(error.message, "container main not found in pod web_default");
      return true;
    });
  });
}

Deno.test("without stdinOnce the end of a client's input ends its attachment alone", async () => {
  await using fixture = await startFixture();
  const ref = await runReader(fixture, false);
  for (const line of ["one", "two"]) {
    const attached = await fixture.node.attach(ref, withInput);
    await writeLine(attached, line);
    const output = reader(attached.stdout);
    await output.until(new RegExp(`got ${line}`));
    await attached.stdin?.close();
    await output.rest();
    assert.deepEqual(await attached.end, { kind: "exited", exitCode: 0 });
    await attached.release();
  }
});

Deno.test("the main process's own terminal: attached to, written to, resized", async () => {
  await using fixture = await startFixture();
  const command = ["sh", "-c", "tty; read -r line; echo got $line; stty size; read -r line"];
  const main = { name: "main", image: "busybox", command, stdin: true, tty: true };
  fixture.run({ restartPolicy: "Never", containers: [main] });
  const ref = refOf(await fixture.begun("web"));
  const attached = await fixture.node.attach(ref, {
    stdin: true,
    stdout: true,
    stderr: false,
    tty: true,
  });
  await attached.resize(100, 40);
  const output = reader(attached.stdout);
  const writer = attached.stdin?.getWriter();
  await writer?.write(new TextEncoder().encode("one\n"));
  await output.until(/got one\r\n40 100\r\n/);
  await writer?.write(new TextEncoder().encode("two\n"));
  await output.rest();
  assert.deepEqual(await attached.end, { kind: "exited", exitCode: 0 });
  await fixture.pod("web", (pod) => pod.status?.phase === "Succeeded");
});

Deno.test("commands in containers that have just started run in the working folder", async () => {
  await using fixture = await startFixture();
  await Promise.all(Array.from({ length: 12 }, async (_, index) => {
    const main = {
      name: "main",
      image: "busybox",
      command: ["sleep", "1000"],
      workingDir: "/made",
    };
    fixture.run({ containers: [main] }, `new-${index}`);
    const ref = refOf(await fixture.pod(`new-${index}`, isRunning));
    const line = ["sh", "-c", 'echo "${PWD##*/}"'];
    const { stdout, end } = await outcome(await fixture.node.exec(ref, line, outputOnly));
    assert.deepEqual({ stdout, end }, { stdout: "made\n", end: { kind: "exited", exitCode: 0 } });
  }));
});

Deno.test("an exec in an exited container is refused, not ended with a made-up code", async () => {
  await using fixture = await startFixture();
  const ref = await runIdle(fixture);
  const ends = Promise.all(Array.from({ length: 5 }, async () => {
    const process = await fixture.node.exec(ref, ["sleep", "1000"], outputOnly);
    return (await outcome(process));
  }));
  fixture.delete("web", 0);
  for (const { stderr, end } of await ends) {
    assert.equal(stderr, "");
    if (end.kind === "exited") assert.equal(end.exitCode, 137);
    else assert.match(end.message, /cannot exec in a stopped container/);
  }
});

Deno.test("refusals are the kubelet's", async () => {
  await using fixture = await startFixture();
  const ref = await runIdle(fixture);
  const refused = async (task: () => Promise<unknown>, code: number, message: RegExp) => {
    await assert.rejects(task, (error) => {
      assert.ok(error instanceof NodeError);
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    });
  };
  const { node } = fixture;
  await refused(
    () => node.exec({ ...ref, uid: "other" }, ["true"], outputOnly),
    404,
    /pod does not exist/,
  );
  await refused(
    () => node.exec({ ...ref, container: "other" }, ["true"], outputOnly),
    404,
    /container not found \("other"\)/,
  );
  const query = { follow: false, previous: true, timestamps: false };
  await refused(
    () => node.logs(ref, query, new AbortController().signal),
    400,
    /previous terminated container "main" in pod "web" not found/,
  );
  await refused(() => node.connect(ref, closedPort), 500, /connect: connection refused/);
});
