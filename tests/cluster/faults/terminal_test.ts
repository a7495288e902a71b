/** What remains in a pod when a kodama with a terminal is killed. The terminal is script(1)'s. */
import assert from "node:assert/strict";
import { childrenOf, until } from "../processes.ts";
import { kodamaStart } from "./kodama.ts";
import { onFault, programsIn } from "./fixture.ts";

onFault("a shell under a terminal ends with a kodama that is killed", async ({ namespace }) => {
  await namespace.startPod("one", {});
  const args = ["exec", "-n", namespace.name, "-it", "one", "--", "sh"];
  const { words, ...surroundings } = kodamaStart(namespace.cluster.kubeconfig, args);
  const terminal = new Deno.Command("script", {
    ...surroundings,
    args: ["--quiet", "--command", `exec ${words.join(" ")}`, "/dev/null"],
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    await until("the shell, and who watches over it", async () => {
      const programs = (await programsIn(namespace, "one")).join("\n");
      return / sh$/m.test(programs) && programs.includes("kodama-watch");
    });
    const [kodama] = await childrenOf(terminal.pid);
    assert.ok(kodama !== undefined, "kodama runs below script");
    Deno.kill(kodama, "SIGKILL");
    await until(
      "nothing of it",
      async () => (await programsIn(namespace, "one")).length === 0,
    );
  } finally {
    await terminal.stdin.close().catch(() => {});
    await terminal.status;
  }
});
