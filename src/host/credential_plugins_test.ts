import assert from "node:assert/strict";
import { simulatedHost } from "../actions/testing/simulated_host.ts";
import type { ExecPlugin } from "../kube/config/kubeconfig.ts";
import { pluginGate } from "./credential_plugins.ts";

/** Returns a plugin of this command. */
function plugin(command: string, args: readonly string[] = [], variables = {}): ExecPlugin {
  return {
    apiVersion: "client.authentication.k8s.io/v1",
    command,
    args,
    env: Object.entries<string>(variables).map(([name, value]) => ({ name, value })),
    installHint: undefined,
    provideClusterInfo: false,
    interactiveMode: "Never",
  };
}

/** Returns the gate of a user who answers so, with the questions to the user. */
function gateOf(answer: boolean | undefined, config?: string) {
  const files = config === undefined ? {} : { "/config/config.yaml": config };
  const simulated = simulatedHost({}, { files });
  const questions: string[] = [];
  const ask = () =>
    answer === undefined ? undefined : (question: string) => {
      questions.push(question);
      return Promise.resolve(answer);
    };
  const allows = pluginGate(simulated.host, { ask, warn: assert.fail });
  const gate = (...of: Parameters<typeof plugin>) => allows(plugin(...of));
  return { gate, questions, config: () => simulated.files.get("/config/config.yaml") };
}

Deno.test("a plugin that is allowed once is allowed from then on", async () => {
  const first = gateOf(true, "exec:\n  fanout: 8 # mine\n");
  assert.deepEqual(await Promise.all(["/opt/login", "/opt/login"].map((one) => first.gate(one))), [
    true,
    true,
  ]);
  assert.deepEqual(first.questions, [
    "The kubeconfig gets its credentials from the program /opt/login, which kodama doesn't know. " +
    "Start it, now and from now on?",
  ]);
  assert.match(first.config() ?? "", /fanout: 8 # mine[^]*plugins:[^]*\/opt\/login/);
  const later = gateOf(undefined, first.config());
  assert.equal(await later.gate("/opt/login"), true);
  assert.equal(await later.gate("/tmp/login"), false);
  const other = gateOf(true, first.config());
  await other.gate("rancher");
  const both = gateOf(undefined, other.config());
  assert.deepEqual(await Promise.all(["/opt/login", "rancher"].map((one) => both.gate(one))), [
    true,
    true,
  ]);
});

Deno.test("a plugin that the user refuses, or that no one can be asked about, isn't started", async () => {
  for (const answer of [false, undefined]) {
    const { gate, config } = gateOf(answer);
    assert.equal(await gate("login"), false);
    assert.equal(config(), undefined);
  }
});

Deno.test("a yes to a shell, an interpreter or an own program is one to exactly these args and variables", async () => {
  for (const command of ["sh", "/bin/bash", "python3.12", "env", "kubectl", "aws"]) {
    const first = gateOf(true);
    assert.equal(await first.gate(command, ["-c", "vault --token s3cret"], { A: "b" }), true);
    const [question = ""] = first.questions;
    assert.match(question, /\n {2}A=b \S+ -c 'vault --token \[redacted\]'\n/);
    assert.doesNotMatch(first.config() ?? "", /s3cret|vault/);
    const later = gateOf(undefined, first.config());
    assert.equal(await later.gate(command, ["-c", "vault --token s3cret"], { A: "b" }), true);
    assert.equal(await later.gate(command, ["-c", "rm -rf ~"], { A: "b" }), false);
    assert.equal(await later.gate(command, ["-c", "vault --token s3cret"], { A: "c" }), false);
    assert.equal(await later.gate(command, ["-c", "vault --token s3cret"]), false);
  }
});
