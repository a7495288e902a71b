import { commandHint } from "../../present/hints.ts";
import assert from "node:assert/strict";
import { defineCommand } from "./command.ts";
import { BadValue, text, value } from "./flag.ts";
import type { HostOptions, Invocation } from "../invocation.ts";
import { leaves } from "./node.ts";
import { badValueError } from "../../operation/field.ts";
import { resolveArgs, sortArgs } from "./parse.ts";
import { tree } from "../tree.ts";
import { withGlobalFlags } from "./global_flags.ts";
import { kubeconfigFlag } from "./scope_flags.ts";

/** Returns the host's options from a command line, and what the command itself was given. */
async function hostOptionsOf(line: readonly string[], variable?: string) {
  const seen: { host?: HostOptions | undefined; flags?: unknown; given?: unknown } = {};
  const command = withGlobalFlags(defineCommand({
    description: "",
    flags: { "exclude-lines": value("", text) },
    examples: {},
    resolve: ({ flags, given }) => {
      seen.flags = flags;
      seen.given = [...given];
    },
    run: async (_options, { host }) => {
      await host({ kubeconfig: "/k" });
      return 0;
    },
  }));
  const sorted = await sortArgs(command, line, "kodama x");
  const environment = (name: string) => name === "KODAMA_VERBOSE" ? variable : undefined;
  const raw = { ...sorted, trailing: undefined };
  const run = command.prepare(resolveArgs(command, raw, { environment, spoken: "kodama x" }));
  const host = (options?: HostOptions) => {
    seen.host = options;
    return Promise.resolve({});
  };
  await run({ host } as unknown as Invocation);
  return seen;
}

Deno.test("--kubeconfig reaches every host of a command, which needn't pass it on", async () => {
  const asked: (HostOptions | undefined)[] = [];
  const command = defineCommand({
    description: "",
    flags: { kubeconfig: kubeconfigFlag },
    examples: {},
    resolve: () => ({}),
    run: async (_options, { host }) => {
      await host();
      await host({ readOnly: true });
      return 0;
    },
  });
  const host = (options?: HostOptions) => {
    asked.push(options);
    return Promise.resolve({});
  };
  for (const line of [[], ["--kubeconfig", "/k"]]) {
    const raw = { ...await sortArgs(command, line, "kodama x"), trailing: undefined };
    const words = resolveArgs(command, raw, { environment: () => undefined, spoken: "kodama x" });
    await command.prepare(words)({ host } as unknown as Invocation);
  }
  const kubeconfig = "/k";
  assert.deepEqual(asked, [
    ...[undefined, { readOnly: true }],
    ...[{ kubeconfig }, { readOnly: true, kubeconfig }],
  ]);
});

Deno.test("-v and --read-only reach the host, in every spelling, and never the command", async () => {
  const none = { kubeconfig: "/k" };
  const cases: [line: string[], host: HostOptions, variable?: string][] = [
    [[], none],
    [["-v", "0"], none],
    [["-v0"], none, "6"],
    [["-v6"], { ...none, verbosity: 6 }],
    [["-v=7"], { ...none, verbosity: 7 }],
    [["--verbose", "8"], { ...none, verbosity: 8 }],
    [["--v=9"], { ...none, verbosity: 9 }],
    [[], { ...none, verbosity: 6 }, "6"],
    [["--read-only", "-v6"], { ...none, verbosity: 6, readOnly: true }],
    [["--read-only=false"], none],
  ];
  for (const [line, host, variable] of cases) {
    assert.deepEqual(
      await hostOptionsOf(line, variable),
      { host, flags: { "exclude-lines": undefined }, given: [] },
      line.join(" "),
    );
  }
});

Deno.test("kubectl's flags of a connection reach the host, and the command's line has no token", async () => {
  const seen: { host?: HostOptions | undefined; line?: readonly string[]; panes?: unknown } = {};
  const command = withGlobalFlags(defineCommand({
    description: "",
    flags: { "exclude-lines": value("", text) },
    examples: {},
    resolve: ({ line }) => void (seen.line = line),
    run: async (_options, { host, multiplexer }) => {
      await host();
      seen.panes = await multiplexer().catch((error: unknown) => error);
      return 0;
    },
  }));
  const connectionOf = async (...line: string[]) => {
    const sorted = await sortArgs(command, line, "kodama x");
    const raw = { ...sorted, trailing: undefined, line };
    const words = resolveArgs(command, raw, { environment: () => undefined, spoken: "kodama x" });
    await command.prepare(words)({
      host: (options?: HostOptions) => {
        seen.host = options;
        return Promise.resolve({});
      },
      multiplexer: () => Promise.resolve("tmux"),
    } as unknown as Invocation);
    return seen.host?.connection;
  };
  assert.deepEqual(
    await connectionOf("--as", "jane", "--as-group=a", "--as-group", "b", "--as-uid=7"),
    { as: "jane", asGroups: ["a", "b"], asUid: "7" },
  );
  assert.match(String(seen.panes), /panes use the kubeconfig's own server and user/);
  assert.deepEqual(
    await connectionOf("--server=https://a", "--cluster", "c", "--user=u", "--request-timeout=2"),
    { server: "https://a", cluster: "c", user: "u", requestTimeoutMs: 2000 },
  );
  assert.deepEqual(await connectionOf("--request-timeout", "1m"), { requestTimeoutMs: 60_000 });
  assert.equal(seen.panes, "tmux");
  assert.deepEqual(await connectionOf("--request-timeout=0"), { requestTimeoutMs: 0 });
  // An empty variable must not give back the user's own rights.
  await assert.rejects(connectionOf("--as="), { message: "it is empty" });
  for (const line of [["--token", "secret", "--as=a"], ["--as=a", "--token=secret"]]) {
    assert.deepEqual(await connectionOf(...line), { as: "a", token: "secret" });
    assert.deepEqual(seen.line, ["--as=a"]);
  }
  await assert.rejects(connectionOf("--request-timeout=1x"), {
    message: "must be seconds, or a duration such as 30s or 2m",
  });
});

Deno.test("-v with a text names the flag that excludes lines", async () => {
  for (const bad of ["10", "-1", "6.5", "error"]) {
    const error: unknown = await hostOptionsOf([`-v=${bad}`]).catch((error) => error);
    if (!(error instanceof BadValue)) throw new Error(`${bad} is taken`);
    const { message, hint } = await badValueError(error);
    assert.match(message, /for --verbose: must be a whole number from 0 to 9/);
    assert.match(commandHint(hint ?? ""), /--exclude-lines RE/);
  }
});

Deno.test("every command that connects to a cluster has --read-only and -v, and no other has a -v", async () => {
  for (const [path, leaf] of leaves(tree)) {
    const { command } = await leaf.load();
    const letters = Object.entries(command.flags).filter(([, { short }]) => short === "v");
    assert.deepEqual(letters.map(([name]) => name), leaf.dials ? ["verbose"] : [], path.join(" "));
    const isReadOnly = Object.hasOwn(command.flags, "read-only");
    // One passes it to kubectl's client, the other to the server that it registers.
    const has = leaf.dials || ["k", "mcp install"].includes(path.join(" "));
    assert.equal(isReadOnly, has, path.join(" "));
  }
});
