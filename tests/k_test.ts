/** `kodama k` from its args to the program that runs: what runs, what is asked and with which question, what is refused. */
import assert from "node:assert/strict";
import type { KubectlProgram } from "../src/actions/kubectl/program.ts";
import { simulatedHost } from "../src/actions/testing/simulated_host.ts";
import type { Invocation } from "../src/cli/invocation.ts";
import { MemoryLog } from "../src/base/testing/memory_log.ts";
import { programOf } from "../src/cli/program.ts";
import { run } from "../src/cli/run.ts";
import { MemoryTerminal } from "../src/terminal/testing/memory_terminal.ts";

interface Fixture {
  /** What is typed at the question; undefined without a terminal. */
  typed?: string;
  /** What is piped into standard input. */
  piped?: string;
  config?: string;
  manifest?: string;
  /** What the dry run prints. */
  dryRun?: DryRun;
  /** What the dry runs after it print; that of `dryRun` if there are no more. */
  laterDryRuns?: readonly DryRun[];
  /** The objects as they are. */
  current?: string;
  /** The objects after a run. */
  later?: string;
}

interface DryRun {
  stdout?: string;
  stderr?: string;
  exitCode?: number;
}

/** What happened: the command lines that ran, and those that were only read. */
interface Played {
  code: number;
  ran: string[];
  read: string[];
  input: string | undefined;
  stdout: string;
  stderr: string;
  log: MemoryLog;
}

async function play(line: string, fixture: Fixture = {}): Promise<Played> {
  const { typed, piped } = fixture;
  const played: Played = {
    code: 0,
    ran: [],
    read: [],
    input: undefined,
    stdout: "",
    stderr: "",
    log: new MemoryLog(),
  };
  const dryRuns = fixture.laterDryRuns === undefined
    ? []
    : [fixture.dryRun ?? {}, ...fixture.laterDryRuns];
  const text = (input: Uint8Array | undefined) => input && new TextDecoder().decode(input);
  const kubectl: KubectlProgram = {
    run: (args, { input }) => {
      played.ran.push(args.join(" "));
      played.input = text(input);
      return Promise.resolve(args.includes("edit") ? 0 : 7);
    },
    read: (args, { input }) => {
      played.read.push(args.join(" "));
      if (piped !== undefined && args.includes("-")) assert.equal(text(input), piped);
      const isDry = args.includes("--dry-run=server");
      const { stdout = "", stderr = "", exitCode = 0 } = isDry
        ? dryRuns.shift() ?? fixture.dryRun ?? {}
        : { stdout: (played.ran.length > 0 ? fixture.later : undefined) ?? fixture.current ?? "" };
      return Promise.resolve({ exitCode, stdout, stderr, isTruncated: false });
    },
  };
  const { host } = simulatedHost({ lab: {}, prod: { server: "https://prod:6443" } }, {
    log: played.log.log,
    files: {
      "/config/config.yaml": fixture.config ?? "",
      ...(fixture.manifest === undefined ? {} : { "/project/x.yaml": fixture.manifest }),
    },
  });
  // Each question reads one line, and goes on where the one before stopped.
  const lines = (typed ?? "").split(/(?<=\n)/);
  const next = () => {
    const value = lines.shift();
    return Promise.resolve(value === undefined ? { value: "", done: true } : { value });
  };
  const keyboard = new MemoryTerminal({
    terminals: ["stdin"],
    input: { [Symbol.asyncIterator]: () => ({ next }) } as AsyncIterable<string>,
  });
  const terminal = new MemoryTerminal({
    terminals: typed === undefined ? [] : ["stderr"],
    input: piped === undefined ? [] : [piped],
  });
  terminal.keyboard = () => typed === undefined ? undefined : keyboard.stdin;
  const invocation = {
    program: programOf("kodama"),
    terminal,
    signals: { listen: () => ({ [Symbol.dispose]: () => {} }) },
    environment: (name: string) => name === "TERM" ? "dumb" : undefined,
    willDial: () => {},
    host: () => Promise.resolve({ ...host, kubectl: () => Promise.resolve(kubectl) }),
  } as unknown as Invocation;
  played.code = await run(["k", ...line.split(" ")], invocation);
  played.stdout = terminal.written("stdout");
  played.stderr = terminal.written("stderr");
  return played;
}

