/** Service accounts of one namespace share a session, and transfer it; each with its own rights alone. */
import { unless } from "../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import type { SessionsEvent } from "../src/web/api.ts";
import { startTestCluster, type TestCluster } from "./harness/embedded_cluster.ts";
import { thisMachine } from "./harness/cluster_in_process.ts";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";
import { Kubectl, kubectlMissing } from "./harness/kubectl.ts";
import { type ServedPage, servedPage } from "./harness/served_page.ts";
import { documentedRole } from "./harness/session_role.ts";

const noKubectl = await kubectlMissing();

const user = (name: string) => `system:serviceaccount:default:${name}`;

/** Service accounts of one namespace: jane has the documented Role, bob and eve have nothing yet. */
async function team(cluster: TestCluster) {
  const kubectl = Kubectl.on(cluster);
  const { folder } = cluster;
  const machine = async (name: string) => {
    await kubectl.ok("create", "serviceaccount", name, "-n", "default");
    const kubeconfig = `${folder}/${name}`;
    const groups = ["system:serviceaccounts", "system:serviceaccounts:default"];
    await Deno.writeTextFile(kubeconfig, await cluster.cluster.kubeconfigFor(user(name), groups));
    const env = { KUBECONFIG: kubeconfig, KODAMA_CONFIG_DIR: `${folder}/${name}s/.kodama` };
    return new KodamaInProcess({ ...cluster.env, ...env });
  };
  const [jane, bob, eve] = [await machine("jane"), await machine("bob"), await machine("eve")];
  await kubectl.apply(await documentedRole(), "-n", "default");
  const binding = ["--role=kodama-sessions", "--serviceaccount=default:jane"];
  await kubectl.ok("create", "rolebinding", "jane", "-n", "default", ...binding);
  return { kubectl, folder, jane, bob, eve };
}

