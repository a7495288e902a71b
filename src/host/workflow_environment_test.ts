import assert from "node:assert/strict";
import { systemClock } from "../base/clock.ts";
import { launcherVariables } from "../base/launcher_variables.ts";
import { localWorld } from "./workflow_environment.ts";

const unused = () => Promise.reject(new Error("no step asks for it"));

/** Sets the variables of this process until it is disposed of, and then restores the previous ones. */
function withVariables(names: readonly string[], value: string): Disposable {
  const before = names.map((name) => [name, Deno.env.get(name)] as const);
  for (const name of names) Deno.env.set(name, value);
  return {
    [Symbol.dispose]() {
      for (const [name, text] of before) {
        if (text === undefined) Deno.env.delete(name);
        else Deno.env.set(name, text);
      }
    },
  };
}

Deno.test("a program of a step gets the environment, without what kodama's launcher set for its own Deno", async () => {
  const world = localWorld({
    clock: systemClock,
    env: () => undefined,
    environment: { KUBECONFIG: "/k" },
    kube: unused,
    places: { configDir: "/config", userDir: undefined },
    create: unused,
    readText: unused,
  });
  using _environment = withVariables(launcherVariables, "the launcher's");
  const told: string[] = [];
  const end = await world.run(["env"], {
    environment: { GREETING: "hello" },
    folder: "/",
    signal: new AbortController().signal,
    maxOutputBytes: 2 ** 20,
    told: (_stream, line) => void told.push(line),
  });
  assert.equal(end.exitCode, 0);
  assert.deepEqual(told.filter((line) => line.endsWith("=the launcher's")), []);
  for (const line of ["KUBECONFIG=/k", "GREETING=hello"]) assert.ok(told.includes(line), line);
  assert.deepEqual(end.truncated, []);
  const script = "printf 12345; printf 6; echo no >&2";
  const cut = await world.run(["sh", "-c", script], {
    environment: {},
    folder: "/",
    signal: new AbortController().signal,
    maxOutputBytes: 4,
    told: () => {},
  });
  // The beginning without gaps, whatever came after.
  assert.deepEqual([cut.stdout, cut.stderr, cut.truncated], ["1234", "no\n", ["stdout"]]);
});