Deno.test("k runs what only reads at once, unchanged, and returns kubectl's exit code", async () => {
  for (
    const line of ["-n web get pods -o wide", "exec x -- ls --yes", "delete --help", "logs x -f"]
  ) {
    const { code, ran, read, stderr } = await play(line);
    assert.deepEqual([code, ran, read, stderr], [7, [line], [], ""], line);
  }
});

Deno.test("k confirms a change: with --yes, on the terminal, or not at all", async () => {
  const line = "delete pod web-0";
  const refused = await play(line);
  refused.log.assertLogged("info", /^kubectl delete pod web-0: change, lab, asks$/);
  assert.deepEqual([refused.code, refused.ran], [2, []]);
  assert.equal(
    refused.stderr,
    "error: refusing to run kubectl delete pod web-0 (context lab) without confirmation\n" +
      "hint: pass --yes to confirm, or --dry-run=server to see what it would do\n",
  );
  const withoutDryRun = await play("exec web-0 -- rm x");
  assert.match(withoutDryRun.stderr, /\nhint: pass --yes to confirm\n$/);
  assert.deepEqual((await play(`${line} --yes`)).ran, [line]);
  const declined = await play(line, { typed: "n\n" });
  assert.deepEqual([declined.code, declined.ran], [1, []]);
  const agreed = await play(line, { typed: "y\n", dryRun: { stdout: "pod/web-0\n" } });
  assert.deepEqual([agreed.code, agreed.ran], [7, [line]]);
  const choice = agreed.read[1] ?? "";
  assert.match(choice, /^get --no-headers .* pod web-0$/);
  const look = [`${line} --dry-run=server --output name`, choice];
  assert.deepEqual(agreed.read, [...look, ...look]);
  assert.equal(
    agreed.stderr,
    "kubectl delete pod web-0\n" +
      "  context    lab  (https://lab:6443)\n" +
      "  namespace  default\n" +
      "  deletes    pod/web-0\n" +
      "Run it? [y/N] ",
  );
});

Deno.test("k asks on the terminal about what it reads from a pipe, and passes all of it on", async () => {
  const piped = "kind: Namespace\nmetadata: {name: n}\n";
  const { stderr, ran, input } = await play("apply -f -", {
    typed: "y\n",
    piped,
    dryRun: { exitCode: 1, stderr: "error: no\u001b[31m such kind\n" },
  });
  assert.deepEqual([ran, input], [["apply -f -"], piped]);
  assert.equal(
    stderr,
    "kubectl apply -f -\n" +
      "  context    lab  (https://lab:6443)\n" +
      "  namespace  default\n" +
      "  errors     which the command itself may have too:\n" +
      "    error: no\\x1b[31m such kind\n" +
      "  dangerous  others depend on namespaces, or it can't be brought back\n" +
      "Run it? [y/N] ",
  );
});

Deno.test("k shows the difference between the objects and the dry run's", async () => {
  const object = (value: string) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "a", namespace: "web" },
    data: { key: value },
  });
  const { stderr, read } = await play("--context prod apply -f x.yaml", {
    typed: "n\n",
    manifest: JSON.stringify(object("new")),
    dryRun: {
      stdout: JSON.stringify({
        kind: "List",
        items: [object("new"), { ...object("1"), metadata: { name: "b", namespace: "web" } }],
      }),
    },
    current: JSON.stringify(object("old")),
  });
  assert.equal(
    read[1],
    "--context=prod --namespace web get --ignore-not-found --output json configmap.v1./a configmap.v1./b",
  );
  assert.equal(
    stderr,
    "kubectl --context prod apply -f x.yaml\n" +
      "  context    prod  (https://prod:6443)\n" +
      "  namespace  default\n" +
      "  creates    web/configmap/b\n" +
      "  changes    web/configmap/a\n" +
      "  configmap/a\n" +
      "      apiVersion: v1\n" +
      "      data:\n" +
      "    -   key: old\n" +
      "    +   key: new\n" +
      "      kind: ConfigMap\n" +
      "      metadata:\n" +
      "        name: a\n" +
      "Run it? [y/N] error: cancelled; nothing was changed\n",
  );
});

