/** Programs that steps of workflows run on this machine. */
import assert from "node:assert/strict";
import { MemoryTerminal } from "../terminal/testing/memory_terminal.ts";
import { machineHost } from "./host.ts";

Deno.test("programs of steps get kodama's kubeconfig with absolute paths: they run in another folder", async () => {
  const here = Deno.cwd();
  for (
    const { kubeconfig, variable, expected } of [
      { kubeconfig: undefined, variable: "lab:/k/prod", expected: `${here}/lab:/k/prod` },
      { kubeconfig: "lab", variable: "prod", expected: `${here}/lab` },
    ]
  ) {
    const host = machineHost({
      terminal: new MemoryTerminal(),
      environment: (name) => name === "KUBECONFIG" ? variable : Deno.env.get(name),
      kubeconfig,
    });
    const { local } = await host.workflowMachine();
    const { stdout } = await local.run(["printenv", "KUBECONFIG"], {
      environment: {},
      folder: "/",
      signal: new AbortController().signal,
      maxOutputBytes: 1000,
      onLine: () => {},
    });
    assert.equal(stdout.trim(), expected);
  }
});
