/** Command lines -> their options: kubectl's conventions, one line each. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { KodamaError } from "../../base/errors.ts";
import { choose } from "../run.ts";
import { defineCommand, type ParsedArgs } from "./command.ts";
import {
  BadValue,
  choice,
  count,
  durationMs,
  type Flags,
  text,
  toggle,
  value,
  valueOr,
  values,
} from "./flag.ts";
import { badValueError } from "../../operation/field.ts";
import { resolveArgs, sortArgs } from "./parse.ts";
import { programOf } from "../program.ts";

const modes = choice(["prefix", "fold"]);

const sample = defineCommand({
  description: "For tests.",
  operands: [{ name: "POD", arity: "any" }],
  trailing: "required",
  flags: {
    namespace: values("", text, { short: "n" }),
    match: values("", text, { short: "m" }),
    stdin: toggle("", { short: "i" }),
    tty: toggle("", { short: "t" }),
    fanout: value("", count, { variable: "KODAMA_FANOUT" }),
    timeout: value("", durationMs),
    mode: valueOr("", modes, "prefix"),
  },
  examples: {},
  resolve: (args) => args,
  run: () => Promise.resolve(0),
});

async function parse(
  line: readonly string[],
  environment: Record<string, string> = {},
): Promise<ParsedArgs<Flags>> {
  const dashes = line.indexOf("--");
  const ours = dashes < 0 ? line : line.slice(0, dashes);
  const sorted = await sortArgs(sample, ours, "kodama sample");
  const raw = { ...sorted, trailing: dashes < 0 ? undefined : line.slice(dashes + 1) };
  return resolveArgs(sample, raw, {
    environment: (name) => environment[name],
    spoken: "kodama sample",
  });
}

const nothing = {
  namespace: [],
  match: [],
  stdin: false,
  tty: false,
  fanout: undefined,
  timeout: undefined,
  mode: "prefix",
};

const spellings: readonly (readonly [line: string[], flags: object, operands?: string[]])[] = [
  [["-n", "prod"], { namespace: ["prod"] }],
  [["-nprod"], { namespace: ["prod"] }],
  [["-n=prod"], { namespace: ["prod"] }],
  [["--namespace", "prod"], { namespace: ["prod"] }],
  [["--namespace=prod"], { namespace: ["prod"] }],
  [["--namespace="], { namespace: "error" }],
  [["-n", "a", "-n", "b", "--namespace=c"], { namespace: ["a", "b", "c"] }],
  [["-it"], { stdin: true, tty: true }],
  [["-ti", "web-0"], { stdin: true, tty: true }, ["web-0"]],
  [["-itn", "prod"], { stdin: true, tty: true, namespace: ["prod"] }],
  [["-itnprod"], { stdin: true, tty: true, namespace: ["prod"] }],
  [["-itn=prod"], { stdin: true, tty: true, namespace: ["prod"] }],
  [["--tty"], { tty: true }],
  [["--tty=true"], { tty: true }],
  [["--tty=false"], { tty: false }],
  [["--tty=1"], { tty: true }],
  [["-t=false"], { tty: false }],
  [["-it=false"], { stdin: true, tty: false }],
  [["--tty", "--tty=false"], { tty: false }],
  [["--tty=false", "-t"], { tty: true }],
  [["--tty", "false"], { tty: true }, ["false"]],
  [["web-0", "-n", "prod", "web-1"], { namespace: ["prod"] }, ["web-0", "web-1"]],
  [["-m", "--tty=false"], { match: ["--tty=false"] }],
  [["-m", "-n=x"], { match: ["-n=x"] }],
  [["-mx=y"], { match: ["x=y"] }],
  [["-m=x=y"], { match: ["x=y"] }],
  [["-m", "a b"], { match: ["a b"] }],
  [["--timeout", "1h30m"], { timeout: 5_400_000 }],
  [["--timeout=15s"], { timeout: 15_000 }],
  [["--fanout", "4", "--fanout", "8"], { fanout: 8 }],
  [["--mode", "fold"], { mode: "fold" }],
  [["-"], {}, ["-"]],
];

for (const [line, flags, operands = []] of spellings) {
  Deno.test(`words: ${line.join(" ")}`, async () => {
    if (Object.values(flags).includes("error")) return void await assert.rejects(parse(line));
    const args = await parse(line);
    assert.deepEqual({ ...args.flags }, { ...nothing, ...flags });
    assert.deepEqual(args.operands, operands);
  });
}

Deno.test("words after -- are never read", async () => {
  const args = await parse(["web-0", "--", "ls", "-n", "x", "--", "--tty"]);
  assert.deepEqual(args.flags, nothing);
  assert.deepEqual(args.trailing, ["ls", "-n", "x", "--", "--tty"]);
});

Deno.test("a variable stands in for a flag, and the flag wins", async () => {
  assert.equal((await parse([], { KODAMA_FANOUT: "7" })).flags["fanout"], 7);
  assert.equal((await parse(["--fanout=2"], { KODAMA_FANOUT: "7" })).flags["fanout"], 2);
  assert.equal((await parse([], { KODAMA_FANOUT: "" })).flags["fanout"], undefined);
});

Deno.test("a bad variable is named as the variable", async () => {
  const error = await parse([], { KODAMA_FANOUT: "many" }).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof BadValue);
  const reports = await badValueError(error);
  assert.equal(
    reports.message,
    'invalid value "many" for KODAMA_FANOUT: must be a whole number, 1 or more',
  );
});

Deno.test("`given` holds what the command line itself sets", async () => {
  const args = await parse(["-n", "a", "--tty=false"], { KODAMA_FANOUT: "7" });
  assert.deepEqual([...args.given].sort(), ["namespace", "tty"]);
});

Deno.test("property: operands and values come out as they went in, wherever flags stand", async () => {
  const arg = fc.stringMatching(/^[a-z0-9][a-z0-9.=/-]{0,8}$/);
  await fc.assert(
    fc.asyncProperty(fc.array(arg), fc.array(arg), fc.nat(), async (operands, names, seed) => {
      const flags = names.map((name, at) =>
        [["-n", name], [`-n=${name}`], ["--namespace", name], [`--namespace=${name}`]][
          (seed + at) % 4
        ] ?? []
      );
      const line = operands.flatMap((one, at) => [...flags[at] ?? [], one]);
      line.push(...flags.slice(operands.length).flat());
      const args = await parse(line);
      assert.deepEqual(args.operands, operands);
      assert.deepEqual(args.flags["namespace"], names);
    }),
    { numRuns: 200 },
  );
});

const chosen: readonly (readonly [program: string, line: string, path: string, words: string])[] = [
  ["kodama", "exec web-0 -n prod", "exec", "web-0 -n prod"],
  ["kodama", "-n prod exec web-0", "exec", "-n prod web-0"],
  ["kodama", "--namespace=prod exec", "exec", "--namespace=prod"],
  ["kodama", "-nprod --context east exec exec", "exec", "-nprod --context east exec"],
  ["kodama", "cluster up --world x", "cluster up", "--world x"],
  ["kodama", "cluster -o json status", "cluster status", "-o json"],
  ["kodama", "--version", "version", ""],
  ["kpod", "-m web", "exec", "-m web"],
  ["kpod", "version", "exec", "version"],
  ["kwekash", "--list", "run", "kwekash --list"],
  ["/usr/local/bin/kubectl-kodama", "pods", "pods", ""],
  ["C:\\tools\\kpod.exe", "web", "exec", "web"],
];

for (const [program, line, path, args] of chosen) {
  Deno.test(`chosen: ${program} ${line}`, async () => {
    const choice = await choose(line.split(" "), programOf(program));
    assert.ok(choice.kind === "command");
    assert.equal(choice.path.join(" "), path);
    assert.equal(choice.args.join(" "), args);
  });
}

Deno.test("--help is help anywhere before --, and the command's own word after it", async () => {
  const help = await choose(["exec", "web-0", "--help"], programOf("kodama"));
  assert.deepEqual([help.kind, help.path], ["help", ["exec"]]);
  const own = await choose(["exec", "web-0", "--", "ls", "--help"], programOf("kodama"));
  assert.equal(own.kind, "command");
  await assert.rejects(parse(["--help=all"]), { message: "--help takes no value" });
});

Deno.test("names of `Object.prototype` aren't commands", async () => {
  for (const arg of ["constructor", "__proto__", "toString"]) {
    await assert.rejects(choose([arg], programOf("kodama")), KodamaError);
    assert.equal(programOf(arg).spoken, "kodama");
  }
});
