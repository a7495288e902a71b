/** Sessions of the page, by the real server on the embedded cluster: their start, their agent, their team and their end. */
import assert from "node:assert/strict";
import type { FollowData, SessionRowData, SessionsEvent, TaskData } from "../src/web/api.ts";
import { thisMachine } from "./harness/cluster_in_process.ts";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { type ServedPage, servedPage } from "./harness/served_page.ts";

/** Follows the list until a session is as it should be. */
async function listed(
  page: ServedPage,
  fits: (session: SessionRowData | undefined) => boolean,
): Promise<SessionRowData | undefined> {
  let session: SessionRowData | undefined;
  for await (const event of page.events<SessionsEvent>("api/sessions")) {
    if (event.kind === "list") [session] = event.sessions;
    else if (event.kind === "session") session = event.session;
    else if (event.kind === "removed") session = undefined;
    if (fits(session)) return session;
  }
  throw new Error("the list has ended");
}

const taskOf = (session: SessionRowData | undefined) =>
  session !== undefined && "task" in session ? session.task : undefined;

async function taskThat(page: ServedPage, fits: (task: TaskData) => boolean): Promise<TaskData> {
  const session = await listed(page, (one) => {
    const task = taskOf(one);
    return task !== undefined && fits(task);
  });
  const task = taskOf(session);
  assert.ok(task);
  return task;
}