Deno.test(
  unless(
    noKubectl,
    "two service accounts of a namespace share a session, and neither gets the other's rights",
  ),
  async () => {
    await using cluster = await startTestCluster("empty");
    const { kubectl, folder, jane, bob, eve } = await team(cluster);
    await Deno.writeTextFile(`${folder}/.env`, "API_KEY=planted\n");
    await jane.succeed(["start", "shared", "--no-sync", "--env-file", `${folder}/.env`]);
    await jane.succeed(["start", "other", "--no-sync"]);
    const rights = await jane.succeed(["share", "shared", "--to", user("bob"), "-o", "yaml"]);
    await kubectl.apply(rights);

    // Of bob's own machine, with the rights of the note alone.
    const there = ["-n", "default"];
    assert.match(await bob.succeed(["get", "shared", ...there]), /^Owner: +\S+:jane$/m);
    const metrics = await jane.succeed(["metrics"]);
    const labels = 'context="[^"]+",namespace="default"';
    for (
      const line of [
        `kodama_sessions\\{${labels},status="Running"\\} 2.0`,
        `kodama_agent_tasks\\{${labels},session="other",state="done"\\} 0.0`,
        "# EOF",
      ]
    ) assert.match(metrics, new RegExp(`^${line}$`, "m"));
    const without = await eve.run(["metrics"]);
    assert.deepEqual([without.code, /no metrics of sessions/.test(without.stderr)], [1, true]);
    assert.match(without.stdout, /^kodama_collector_up\{collector="sessions"\} 0.0$/m);

    // Each of bob's attempts beyond this one session fails, and eve's all do.
    const transfer = ["transfer", "shared", "--to", "bob", "--theirs", ...there];
    const beyond = [["get", "other", ...there], transfer, ["list", ...there]];
    for (const args of beyond) {
      const { code, stderr } = await bob.run(args);
      assert.deepEqual([code, /forbidden/.test(stderr)], [1, true], `${args}: ${stderr}`);
    }
    assert.match((await eve.run(["get", "shared", ...there])).stderr, /forbidden/);

    const refused = await jane.run(["transfer", "shared", "--to", "a\tb"]);
    assert.match(refused.stderr, /can't be the name of a user/);
    const given = await jane.run(["transfer", "shared", "--to", user("bob")]);
    assert.equal(given.stdout, `session/shared belongs to ${user("bob")}\n`);
    assert.match(given.stderr, /still those of system:serviceaccount:default:jane: API_KEY/);
    assert.doesNotMatch(given.stderr, /planted/);
    const got = await bob.succeed(["get", "shared", ...there]);
    assert.match(got, new RegExp(`^Owner: +${user("bob")}$`, "m"));
    // Now it is someone else's to jane.
    const back = await jane.run(["transfer", "shared", "--to", user("jane")]);
    assert.deepEqual([back.code, /belongs to .*bob/.test(back.stderr)], [2, true]);
    await jane.succeed(["delete", "shared", "--force", "--theirs"]);
    const remaining = await kubectl.ok("get", "configmaps", "-n", "default", "-o", "name");
    assert.doesNotMatch(remaining, /shared/);
  },
);

Deno.test(
  unless(
    noKubectl,
    "each server of kodama web shows and does what its own user may, and nothing else",
  ),
  async () => {
    await using cluster = await startTestCluster("empty");
    const { kubectl, folder, jane, bob, eve } = await team(cluster);
    await Deno.writeTextFile(`${folder}/.env`, "API_KEY=planted-key\n");
    await jane.succeed(["start", "shared", "--no-sync"]);
    await jane.succeed(["start", "other", "--no-sync", "--env-file", `${folder}/.env`]);
    await jane.succeed(["prompt", "other", "planted-task"]);
    await kubectl.apply(await jane.succeed(["share", "shared", "--to", user("bob"), "-o", "yaml"]));

    await using stack = new AsyncDisposableStack();
    const serverOf = async ({ env }: KodamaInProcess): Promise<ServedPage> => {
      const host = thisMachine(env);
      stack.use(await host.kube());
      return stack.use(await servedPage(host));
    };
    const [janes, bobs, eves] = [await serverOf(jane), await serverOf(bob), await serverOf(eve)];
    const answers: string[] = [];
    const send = async (page: ServedPage, line: string, body?: unknown, accept = "*/*") => {
      const [method = "", path = ""] = line.split(" ");
      const { origin, base, cookie } = page;
      const answer = await fetch(new URL(base + path, origin), {
        method,
        headers: {
          ...{ cookie, accept, origin: origin.origin },
          "content-type": "application/json",
          "x-kodama": "1",
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (page !== janes) answers.push(text);
      return { status: answer.status, text };
    };

    const names = async (page: ServedPage) =>
      (await page.get("api/sessions?namespace=default")).sessions.map((one: { name: string }) =>
        one.name
      );
    assert.deepEqual((await names(janes)).toSorted(), ["other", "shared"]);
    const there = "?namespace=default";
    assert.equal((await bobs.get(`api/sessions/shared${there}`)).name, "shared");
    const prompt = `api/sessions/shared/prompt${there}`;
    const { error } = await bobs.post(prompt, { text: "from bob" }, 409);
    assert.match(error.question.text, /^session "shared" belongs to .*jane: prompt it\?$/);
    await bobs.post(prompt, { text: "from bob" }, 200, error.confirm);
    // jane's page sees what bob has started, without asking again.
    for await (const event of janes.events<SessionsEvent>("api/sessions?namespace=default")) {
      const rows = event.kind === "list"
        ? event.sessions
        : event.kind === "session"
        ? [event.session]
        : [];
      if (rows.some((row) => row.name === "shared" && "task" in row && row.task?.number === 1)) {
        break;
      }
    }

    const run = (pod: string) => ({
      kind: "exec",
      input: { command: ["hostname"], pods: [pod], namespaces: ["default"] },
    });
    const beyond = (name: string): [line: string, body?: unknown][] => [
      ["GET api/sessions?namespace=default"],
      [`GET api/sessions/${name}${there}`],
      [`GET api/sessions/${name}/diff${there}`],
      [`GET api/sessions/${name}/tasks${there}`],
      [`POST api/sessions/${name}/prompt${there}`, { text: "x" }],
      [`POST api/sessions/${name}/interrupt${there}`, {}],
      [`POST api/sessions/${name}/stop${there}`, {}],
      [`POST api/sessions/${name}/resume${there}`, {}],
      ["POST api/runs", run(`kodama-${name}`)],
    ];
    for (const [page, name] of [[bobs, "other"], [eves, "shared"], [eves, "other"]] as const) {
      for (const [line, body] of beyond(name)) {
        const { status, text } = await send(page, line, body);
        assert.equal(status, 403, `${line}: ${text}`);
        assert.match(text, /forbidden/, line);
      }
      for (const path of ["sessions?namespace=default", `sessions/${name}/log${there}`]) {
        const { text } = await send(page, `GET api/${path}`, undefined, "text/event-stream");
        assert.match(text, /^event: failed\ndata: .*forbidden/m, path);
      }
      const socket = page.socket(
        `api/terminal?session=${name}&namespace=default&columns=80&rows=24`,
      );
      const messages: string[] = [];
      socket.onmessage = ({ data }) => void messages.push(String(data));
      await new Promise((resolve) => socket.onclose = resolve);
      assert.match(messages.join("\n"), /^\{"type":"error",.*forbidden/);
    }
    // Nothing that one server has given to a browser is of use at another one.
    const { pathname, search } = janes.newLink();
    const link = await fetch(new URL(pathname + search, bobs.origin));
    answers.push(await link.text());
    assert.equal(link.status, 401);
    for (const [base, status] of [[bobs.base, 401], [janes.base, 404]] as const) {
      const answer = await fetch(new URL(`${base}api/about`, bobs.origin), {
        headers: { cookie: janes.cookie },
      });
      answers.push(await answer.text());
      assert.equal(answer.status, status);
    }
    for (const answer of answers) assert.doesNotMatch(answer, /planted/);
    assert.match((await send(janes, `GET api/sessions/other/tasks${there}`)).text, /planted-task/);
  },
);