Deno.test("k prints objects within a budget, and names what they lack", async () => {
  const pod = (name: string) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, uid: "x".repeat(36), annotations: { long: "y".repeat(2000) } },
    status: { phase: "Running" },
  });
  const current = JSON.stringify({ kind: "List", items: [pod("a"), pod("b")] });
  const { code, stdout, stderr, read } = await play("get pods -o yaml --budget 300", { current });
  assert.deepEqual([code, read], [0, ["get pods -o yaml --output json"]]);
  assert.match(stdout, /kind: List\n.*name: a\n.*phase: Running\n.*name: b\n/s);
  assert.ok(stdout.length <= 300, stdout);
  assert.equal(
    stderr,
    "omitted for --budget 300: items[].metadata.annotations, items[].metadata.uid\n",
  );
  assert.equal((await play("get pods --budget 300")).code, 2);
  assert.equal((await play("delete pods x -o yaml --budget 300 --yes")).code, 2);
});

Deno.test("k follows the policy of the context, which a plugin's rating and a danger can't weaken", async () => {
  const config = "gate:\n  contexts: {lab: allow}\n  kubectl: {neat: read}\n";
  const table: [line: string, code: number][] = [
    ["label pod x a=b", 7],
    ["delete pod x --force", 2],
    ["delete pod x --force --yes", 7],
    ["other", 2],
    ["neat", 7],
    ["apply -f x.yaml", 7],
    ["apply -f y.yaml", 2],
  ];
  for (const [line, code] of table) {
    const played = await play(line, { config, manifest: "kind: ConfigMap\nmetadata: {name: a}\n" });
    assert.equal(played.code, code, `${line}: ${played.stderr}`);
  }
});

Deno.test("k edit shows what the editor has changed, and passes a failure on", async () => {
  const object = (value: string, kind = "ConfigMap") =>
    JSON.stringify({
      apiVersion: "v1",
      kind,
      metadata: { name: "a", namespace: "web", resourceVersion: value },
      data: { key: value },
    });
  const line = "--context prod edit -n web cm/a --yes";
  const changed = await play(line, { current: object("old"), later: object("new") });
  assert.deepEqual([changed.code, changed.ran], [0, ["--context prod edit -n web cm/a"]]);
  assert.deepEqual(changed.read, [
    "--context=prod get --ignore-not-found --output json -n web cm/a",
    "--context=prod get --ignore-not-found --output json -n web cm/a",
  ]);
  assert.match(changed.stderr, /^ {2}configmap\/a\n[^]* {4}- {3}key: old\n {4}\+ {3}key: new\n/);
  const secret = await play(line, {
    current: object("b2xkLXNlY3JldA==", "Secret"),
    later: object("bmV3LXNlY3JldA==", "Secret"),
  });
  assert.match(secret.stderr, /key: "?\*\*\* \(after\)/);
  assert.doesNotMatch(secret.stderr, /LXNlY3JldA/);
  const same = await play(line, { current: object("old"), later: object("old") });
  assert.equal(same.stderr, "");
  // Objects that can't be read, as without the right to: the edit itself runs all the same.
  assert.deepEqual((await play(line)).ran, ["--context prod edit -n web cm/a"]);
});

Deno.test("k patch refuses what isn't a patch, at its position, before anything is asked or sent", async () => {
  const line = "patch deploy web --type=json -p [{op:add}] --yes";
  const { code, ran, read, stderr } = await play(line);
  assert.deepEqual([code, ran, read], [1, [], []]);
  assert.match(stderr, /^error: --patch:1:\d+: /);
});

Deno.test("k label and annotate over a selection show what is overwritten", async () => {
  const pod = (name: string, tier?: string) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "web", labels: { app: "web", ...(tier && { tier }) } },
  });
  const list = (...items: unknown[]) => JSON.stringify({ kind: "List", items });
  const { stderr, ran } = await play("label pods -l app=web tier=new --overwrite", {
    typed: "n\n",
    dryRun: { stdout: list(pod("a", "new"), pod("b", "new")) },
    current: list(pod("a", "old"), pod("b")),
  });
  assert.deepEqual(ran, []);
  assert.match(stderr, /changes {4}web\/pod\/a, web\/pod\/b {2}\(2\)\n/);
  assert.match(stderr, /pod\/a\n[^]*- {5}tier: old\n {4}\+ {5}tier: new\n[^]*pod\/b\n/);
  assert.match(stderr, /dangerous {2}-l app=web chooses the objects/);
});

Deno.test("k auth reads at once; a token of the command line is in no log and no question", async () => {
  for (const line of ["auth can-i delete pods", "auth can-i --list", "auth whoami"]) {
    assert.deepEqual((await play(line)).ran, [line]);
  }
  const token = "eyJhbGciOiJSUzI1NiJ9.c2VjcmV0LXRva2VuLXZhbHVl.c2ln";
  for (const flag of [`--token=${token}`, `--token ${token}`]) {
    for (const typed of ["n\n", undefined]) {
      const { stderr, log, ran } = await play(
        `delete pod x ${flag}`,
        typed === undefined ? {} : { typed },
      );
      assert.deepEqual(ran, []);
      assert.match(stderr, /\[redacted\]/);
      assert.doesNotMatch(stderr + JSON.stringify(log.records), /c2VjcmV0/);
    }
  }
});

