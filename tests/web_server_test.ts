/** What the page of `kodama web` can do, by the real server on the embedded cluster: terminals, and runs with questions. */
import assert from "node:assert/strict";
import type { WebRunEvent } from "../src/web/api.ts";
import { inProcessCluster } from "./harness/cluster_in_process.ts";
import { type ServedPage, servedPage } from "./harness/served_page.ts";

const namespace = "weka-operator-system";

Deno.test("a terminal carries bytes, sizes and the exit code, and takes nothing else", async () => {
  await using cluster = await inProcessCluster("weka");
  await using page = await servedPage(cluster.host);
  const terminal = new Terminal(page);
  await terminal.until((text) => text.includes('"type":"attached"'));
  terminal.socket.send(JSON.stringify({ type: "resize", columns: 101, rows: 31 }));
  // Sizes and keys are separate channels to the pod: the shell waits for the size.
  const line = 'until stty size | grep -q " 101$"; do sleep 0.05; done; echo re""sized; exit 7\n';
  terminal.socket.send(new TextEncoder().encode(line));
  await terminal.closed;
  assert.match(terminal.text, /resized/);
  assert.match(terminal.text, /"type":"exit","code":7/);
  assert.equal(await terminal.closed, 1000);

  const other = new Terminal(page);
  await other.until((text) => text.includes('"type":"attached"'));
  other.socket.send("not a size");
  assert.equal(await other.closed, 1009);
});

Deno.test("a run waits for the answer to its question, and is recorded and repeated", async () => {
  await using cluster = await inProcessCluster("weka");
  await using page = await servedPage(cluster.host);
  const params = { match: "weka-drive", command: "hostname", namespace };
  const { id } = await page.post("api/runs", { kind: "workflow", workflow: "canary", params });
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
});

/** A WebSocket of the page. */
class Terminal {
  readonly socket: WebSocket;
  readonly closed: Promise<number>;
  text = "";
  #changed = Promise.withResolvers<void>();

  constructor(page: ServedPage) {
    this.socket = page.socket(
      `api/terminal?pod=weka-drive-0&namespace=${namespace}&columns=80&rows=24`,
    );
    this.socket.binaryType = "arraybuffer";
    const decoder = new TextDecoder();
    this.socket.onmessage = ({ data }) => {
      this.text += typeof data === "string" ? data : decoder.decode(data, { stream: true });
      this.#wake();
    };
    const { promise, resolve } = Promise.withResolvers<number>();
    this.closed = promise;
    this.socket.onclose = ({ code }) => {
      resolve(code);
      this.#wake();
    };
  }

  async until(fits: (text: string) => boolean): Promise<void> {
    while (!fits(this.text)) {
      assert.notEqual(this.socket.readyState, WebSocket.CLOSED, this.text);
      await this.#changed.promise;
    }
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
