/** What the page of `kodama web` can do, by the real server on the embedded cluster: terminals, runs, logs, agents. */
import assert from "node:assert/strict";
import type { FollowData, LogEvent, SessionsEvent, WebRunEvent } from "../src/web/api.ts";
import { Changes } from "../src/base/testing/changes.ts";
import { inProcessCluster, thisMachine } from "./harness/cluster_in_process.ts";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";
import { type ServedPage, servedPage } from "./harness/served_page.ts";

const namespace = "weka-operator-system";

Deno.test("a terminal carries bytes, sizes and the exit code, and takes nothing else", async () => {
  await using cluster = await inProcessCluster("weka:computes=0,clients=0");
  await using page = await servedPage(cluster.host);
  const terminal = new Terminal(page);
  await terminal.attached();
  terminal.socket.send(JSON.stringify({ type: "resize", columns: 101, rows: 31 }));
  // Sizes and keys are separate channels to the pod: the shell waits for the size.
  const line = 'until stty size | grep -q " 101$"; do sleep 0.05; done; echo re""sized; exit 7\n';
  terminal.socket.send(new TextEncoder().encode(line));
  await terminal.closed;
  assert.match(terminal.text, /resized/);
  assert.match(terminal.text, /"type":"exit","code":7/);
  assert.equal(await terminal.closed, 1000);

  for (const refused of ["not a size", new Uint8Array(256 * 1024 + 1)]) {
    const other = new Terminal(page);
    await other.attached();
    other.socket.send(refused);
    assert.equal(await other.closed, 1009);
  }

  const last = new Terminal(page);
  await last.attached();
  await page.post("api/sign-out", {});
  assert.equal(await last.closed, 1001, "it ends with the access of its browser");
});

Deno.test("runs and logs of pods", async (t) => {
  await using cluster = await inProcessCluster("weka:computes=0,clients=0");
  {
    await using page = await servedPage(cluster.host);
    await t.step(
      "a run waits for the answer to its question, and is recorded and repeated",
      async () => {
        const params = { match: "weka-drive", command: "hostname", namespace };
        const { id } = await page.post("api/runs", {
          kind: "workflow",
          workflow: "canary",
          params,
        });
        let isAnswered = false;
        const events: WebRunEvent[] = [];
        for await (const event of page.events<WebRunEvent>(`api/runs/${id}/events`)) {
          events.push(event);
          const [question] = event.kind === "run" ? event.run.questions : [];
          if (question === undefined || isAnswered) continue;
          isAnswered = true;
          await page.post(`api/runs/${id}/answer`, { question: question.id, answer: "yes" });
        }
        assert.ok(isAnswered, "it asks");
        const last = events.at(-1);
        assert.ok(last?.kind === "run" && last.run.state === "ended", JSON.stringify(last));
        assert.equal(last.run.exitCode, 0);
        const { live, recorded } = await page.get(`api/runs/${id}`);
        assert.equal(live.record, recorded.run.id);
        const again = await page.post(`api/runs/${id}/rerun`, { failed: true }, 404);
        assert.equal(again.error.kind, "noMatch");
      },
    );
    await t.step("a command fails in one pod, and is repeated there alone", async () => {
      const line = "case $HOSTNAME in weka-drive-1) [ -e /tmp/again ] || " +
        "{ touch /tmp/again; exit 3; } ;; esac; hostname";
      const selection = { match: ["/^weka-drive-\\d/"], namespaces: [namespace] };
      const failed = await ended(page, {
        kind: "exec",
        input: { command: [line], shell: true, ...selection },
      });
      assert.equal(failed.exitCode, 5);
      assert.ok(failed.outcomes.length > 2);
      const others = failed.outcomes.filter(([pod]) => pod !== "weka-drive-1");
      assert.ok(others.every(([, outcome]) => outcome === "ok"), JSON.stringify(others));
      assert.ok(
        failed.outcomes.some(([pod, outcome]) => pod === "weka-drive-1" && outcome === "failed"),
      );
      const path = `api/runs/${failed.id}/rerun`;
      const again = await ended(page, { failed: true }, path);
      assert.deepEqual([again.exitCode, again.outcomes], [0, [["weka-drive-1", "ok"]]]);
      assert.equal(
        (await page.post(`api/runs/${failed.id}/cancel`, {}, 409)).error.kind,
        "conflict",
      );
      await page.post("api/runs/run-000000000000/rerun", { failed: true }, 404);
    });
    await t.step(
      "logs of several pods are one stream: their sources, the lines that fit, their end",
      async () => {
        const events: LogEvent[] = [];
        const query = `match=${encodeURIComponent("/^weka-drive-\\d/")}&namespaces=${namespace}`;
        for await (const event of page.events<LogEvent>(`api/logs?${query}&tail=5`)) {
          events.push(event);
        }
        const sources = events.flatMap((one) => one.kind === "sources" ? one.sources : []);
        const lines = events.flatMap((one) => one.kind === "lines" ? one.lines : []);
        assert.ok(sources.length > 2 && lines.length > 2, JSON.stringify(events).slice(0, 1000));
        for (const [source, at] of lines) {
          assert.match(sources[source]?.pod ?? "", /^weka-drive-\d+$/);
          assert.ok(Date.parse(at) > 0, at);
        }
        const count = (index: number) => lines.filter(([source]) => source === index).length;
        assert.ok(sources.every((_, index) => count(index) <= 5));
        const [, , text = ""] = lines[0] ?? [];
        const wanted = `${query}&grep=${encodeURIComponent(RegExp.escape(text))}`;
        for await (const event of page.events<LogEvent>(`api/logs?${wanted}`)) {
          for (const [, , found] of event.kind === "lines" ? event.lines : []) {
            assert.ok(found.includes(text), found);
          }
        }
      },
    );
  }
  await t.step("the end of the server ends its runs, and records that", async () => {
    {
      await using page = await servedPage(cluster.host);
      const command = ["sh", "-c", "echo up; exec sleep 3000"];
      const selection = { pods: ["weka-drive-0"], namespaces: [namespace] };
      const { id } = await page.post("api/runs", {
        kind: "exec",
        input: { command, ...selection },
      });
      for await (const event of page.events<WebRunEvent>(`api/runs/${id}/events`)) {
        if (event.kind === "event" && event.event.event === "line") break;
      }
    }
    await using page = await servedPage(cluster.host);
    const { recorded: [last] } = await page.get("api/runs");
    assert.deepEqual(last.run.targets.map(({ outcome }: { outcome: string }) => outcome), [
      "cancelled",
    ]);
  });
});