Deno.test("k asks again if more would happen after the yes than the question said", async () => {
  const grown = { stdout: "pod/a\npod/b\n" };
  const line = "delete pods -l app=web";
  const dryRun = { stdout: "pod/a\n" };
  const again = await play(line, { typed: "y\ny\n", dryRun, laterDryRuns: [grown, grown] });
  assert.deepEqual(again.ran, [line]);
  assert.match(
    again.stderr,
    /deletes {4}pod\/a\n[^]*Run it\? [^]* again {6}more would happen [^]*deletes {4}pod\/a, pod\/b {2}\(2\)/,
  );
  const declined = await play(line, { typed: "y\nn\n", dryRun, laterDryRuns: [grown] });
  assert.deepEqual([declined.code, declined.ran], [1, []]);
  const fewer = await play(line, { typed: "y\n", dryRun: grown, laterDryRuns: [dryRun] });
  assert.deepEqual(fewer.ran, [line]);
});

Deno.test("k gives kubectl the manifests that it has shown, and those that it has rated", async () => {
  const manifest = "kind: ConfigMap\nmetadata: {name: a}\n";
  const asked = await play("apply -f x.yaml --server-side", { typed: "y\n", manifest });
  assert.deepEqual(asked.ran, ["apply --server-side --filename -"]);
  assert.equal(asked.input, manifest);
  assert.match(asked.stderr, /^kubectl apply -f x\.yaml --server-side\n/);
  const allowed = await play("apply -f x.yaml", {
    config: "gate: {contexts: {lab: allow}}\n",
    manifest,
  });
  assert.deepEqual([allowed.ran, allowed.input], [["apply --filename -"], manifest]);
  // Nothing was shown.
  assert.deepEqual((await play("apply -f x.yaml --yes", { manifest })).ran, ["apply -f x.yaml"]);
});

Deno.test("k takes a kind without a name for all of its objects, and lists them", async () => {
  const config = "gate:\n  contexts: {lab: allow}\n";
  const line = "rollout restart deploy";
  const refused = await play(line, { config });
  assert.deepEqual([refused.code, refused.ran], [2, []]);
  const current = ["d1", "d2"].map((name) =>
    `apps/v1   Deployment   default   ${name}   uid-${name}   <none>\n`
  ).join("");
  const { stderr } = await play(line, { config, typed: "n\n", current });
  assert.match(stderr, /changes {4}deployment\.apps\/d1, deployment\.apps\/d2 {2}\(2\)\n/);
  assert.match(stderr, /dangerous {2}no name is given: it may be all deployments\n/);
});

Deno.test("k follows a policy to its server, by whatever context or flag a line goes there", async () => {
  const byServer = "gate: {servers: {'prod:6443': read-only}}\n";
  const byContext = "gate: {contexts: {prod: read-only}}\n";
  const line = "delete pod x --yes";
  for (const config of [byServer, byContext]) {
    for (
      const there of ["--context prod", "--server https://prod:6443/", "-s https://PROD:6443"]
    ) {
      const { code, ran, stderr } = await play(`${there} ${line}`, { config });
      assert.deepEqual([code, ran], [1, []], `${there}: ${stderr}`);
      assert.match(stderr, /is read-only\n/);
    }
    // Which server that is isn't known here.
    assert.equal((await play(`--cluster other ${line}`, { config })).code, 1);
    assert.equal((await play(line, { config })).code, 7);
    assert.equal((await play("--context prod get pods", { config })).code, 7);
  }
  const allowed = "gate: {contexts: {lab: allow}, servers: {lab: ask}}\n";
  assert.equal((await play("label pod x a=b", { config: allowed })).code, 2);
});

Deno.test("k rollout undo changes a workload also if its revisions can't be read", async () => {
  const web = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "default", uid: "1" },
  };
  const { stderr } = await play("rollout undo deploy/web", {
    typed: "n\n",
    dryRun: { stdout: JSON.stringify(web) },
  });
  assert.match(stderr, /^ {2}changes {4}deployment\.apps\/web$/m);
});
