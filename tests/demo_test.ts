/** The demo shows what it promises, and leaves nothing, whatever the way out. */
import assert from "node:assert/strict";

const root = new URL("../", import.meta.url);

/** The demo with a folder of its own for temporary files. */
async function startDemo(): Promise<
  AsyncDisposable & { folder: string; child: Deno.ChildProcess }
> {
  const folder = await Deno.makeTempDir({ prefix: "kodama-demo-test-" });
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-P=tools", "tools/demo.ts"],
    cwd: root,
    env: { TMPDIR: folder, NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return {
    folder,
    child,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

async function leftIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
}

Deno.test("the demo runs kwekash on a cluster of its own, and all of it is gone afterwards", async () => {
  await using demo = await startDemo();
  const { code, stdout, stderr } = await demo.child.output();
  const shown = new TextDecoder().decode(stdout);
  assert.equal(code, 0, shown + new TextDecoder().decode(stderr));
  assert.match(shown, /^\$ kodama run kwekash$/m);
  assert.match(shown, /^weka-drive-0: \* 4\.4\.2$/m);
  assert.match(shown, /^---- weka-drive-\[0-2\] \(3\)\n\* 4\.4\.2$/m);
  assert.match(shown, /kodama cluster up --world weka/);
  assert.deepEqual(await leftIn(demo.folder), []);
});

Deno.test("a demo that is stopped in the middle leaves nothing either", async () => {
  await using demo = await startDemo();
  const errors = new Response(demo.child.stderr).text();
  const reader = demo.child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let shown = "";
  for (let stopped = false;;) {
    const { done, value } = await reader.read();
    if (done) break;
    shown += value;
    if (!stopped && shown.includes("$ kodama cluster up")) {
      stopped = true;
      demo.child.kill("SIGTERM");
    }
  }
  const { code } = await demo.child.status;
  assert.equal(code, 130, shown + await errors);
  await errors;
  assert.doesNotMatch(shown, /Then try/);
  assert.deepEqual(await leftIn(demo.folder), []);
});