Deno.test("a session is started, its agent answered, noted on, handed over and deleted", async (t) => {
  await using cluster = await startTestCluster("empty");
  const host = thisMachine(cluster.env);
  await using _client = await host.kube();
  await using page = await servedPage(host);
  const step = async (name: string, body: () => Promise<void>) => {
    assert.ok(await t.step(name, body), `${name} failed; what follows it wasn't tried`);
  };

  await step("the form is that of the options, with the templates and agents", async () => {
    const { session, task, agents } = await page.get("api/start");
    assert.deepEqual(Object.keys(session.properties).slice(0, 3), ["repo", "branch", "template"]);
    assert.ok(session.properties.template.enum.length > 0);
    assert.deepEqual(task.properties.adapter.enum, ["claude", "codex"]);
    assert.deepEqual(agents[0], { name: "claude", asks: true, limitsCost: true });
  });

  await step("a start with a task that asks; what isn't an option is refused", async () => {
    const refused = [
      [{ name: "Work!", options: {} }, /Work!/],
      [{ name: "work", options: { envFiles: "/etc/passwd" } }, /no option "envFiles"/],
      [{ name: "work", options: { ttl: "soon" } }, /TTL: expected a duration/],
      [{ name: "work", options: { template: "../../etc/passwd" } }, /there is no template/],
      [{ name: "work", options: {}, prompt: { text: "x", options: { budget: "-1" } } }, /Budget/],
      [
        { name: "work", options: {}, prompt: { text: "x", options: { adapter: "bash" } } },
        /"adapter": must be one of/,
      ],
    ] as const;
    for (const [body, message] of refused) {
      assert.match((await page.post("api/sessions", body, 400)).error.message, message);
    }
    const prompt = { text: "<b>note</b>", options: { permissions: "ask" } };
    const options = { idleTimeout: "30m", cpu: "500m" };
    const started = await page.post("api/sessions", { name: "work", options, prompt });
    assert.deepEqual(started, { namespace: "default", name: "work" });
  });

  await step("an approval is for exactly what was shown, once", async () => {
    const { number, approvals: [approval] } = await taskThat(
      page,
      ({ approvals }) => approvals.length > 0,
    );
    assert.ok(approval);
    assert.match(approval.summary, /<b>note<\/b>/);
    const answer = { task: number, ...approval, decision: "allow" };
    for (
      const other of [
        { ...answer, summary: "ls" },
        { ...answer, tool: "Read" },
        { ...answer, task: number + 1 },
        { ...answer, request: "another" },
      ]
    ) {
      const { error } = await page.post("api/sessions/work/approval", other, 409);
      assert.match(error.message, /doesn't wait for this any more/);
    }
    await page.post("api/sessions/work/approval", answer);
    const done = await taskThat(page, ({ state }) => state === "done");
    assert.equal(done.lastMessage, "The task is noted in TASK.md.");
    await page.post("api/sessions/work/approval", answer, 409);
  });

  await step("a refusal reaches the agent", async () => {
    const prompt = { text: "again", options: { permissions: "ask", budget: "$2.50" } };
    const { number } = await page.post("api/sessions/work/prompt", prompt);
    const { approvals: [approval] } = await taskThat(
      page,
      (task) => task.number === number && task.approvals.length > 0,
    );
    const answer = { task: number, ...approval, decision: "deny", message: "not now" };
    await page.post("api/sessions/work/approval", answer);
    const { lastMessage } = await taskThat(
      page,
      (task) => task.number === number && task.state === "done",
    );
    assert.match(lastMessage, /was refused/);
    const { tasks } = await page.get("api/sessions/work/tasks");
    assert.deepEqual(tasks.map((one: TaskData) => one.number), [1, 2]);
  });

  await step("a read-only server shows the agent's log, and changes nothing", async () => {
    const reading = thisMachine({ ...cluster.env, KODAMA_READ_ONLY: "1" });
    await using _client = await reading.kube();
    await using page = await servedPage(reading);
    const texts: string[] = [];
    for await (const event of page.events<FollowData>("api/sessions/work/log?task=1")) {
      if (event.kind === "agent" && event.event.kind === "text") texts.push(event.event.text);
    }
    assert.deepEqual(texts, ["The task is noted in TASK.md."]);
    assert.equal((await page.get("api/sessions/work/tasks")).tasks.length, 2);
    const answer = { task: 1, request: "x", tool: "Bash", summary: "x", decision: "allow" };
    const changes: [path: string, body: unknown, status: number][] = [
      ["sessions", { name: "other", options: {} }, 403],
      ["sessions/work/prompt", { text: "x" }, 403],
      ["sessions/work/approval", answer, 403],
      ["sessions/work/interrupt", { task: 1 }, 403],
      ["sessions/work/transfer", { to: "jane" }, 403],
      ["sessions/work/stop", {}, 403],
      ["sessions/work/resume", {}, 403],
      ["sessions/work/delete", { purge: true }, 403],
    ];
    for (const [path, body, status] of changes) await page.post(`api/${path}`, body, status);
  });

  await step("another owner; what is someone else's is asked about", async () => {
    const to = "system:serviceaccount:default:<b>jane</b>";
    const { lines } = await page.post("api/sessions/work/transfer", { to });
    assert.match(lines.at(-1), /kodama share work --to .* prints the rights/);
    const requests = [
      ["stop", "stop", {}],
      ["transfer", "others", { to: "someone" }],
      ["prompt", "others", { text: "go on" }],
      ["interrupt", "others", {}],
    ] as const;
    for (const [path, kind, body] of requests) {
      const { error } = await page.post(`api/sessions/work/${path}`, body, 409);
      assert.equal(error.question.kind, kind);
      assert.match(error.question.text, /belongs to system:.*jane/);
    }
  });

  await step("a deletion is asked about with what it removes, and then made", async () => {
    const path = "api/sessions/work/delete";
    const { error } = await page.post(path, { purge: true }, 409);
    assert.match(error.question.text, /pod kodama-work\n[^]*permanently deleted:\n.*with all its/);
    // The answer to one question is none to the other.
    await page.post(path, { purge: false }, 409, error.confirm);
    const again = await page.post(path, { purge: true }, 409);
    const { removed } = await page.post(path, { purge: true }, 200, again.error.confirm);
    assert.ok(removed.includes("pod kodama-work"));
    await listed(page, (one) => one === undefined);
    await page.post(path, { purge: false }, 404);
  });
});

Deno.test("metrics are for those who have the token, and only if there is one", async () => {
  await using cluster = await startTestCluster("empty");
  const host = thisMachine(cluster.env);
  await using _client = await host.kube();
  const scrape = async (
    { origin, cookie, base }: ServedPage,
    headers: Record<string, string>,
    path = "metrics",
  ) => {
    const answer = await fetch(new URL(path, origin), { headers });
    const text = await answer.text();
    assert.ok(cookie !== "" && base !== "");
    return { status: answer.status, type: answer.headers.get("content-type"), text };
  };
  {
    await using page = await servedPage(host);
    assert.equal((await scrape(page, { cookie: page.cookie })).status, 404);
  }
  const metricsToken = "0123456789abcdef0123456789abcdef";
  await using page = await servedPage(host, { metricsToken });
  const bearer = { authorization: `Bearer ${metricsToken}` };
  const { status, type, text } = await scrape(page, bearer);
  assert.equal(status, 200, text);
  assert.match(type ?? "", /^application\/openmetrics-text/);
  assert.match(text, /^kodama_collector_up\{collector="sessions"\} 1.0$/m);
  assert.match(text, /# EOF\n$/);
  assert.equal((await scrape(page, bearer, "metrics?allNamespaces=true")).status, 200);
  assert.equal((await scrape(page, bearer, "metrics?path=/etc/passwd")).status, 400);
  const refused: Record<string, string>[] = [
    {},
    { cookie: page.cookie },
    { authorization: "Bearer" },
    { authorization: `Bearer ${metricsToken}0` },
    { authorization: `Basic ${btoa(metricsToken)}` },
    { ...bearer, origin: "http://evil.example" },
  ];
  for (const headers of refused) {
    const answer = await scrape(page, headers);
    assert.ok([401, 403].includes(answer.status), JSON.stringify(headers));
    assert.doesNotMatch(answer.text, /kodama_/);
  }
  // The token is for the metrics alone.
  assert.equal((await scrape(page, bearer, `${page.base}api/about`)).status, 401);
});
