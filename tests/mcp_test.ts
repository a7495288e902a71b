/** The MCP server on an embedded cluster, used by the official client, in both forms of the protocol. */
import { programOf } from "../src/cli/program.ts";
import assert from "node:assert/strict";
import { Client, type JSONRPCMessage, type Transport } from "@modelcontextprotocol/client";
import { wholeSelection } from "../src/actions/exec/events.ts";
import type { Host } from "../src/actions/host.ts";
import { agentTarget } from "../src/actions/session/agent_pod.ts";
import { run } from "../src/cli/run.ts";
import { machineHost } from "../src/host/host.ts";
import type { ExecChannel } from "../src/kube/client.ts";
import { mcpHttpHandler } from "../src/mcp/http.ts";
import { MemoryTerminal } from "../src/terminal/testing/memory_terminal.ts";
import { processInvocation } from "../src/wiring.ts";
import { readFileTool } from "../src/toolbox/pod_tools.ts";
import { thisMachine } from "./harness/cluster_in_process.ts";
import { startTestCluster, type TestCluster } from "./harness/embedded_cluster.ts";
import { hangLimitMs } from "./harness/hang_limit.ts";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";
import { openMcpSession } from "./harness/mcp_session.ts";

Deno.test("the MCP server", async (t) => {
  await using cluster: TestCluster = await startTestCluster("shop");
  const host = thisMachine({ ...cluster.env, KODAMA_CONFIG_DIR: `${cluster.folder}/config` });
  await using _client = await host.kube();
  const { pod, namespace } = await somePod(host);

  for (const modern of [false, true]) {
    const era = modern ? "modern" : "initialize";
    await t.step(`${era}: tools, resources and prompts are listed; reads run`, async () => {
      await using session = await openMcpSession(host, { modern });
      const { tools } = await session.client.listTools();
      assert.ok(!tools.some(({ name }) => name === "run_workflow"));
      assert.ok(tools.every(({ annotations }) => annotations?.readOnlyHint === true));
      const pods = await session.call("pods", { allNamespaces: true });
      assert.match(pods.text, new RegExp(pod), pods.text);
      const got = await session.call("get", { kind: "pod", name: pod, namespace });
      assert.match(got.text, /phase: Running/);
      assert.doesNotMatch(got.text, /managedFields/);
      const nodes = await session.call("get", { kind: "nodes" });
      assert.match(
        nodes.text,
        /^1 Node \(context kodama\)\nNAME {2}STATUS .*VERSION\n\S+ {2}Ready /,
      );
      const scheduled = { kind: "events", namespace, fieldSelector: "reason=Scheduled" };
      const events = await session.call("get", scheduled);
      assert.match(
        events.text,
        /^\d+m?s ago.* {2}Normal {2}Scheduled {2}Pod\/.*Successfully assigned/m,
      );
      const old = await session.call("get", { ...scheduled, since: 1 });
      assert.doesNotMatch(old.text, /Successfully/);
      const wrong = await session.call("get", { kind: "pods", since: 60_000 });
      assert.match(wrong.text, /`since` is for events/);
      const ran = await session.call("exec", {
        pods: [pod],
        namespaces: [namespace],
        command: ["hostname", "-s"],
      });
      assert.match(ran.text, /1 pod: 1 ok/, ran.text);
      const read = await session.call("read_file", {
        pods: [pod],
        namespaces: [namespace],
        path: "/etc/hostname",
      });
      assert.match(read.text, new RegExp(pod));
      assert.match((await session.call("logs", { namespaces: [namespace] })).text, /lines? of/);
      const waited = await session.call("wait", {
        objects: [`pod/${pod}`],
        namespace,
        timeoutMs: 5000,
      });
      assert.match(waited.text, /^met/);
      assert.match((await session.call("runs")).text, /hostname/);
      assert.match((await session.call("workflows")).text, /kwekash/);
      assert.match((await session.call("workflow", { name: "rolling-restart" })).text, /steps/);
      assert.match((await session.call("contexts")).text, /^kodama \(in use\)$/m);
      assert.match((await session.call("sessions")).text, /no sessions|NAME/);
      const { resources } = await session.client.listResources();
      const workflow = resources.find(({ uri }) => uri.endsWith("/kwekash"));
      const contents = (await session.client.readResource({ uri: workflow?.uri ?? "" })).contents;
      assert.match(JSON.stringify(contents), /weka/);
      const prompt = await session.client.getPrompt({
        name: "diagnose",
        arguments: { namespace: "a{{b}}", workload: "deploy/web" },
      });
      assert.match(JSON.stringify(prompt), /deploy\/web in the namespace a\{\{b\}\}/);
      const page = await session.client.readResource({ uri: "kodama://docs/selection" });
      assert.match(JSON.stringify(page.contents), /# Selection/);
    });

    await t.step(
      `${era}: arguments are completed from the cluster and from this machine`,
      async () => {
        await using session = await openMcpSession(host, { modern });
        const values = async (
          ref: { type: "ref/prompt"; name: string } | { type: "ref/resource"; uri: string },
          name: string,
          value: string,
          others?: Record<string, string>,
        ) =>
          (await session.client.complete({
            ref,
            argument: { name, value },
            ...(others === undefined ? {} : { context: { arguments: others } }),
          })).completion.values;
        const diagnose = { type: "ref/prompt" as const, name: "diagnose" };
        assert.deepEqual(await values(diagnose, "namespace", "defau"), ["default"]);
        const [workload = ""] = await values(diagnose, "workload", "", { namespace });
        assert.match(workload, /^(?:deploy|sts|ds)\/./);
        assert.deepEqual(await values(diagnose, "workload", "pod/" + pod, { namespace }), [
          `pod/${pod}`,
        ]);
        const workflows = { type: "ref/resource" as const, uri: "kodama://workflows/{name}" };
        assert.deepEqual(await values(workflows, "name", "kwek"), ["kwekash"]);
        const docs = { type: "ref/resource" as const, uri: "kodama://docs/{page}" };
        assert.deepEqual(await values(docs, "page", "workflow"), [
          "workflows",
          "workflow-reference",
        ]);
        // No suggestion, and no error: what doesn't exist, and what isn't an argument.
        assert.deepEqual(await values(diagnose, "toString", ""), []);
        assert.deepEqual(await values({ type: "ref/prompt", name: "other" }, "x", ""), []);
      },
    );

    await t.step(
      `${era}: a change is refused without the option, and without a client that asks`,
      async () => {
        const touch = { pods: [pod], namespaces: [namespace], command: ["touch", "/tmp/changed"] };
        await using reading = await openMcpSession(host, { modern, answer: () => true });
        const refused = await reading.call("exec", touch);
        assert.match(refused.text, /^forbidden: .*may change something/);
        assert.ok(refused.isError);
        assert.deepEqual(reading.questions, []);
        await using mute = await openMcpSession(host, { modern, allowChanges: true });
        const unasked = await mute.call("exec", touch).catch((error: Error) => error.message);
        assert.doesNotMatch(JSON.stringify(unasked), /1 ok/);
        assert.equal(await exists(host, { pod, namespace }, "/tmp/changed"), false);
      },
    );

    await t.step(`${era}: a person's answer decides a change, and only this one`, async () => {
      const file = `/tmp/approved-${era}`;
      const touch = { pods: [pod], namespaces: [namespace], command: ["touch", file] };
      await using no = await openMcpSession(host, {
        modern,
        allowChanges: true,
        answer: () => false,
      });
      assert.match((await no.call("exec", touch)).text, /declined/);
      assert.equal(await exists(host, { pod, namespace }, file), false);
      await using yes = await openMcpSession(host, {
        modern,
        allowChanges: true,
        answer: () => true,
      });
      assert.match((await yes.call("exec", touch)).text, /1 ok/);
      assert.equal(await exists(host, { pod, namespace }, file), true);
      assert.match(
        yes.questions[0] ?? "",
        new RegExp(`run: touch ${file}\\nin 1 pod of namespace ${namespace}.*: ${pod}`),
      );
    });

    await t.step(`${era}: a command that a person edits has a question of its own`, async () => {
      const [shown, edited] = [`/tmp/shown-${era}`, `/tmp/edited-${era}`];
      const touch = { pods: [pod], namespaces: [namespace], command: ["touch", shown] };
      for (const isAgreed of [false, true]) {
        await using session = await openMcpSession(host, {
          modern,
          allowChanges: true,
          answer: (question) =>
            question.includes(shown) ? { command: `touch "${edited}"` } : isAgreed,
        });
        const { text } = await session.call("exec", touch);
        assert.match(text, new RegExp(`^the person changed the command to: touch ${edited}\n`));
        assert.match(text, isAgreed ? /1 ok/ : /declined/);
        assert.match(session.questions[1] ?? "", new RegExp(`run: touch ${edited}\n`));
        assert.equal(session.questions.length, 2);
        assert.equal(await exists(host, { pod, namespace }, edited), isAgreed);
      }
      // What reads needs no question, and what isn't allowed is still refused.
      for (
        const [command, answer] of [
          ["hostname", /1 ok/],
          ["cat /run/secrets/x", /credentials/],
          ["touch a; touch b", /no shell runs this/],
        ] as const
      ) {
        await using session = await openMcpSession(host, {
          modern,
          allowChanges: true,
          answer: () => ({ command }),
        });
        assert.match((await session.call("exec", touch)).text, answer);
        assert.equal(session.questions.length, 1);
      }
      assert.equal(await exists(host, { pod, namespace }, shown), false);
    });

    if (modern) {
      await t.step("an approval that comes with another change isn't one for that", async () => {
        const touch = (file: string) => ({
          ...{ pods: [pod], namespaces: [namespace], command: ["touch", file] },
        });
        const tamper = (message: JSONRPCMessage): JSONRPCMessage =>
          "params" in message && message.params !== undefined && "inputResponses" in message.params
            ? { ...message, params: { ...message.params, arguments: touch("/tmp/other") } }
            : message;
        await using session = await openMcpSession(host, {
          modern,
          allowChanges: true,
          tamper,
          answer: (question) => question.includes("/tmp/shown"),
        });
        assert.match((await session.call("exec", touch("/tmp/shown"))).text, /^declined/);
        assert.match(session.questions[1] ?? "", /run: touch \/tmp\/other\n/);
        assert.equal(await exists(host, { pod, namespace }, "/tmp/other"), false);
      });
    }

    await t.step(`${era}: forwarded ports are approved, and end with the server`, async () => {
      const input = { target: pod, ports: ["8080"], namespace };
      let port = 0;
      {
        await using yes = await openMcpSession(host, {
          modern,
          allowChanges: true,
          answer: () => true,
        });
        const { text } = await yes.call("forward", input);
        const [, found] = /127\.0\.0\.1:(\d+) -> pod\/.*:8080/.exec(text) ?? [];
        port = Number(found);
        assert.throws(() => Deno.listen({ hostname: "127.0.0.1", port }), Deno.errors.AddrInUse);
        const question = new RegExp(
          `open local ports for 10 minutes that lead to ${pod} \\(8080\\)`,
        );
        assert.match(yes.questions[0] ?? "", question);
        const taken = await yes.call("forward", { ...input, ports: ["22:8080"] });
        assert.match(taken.text, /^usage: .*the target's port alone/);
      }
      await assert.rejects(readAt(port), isRefused);
      await using no = await openMcpSession(host, {
        modern,
        allowChanges: true,
        answer: () => false,
      });
      assert.match((await no.call("forward", input)).text, /^declined/);
    });
  }

  await t.step("a client that logs is notified of calls, as far as its level says", async () => {
    await using session = await openMcpSession(host);
    const logged: string[] = [];
    session.client.setNotificationHandler("notifications/message", ({ params }) => {
      logged.push(`${params.level} ${params.data}`);
    });
    await session.call("contexts");
    await session.client.setLoggingLevel("warning");
    await session.call("contexts");
    await session.call("get", { kind: "nonsense" });
    assert.deepEqual(logged.map((one) => one.split(/: /).slice(0, 2).join(": ")), [
      "info contexts: ok",
      "warning get: notFound",
    ]);
  });

  await t.step(
    "limited to a namespace: no other one, no other context, nothing without one",
    async () => {
      const limited = thisMachine(
        { ...cluster.env, KODAMA_CONFIG_DIR: `${cluster.folder}/config` },
        { only: { namespace } },
      );
      await using _limited = await limited.kube();
      await using session = await openMcpSession(limited, { onlyNamespace: namespace });
      const { tools } = await session.client.listTools();
      const names = ["pods", "top", "get", "logs", "exec", "read_file", "wait"];
      assert.deepEqual(tools.map(({ name }) => name).sort(), names.sort());
      assert.equal(session.client.getServerCapabilities()?.resources, undefined);
      assert.match((await session.call("pods", {})).text, new RegExp(pod));
      const command = ["hostname"];
      assert.match((await session.call("exec", { pods: [pod], command })).text, /1 ok/);
      const beyond: [string, Record<string, unknown>][] = [
        ["pods", { allNamespaces: true }],
        ["pods", { namespaces: ["kube-system"] }],
        ["pods", { contexts: ["other"] }],
        ["pods", { pods: ["kube-system/web-0"] }],
        ["get", { kind: "nodes" }],
        ["get", { kind: "secrets", namespace: "kube-system" }],
        ["get", { kind: "namespaces" }],
        ["get", { kind: "pods", allNamespaces: true }],
        ["exec", { pods: ["kube-system/web-0"], command }],
        ["logs", { namespaces: ["kube-system"] }],
        ["wait", { objects: ["node/n"], timeoutMs: 100 }],
      ];
      for (const [name, input] of beyond) {
        const answer = await session.call(name, input);
        assert.ok(answer.isError, `${name} ${JSON.stringify(input)}: ${answer.text}`);
        assert.match(answer.text, /only the namespace|only context|config: /, answer.text);
      }
    },
  );

  await t.step("a file with a key isn't read by programs that print parts of it", async () => {
    const [folder, file] = ["/tmp/kept", "/tmp/kept/config"];
    const key = "-----BEGIN PRIVATE KEY-----\nPLANTED0PLANTED1\n-----END PRIVATE KEY-----\n";
    const where = { pods: [pod], namespaces: [namespace] };
    await using yes = await openMcpSession(host, { allowChanges: true, answer: () => true });
    const write =
      `mkdir -p ${folder} && printf '%s' '${key}' >${file} && echo plain >${folder}.txt`;
    assert.match((await yes.call("exec", { ...where, command: ["sh", "-c", write] })).text, /1 ok/);
    const commands = [
      ["tail", "-n", "+2", file],
      ["tac", file],
      ["cut", "-c2-", file],
      ["od", "-An", "-c", file],
      ["grep", "-v", "BEGIN", file],
      ["grep", "-rhv", "BEGIN", folder],
      ["diff", `${folder}.txt`, file],
    ];
    for (const command of commands) {
      const { text } = await yes.call("exec", { ...where, command });
      assert.match(text, /^forbidden: this command would print credentials/, command.join(" "));
    }
    const plain = await yes.call("exec", {
      ...where,
      command: ["tail", "-n", "1", `${folder}.txt`],
    });
    assert.match(plain.text, /1 ok[\s\S]*plain/);
    const fromStart = await yes.call("read_file", { ...where, path: file });
    assert.doesNotMatch(fromStart.text, /PLANTED/);
  });

  await t.step("an input can't reach beyond its fields, and credentials aren't read", async () => {
    await using session = await openMcpSession(host);
    const inputs: [string, Record<string, unknown>, RegExp][] = [
      ["pods", { kubeconfig: "/etc/passwd" }, /kubeconfig|additional/i],
      ["pods", { as: "system:masters" }, /"as"|additional/i],
      ["exec", { command: ["id"], pods: [pod], outputFolder: "/tmp" }, /outputFolder|additional/i],
      ["exec", { command: ["id"] }, /no pods are chosen/],
      ["exec", { command: [], pods: [pod] }, /command/],
      [
        "read_file",
        { pods: [pod], path: "/var/run/secrets/kubernetes.io/serviceaccount/token" },
        /credentials/,
      ],
      ["read_file", { pods: [pod], path: "/proc/1/environ" }, /credentials/],
      ["read_file", { pods: [pod], path: "relative" }, /absolute/],
      ["exec", { command: ["cat", "/run//./secrets/x"], pods: [pod] }, /credentials/],
      ["workflow", { name: "../../../etc/passwd" }, /^notFound: no workflow/],
      ["run", { id: "../config" }, /^(?:notFound|usage)/],
      ["get", { kind: "nonsense" }, /no kind "nonsense"/],
      ["logs", { pods: ["gone-0"], namespaces: [namespace] }, /gone-0/],
    ];
    for (const [name, input, expected] of inputs) {
      const answer = await session.call(name, input)
        .catch((error: Error) => ({ text: error.message, isError: true }));
      assert.ok(answer.isError, `${name} ${JSON.stringify(input)}: ${answer.text}`);
      assert.match(answer.text, expected);
    }
  });

  await t.step(
    "over HTTP: only with the token, and only by names and pages of this machine",
    async () => {
      const token = "a-token-of-this-test";
      const handler = mcpHttpHandler({ host, version: "test", allowChanges: false }, token);
      const post = (headers: Record<string, string>, url = "http://127.0.0.1:7331/mcp") =>
        handler(
          new Request(url, {
            method: "POST",
            headers: {
              host: new URL(url).host,
              "content-type": "application/json",
              accept: "application/json, text/event-stream",
              ...headers,
            },
            body: JSON.stringify({
              jsonrpc: "2.0",
              id: 1,
              method: "initialize",
              params: {
                protocolVersion: "2025-06-18",
                capabilities: {},
                clientInfo: { name: "t", version: "1" },
              },
            }),
          }),
        );
      const bearer = { authorization: `Bearer ${token}` };
      const statuses = [
        await post({}),
        await post({ authorization: "Bearer wrong" }),
        await post({ ...bearer, origin: "https://evil.example.com" }),
        await post({ ...bearer, host: "evil.example.com" }),
        await post(bearer, "http://127.0.0.1:7331/other"),
        await post(bearer),
      ];
      for (const response of statuses) await response.body?.cancel();
      assert.deepEqual(statuses.map(({ status }) => status), [401, 401, 403, 403, 404, 200]);
    },
  );
});

Deno.test("the MCP server in a session's pod: its agents read the session's namespace alone", async () => {
  await using cluster = await startTestCluster("shop");
  const kodama = new KodamaInProcess(cluster.env);
  await kodama.succeed(["start", "work", "--no-sync"]);
  const host = thisMachine(cluster.env);
  await using kube = await host.kube();
  const { namespace, pod, container } = await agentTarget(
    host,
    { kind: "session", name: "work" },
    AbortSignal.timeout(hangLimitMs),
  );
  const interrupt = Promise.withResolvers<void>();
  const ready = Promise.withResolvers<void>();
  const terminal = new MemoryTerminal({
    onWrite: (_stream, bytes) => {
      if (new TextDecoder().decode(bytes).includes("another agent")) ready.resolve();
    },
  });
  const environment = (name: string) => cluster.env[name];
  const hosts: Host[] = [];
  const served = run(["mcp", "--session", "work"], {
    ...processInvocation(programOf("kodama")),
    terminal,
    environment,
    willDial: () => {},
    signals: {
      listen: (listener) => {
        interrupt.promise.then(() => listener("SIGINT"));
        return { [Symbol.dispose]() {} };
      },
    },
    host: (options) => {
      const opened = machineHost({
        terminal,
        environment,
        kubeconfig: cluster.kubeconfig,
        ...options,
      });
      hosts.push(opened);
      return Promise.resolve(opened);
    },
    serveTools: async (options) => {
      const { serveTools } = await import("../src/host/mcp.ts");
      await serveTools(options, terminal);
    },
  });
  await Promise.race([ready.promise, served]);
  const channel = await kube.exec({
    namespace,
    pod,
    container,
    command: ["sh", "-c", "exec sh ~/.kodama/tools/mcp"],
    stdin: true,
    tty: false,
  }, { signal: AbortSignal.timeout(hangLimitMs) });
  const client = new Client({ name: "agent", version: "1" });
  await client.connect(channelTransport(channel));
  const { tools } = await client.listTools();
  assert.deepEqual(tools.map(({ name }) => name).sort(), [
    ...["exec", "get", "logs", "pods", "read_file", "top", "wait"],
  ]);
  const call = async (name: string, input: Record<string, unknown>) => {
    const { content } = await client.callTool({ name, arguments: input });
    return (content as { text: string }[])[0]?.text ?? "";
  };
  assert.match(await call("pods", {}), new RegExp(pod));
  assert.match(
    await call("pods", { namespaces: ["kube-system"] }),
    /forbidden|only the namespace/i,
  );
  assert.match(
    await call("exec", { pods: [pod], command: ["touch", "/tmp/x"] }),
    /may change something/,
  );
  assert.match(await call("get", { kind: "nodes" }), /forbidden|only/i);
  // kodama ends, and with it the server of the agent's program.
  const ended = channel.end;
  interrupt.resolve();
  assert.equal(await served, 130, terminal.written("stderr"));
  assert.equal((await ended).kind, "exited");
  await client.close();
  for (const one of hosts) await (await one.kube())[Symbol.asyncDispose]();
});

/** The transport of a client whose server is a command in a pod. */
function channelTransport(channel: ExecChannel): Transport {
  let pending = "";
  const transport: Transport = {
    start() {
      (async () => {
        for await (const { stream, bytes } of channel.output) {
          if (stream !== "stdout") continue;
          const lines = (pending + new TextDecoder().decode(bytes)).split("\n");
          pending = lines.pop() ?? "";
          for (const line of lines) transport.onmessage?.(JSON.parse(line) as JSONRPCMessage);
        }
      })();
      return Promise.resolve();
    },
    send: (message) => channel.write(new TextEncoder().encode(`${JSON.stringify(message)}\n`)),
    close: () => channel.close(),
  };
  return transport;
}

Deno.test("the MCP server: a model sees what agents of sessions do, and reaches them only by a person's yes", async () => {
  await using cluster = await startTestCluster();
  const kodama = new KodamaInProcess(cluster.env);
  await kodama.succeed(["start", "work", "--no-sync"]);
  const host = thisMachine(cluster.env);
  await using _client = await host.kube();
  const prompt = { session: "work", prompt: "clean up\nthe build" };

  await using reading = await openMcpSession(host, { answer: () => true });
  const { tools } = await reading.client.listTools();
  assert.deepEqual(tools.map(({ name }) => name).filter((name) => name.startsWith("agent")), [
    "agents",
    "agent_log",
  ]);
  assert.equal((await reading.call("agents", { session: "work" })).text, "no tasks");

  let says = false;
  await using asking = await openMcpSession(host, { allowChanges: true, answer: () => says });
  assert.match((await asking.call("agent_prompt", prompt)).text, /^declined/);
  assert.equal((await reading.call("agents", { session: "work" })).text, "no tasks");
  says = true;
  assert.match((await asking.call("agent_prompt", prompt)).text, /^task 1 of work is started/);
  assert.match(
    asking.questions.at(-1) ?? "",
    /agent of the session work: start a task of claude, permissions ask\n {2}clean up\n {2}the build\nin 1 pod of namespace/,
  );
  /** Returns the tasks when the agent doesn't work any more. */
  const rested = async () => {
    for (;;) {
      const { text } = await reading.call("agents", { session: "work" });
      if (!/queued|working/.test(text)) return text;
    }
  };
  // Those of the settings are known too; one that can't ask works without approvals.
  await Deno.writeTextFile(
    `${cluster.env["KODAMA_CONFIG_DIR"]}/config.yaml`,
    "agents: { quick: { protocol: text, command: [quick] } }\n",
  );
  says = false;
  const quick = { ...prompt, agent: "quick" };
  assert.match((await asking.call("agent_prompt", quick)).text, /^declined/);
  assert.match(asking.questions.at(-1) ?? "", /start a task of quick, permissions bypass\n/);
  for (const agent of ["acp", "qick"]) {
    const { text } = await asking.call("agent_prompt", { ...prompt, agent });
    assert.match(
      text,
      new RegExp(`^usage: there is no agent "${agent}"\nknown are claude, codex, quick;`),
    );
  }
  // The stand-in for Claude Code of the cluster's image asks once.
  const [, request = ""] = /waits for approval (note-\d+): Bash/.exec(await rested()) ?? [];
  assert.match((await reading.call("agents")).text, /work .*waiting/);

  const answer = { session: "work", request, decision: "deny", message: "leave it" };
  const other = await asking.call("agent_answer", { ...answer, request: "00000000" });
  assert.match(other.text, new RegExp(`^notFound: .* it waits for ${request}$`));
  says = false;
  assert.match((await asking.call("agent_answer", answer)).text, /^declined/);
  assert.match(await rested(), /waits for approval/);
  says = true;
  assert.equal((await asking.call("agent_answer", answer)).text, `refused ${request}: Bash`);
  assert.match(asking.questions.at(-1) ?? "", /: Bash\n.*clean up.*the reason: leave it/s);
  assert.match(await rested(), /1 +done/);
  assert.match((await asking.call("agent_answer", answer)).text, /it waits for nothing$/);
  const log = (await reading.call("agent_log", { session: "work" })).text;
  assert.match(log, /^task 1 \(claude\): clean up…\ntask 1 done.*The task isn't noted: that was/s);
  assert.match((await reading.call("agent_log", { session: "gone" })).text, /^notFound/);
});

async function somePod(host: Host): Promise<{ pod: string; namespace: string }> {
  const selection = { ...wholeSelection, namespaces: { kind: "all" as const } };
  const signal = new AbortController().signal;
  const { targets } = await host.select(await host.kube(), selection, { signal });
  const [target] = targets;
  assert.ok(target, "no pod runs");
  return target;
}

async function exists(
  host: Host,
  { pod, namespace }: { pod: string; namespace: string },
  path: string,
): Promise<boolean> {
  const answer = await readFileTool.call({ pods: [pod], namespaces: [namespace], path }, {
    host,
    signal: new AbortController().signal,
    confirm: undefined,
  });
  return /1 ok/.test(answer.text);
}

/** Connects, and resolves when a byte has come, or the end. */
async function readAt(port: number): Promise<void> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.read(new Uint8Array(1));
}

/**
 * Returns whether nobody accepted a connection. A port that is closed still takes connections while another thread
 * starts a process, which has the port until it executes its program: those are reset then.
 */
function isRefused(error: unknown): boolean {
  const { ConnectionRefused, ConnectionReset, NotConnected } = Deno.errors;
  return [ConnectionRefused, ConnectionReset, NotConnected].some((one) => error instanceof one);
}
