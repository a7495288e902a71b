/** Why scripts aren't workers: the effect of a worker on its process. */
import assert from "node:assert/strict";

/** A worker without any permission that fills its heap; the program around it would run forever. */
const program = `
  const code = "const a = []; for (;;) a.push(new Array(1e5).fill(1.5));";
  new Worker("data:application/javascript," + encodeURIComponent(code), {
    type: "module",
    deno: { permissions: "none" },
  }).onerror = (event) => event.preventDefault();
  setInterval(() => {}, 1000);
`;

Deno.test("a worker that fills its heap ends its whole process", async () => {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-config",
      "--unstable-worker-options",
      "--v8-flags=--max-old-space-size=64",
      `data:application/javascript,${encodeURIComponent(program)}`,
    ],
    stdout: "null",
  }).output();
  assert.ok(!success);
  assert.match(new TextDecoder().decode(stderr), /JavaScript out of memory/);
});
