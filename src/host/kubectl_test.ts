/** The user's own kubectl, as a program of this machine. */
import assert from "node:assert/strict";
import { MemoryTerminal } from "../terminal/testing/memory_terminal.ts";
import { machineHost } from "./host.ts";
import { writeProgram } from "../base/testing/program_file.ts";

Deno.test("kubectl uses the kubeconfig that kodama was given, and otherwise that of the environment", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-kubectl-" });
  const path = Deno.env.get("PATH") ?? "";
  try {
    const program = `${folder}/kubectl`;
    await writeProgram(program, '#!/bin/sh\necho "${KUBECONFIG-none} $*"\n');
    Deno.env.set("PATH", `${folder}:${path}`);
    for (
      const { kubeconfig, expected } of [
        { kubeconfig: "/k/lab", expected: "/k/lab describe pods" },
        {
          kubeconfig: undefined,
          expected: `${Deno.env.get("KUBECONFIG") ?? "none"} describe pods`,
        },
      ]
    ) {
      const host = machineHost({
        terminal: new MemoryTerminal(),
        environment: (name) => Deno.env.get(name),
        kubeconfig,
      });
      const kubectl = await host.kubectl();
      const { stdout } = await kubectl.read(["describe", "pods"], {
        stderr: "read",
        maxBytes: 1000,
        signal: new AbortController().signal,
      });
      assert.equal(stdout.trim(), expected);
    }
  } finally {
    Deno.env.set("PATH", path);
    await Deno.remove(folder, { recursive: true });
  }
});
