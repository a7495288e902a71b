/** After a node's end nothing of it remains: no process, no mount, no folder. */
import { isolations } from "./testing/isolations.ts";
import { unless } from "../../../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import { takeFirstLine } from "./child_process.ts";
import { outputOnly, refOf, startFixture } from "./testing/fixture.ts";

async function output(program: string, args: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(program, { args, stderr: "null" }).output();
  return new TextDecoder().decode(stdout);
}

/** Process ids of everything whose command line has the marker. */
async function marked(marker: string): Promise<string[]> {
  // The search text comes by standard input: on a command line it would be found there.
  const child = new Deno.Command("sh", {
    args: ["-c", "grep -aslF -f - /proc/[0-9]*/cmdline"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const [{ stdout }] = await Promise.all([
    child.output(),
    ReadableStream.from([new TextEncoder().encode(marker)]).pipeTo(child.stdin),
  ]);
  return [...new TextDecoder().decode(stdout).matchAll(/\/proc\/(\d+)\//g)]
    .map(([, pid = ""]) => pid);
}

function newMarker(): string {
  return `1000.${crypto.getRandomValues(new Uint32Array(1))[0]}`;
}

for (const { isolation, missing } of isolations) {
  Deno.test(unless(missing, `${isolation}: a node that is stopped leaves nothing`), async () => {
    const marker = newMarker();
    let dataDir: string;
    {
      await using fixture = await startFixture({ isolation });
      dataDir = fixture.dataDir;
      const line = `trap '' TERM; echo begun; sleep ${marker} & sleep ${marker}; :`;
      fixture.run({
        containers: [{ name: "main", image: "busybox", command: ["sh", "-c", line] }],
      });
      const pod = await fixture.begun("web");
      const beside = await fixture.node.exec(refOf(pod), ["sleep", marker], outputOnly);
      await beside.release();
      assert.notDeepEqual(await marked(marker), []);
      await fixture.node[Symbol.asyncDispose]();
      assert.deepEqual([...Deno.readDirSync(dataDir)].map(({ name }) => name), []);
    }
    assert.deepEqual(await marked(marker), []);
    assert.ok(!(await output("cat", ["/proc/self/mounts"])).includes(dataDir));
  });

  Deno.test(
    unless(missing, `${isolation}: a node that is killed takes its containers with it`),
    async () => {
      const marker = newMarker();
      const child = new Deno.Command(Deno.execPath(), {
        args: [
          ...[
            "run",
            "-A",
            "--quiet",
            "--config",
            decodeURIComponent(new URL("../../../deno.json", import.meta.url).pathname),
          ],
          ...[
            decodeURIComponent(new URL("testing/crash_fixture.ts", import.meta.url).pathname),
            isolation,
            marker,
          ],
        ],
        stdin: "null",
        stdout: "piped",
      }).spawn();
      const { line: dataDir, rest } = await takeFirstLine(child.stdout);
      const pids = (await marked(marker)).filter((pid) => pid !== String(child.pid));
      assert.notDeepEqual(pids, []);
      child.kill("SIGKILL");
      await Promise.all([child.status, rest.cancel()]);
      // Waits until each has ended, because the kernel takes its time; a zombie has ended.
      const untilEnded =
        'while read -r _ _ state _ <"$0" && [ "$state" != Z ]; do sleep 0.05; done';
      for (const pid of pids) await output("sh", ["-c", untilEnded, `/proc/${pid}/stat`]);
      assert.deepEqual(await marked(marker), []);
      assert.ok(!(await output("cat", ["/proc/self/mounts"])).includes(dataDir));
      await output("chmod", ["-R", "u+rwX", dataDir]);
      await Deno.remove(dataDir, { recursive: true });
    },
  );
}