Deno.test("an agent is prompted, followed and interrupted; its session stopped and resumed", async () => {
  await using cluster = await startTestCluster("empty");
  const host = thisMachine(cluster.env);
  await using _client = await host.kube();
  const kodama = new KodamaInProcess(cluster.env);
  await kodama.succeed(["start", "work", "--no-sync"]);
  await using page = await servedPage(host);
  const path = "api/sessions/work";
  assert.equal((await page.post(`${path}/prompt`, { text: "Note <b>this</b>" })).number, 1);
  const followed: FollowData[] = [];
  for await (const event of page.events<FollowData>(`${path}/log?task=1`)) followed.push(event);
  assert.match(JSON.stringify(followed), /The task is noted in TASK\.md\./);
  assert.match(JSON.stringify(followed.at(-1)), /"done"/);
  await page.post(`${path}/prompt`, { text: "" }, 400);
  await page.post("api/sessions/other/prompt", { text: "x" }, 404);

  await kodama.succeed(
    ["prompt", "work", "for ever", "--adapter", "command", "--", "tail", "-f", "/dev/null"],
  );
  const { error } = await page.post(`${path}/stop`, {}, 409);
  assert.match(error.question.text, /^its agent works on task 2, which fails then$/);
  assert.deepEqual(await page.post(`${path}/interrupt`, {}), { task: 2 });
  for await (const _ of page.events<FollowData>(`${path}/log?task=2`)) {
    // Until the task has ended.
  }
  const { tasks } = await page.get(`${path}/tasks`);
  assert.deepEqual(tasks.map(({ state }: { state: string }) => state), ["done", "interrupted"]);
  assert.equal((await page.post(`${path}/interrupt`, {}, 409)).error.kind, "conflict");

  await page.post(`${path}/stop`, {});
  assert.equal((await page.get(path)).status, "Stopped");
  await page.post(`${path}/resume`, {});
  for await (const event of page.events<SessionsEvent>("api/sessions")) {
    const all = event.kind === "list"
      ? event.sessions
      : event.kind === "session"
      ? [event.session]
      : [];
    if (all.some(({ status }) => status === "Running")) break;
  }
});

/** Starts a run, and returns how it and each of its pods ended. */
async function ended(page: ServedPage, body: unknown, path = "api/runs") {
  const { id } = await page.post(path, body);
  const outcomes: [pod: string, outcome: string][] = [];
  let pods: string[] = [];
  let exitCode: number | undefined;
  for await (const event of page.events<WebRunEvent>(`api/runs/${id}/events`)) {
    if (event.kind === "run") exitCode = event.run.exitCode;
    if (event.kind !== "event") continue;
    const one = event.event;
    if (one.event === "runStarted") pods = one.targets.map(({ pod }) => pod);
    if (one.event === "targetEnded") outcomes.push([pods[one.target ?? -1] ?? "", one.outcome]);
  }
  return { id, exitCode, outcomes };
}

/** A WebSocket of the page. */
class Terminal {
  readonly socket: WebSocket;
  readonly closed: Promise<number>;
  text = "";
  readonly #changes = new Changes();

  constructor(page: ServedPage) {
    this.socket = page.socket(
      `api/terminal?pod=weka-drive-0&namespace=${namespace}&columns=80&rows=24`,
    );
    this.socket.binaryType = "arraybuffer";
    const decoder = new TextDecoder();
    this.socket.onmessage = ({ data }) => {
      this.text += typeof data === "string" ? data : decoder.decode(data, { stream: true });
      this.#changes.changed();
    };
    const { promise, resolve } = Promise.withResolvers<number>();
    this.closed = promise;
    this.socket.onclose = ({ code }) => {
      resolve(code);
      this.#changes.end(() => new Error(`closed with ${code} after:\n${this.text}`));
    };
  }

  async attached(): Promise<void> {
    const what = () => `a terminal that has:\n${this.text}`;
    await this.#changes.holds(what, () => this.text.includes('"type":"attached"'));
  }
}
